// Package etw reads packets, and what else is known of the network, out of events of
// Event Tracing for Windows, whatever file they were stored in.
//
// Two passes are made over the same events. A Survey takes each event and learns which
// capture points there are and how many packets each of them saw: Windows records a
// packet at each layer that it passes. Its Choice names those that are taken. A Packets
// reader, over the same events again, gives the packets of these. Both passes count all
// appearances of packets alike, so that a packet has the same number whatever was chosen.
//
// These events are read:
//
//	Microsoft-Windows-NDIS-PacketCapture   1001 to 1003: Ethernet, 802.11, raw IP (WWAN), VM switch
//	Microsoft-Windows-Ras-NdisWanPacketCapture  5001, 5002
//	Microsoft-Windows-PktMon               160, 170, 240 (packets and drops), 200 to 230 (data
//	                                       without headers), 20, 30, 65, 66, 70 (components), 80, 90 (counters)
//	Microsoft-Pef-WFP-MessageProvider      60011 to 60022 (packets), 60031, 60041 (connections),
//	                                       60050 (discards), 2000 (pieces)
//
// A Witness reads what other events tell of connections and of raw sockets, in a pass after
// the Survey, which learns how they lie. Events of other providers are counted. PktMon's 120 to 150, which hold fields of
// headers and no packet, its 180 and 190, and NDIS-PacketCapture's notes on its own state are not
// read. All layouts are version 0; a later one is read as if it only appended fields,
// as the rules for manifests have it.
package etw

import (
	"encoding/binary"
	"fmt"
)

// GUID is the identifier of a provider, as it is stored: the first three fields are
// little-endian.
type GUID [16]byte

// String gives the form that Windows' tools print, without braces.
func (g GUID) String() string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", le.Uint32(g[:]), le.Uint16(g[4:]), le.Uint16(g[6:]), g[8:10], g[10:])
}

// Event is one event of a trace: EVENT_HEADER of evntcons.h and the user data.
type Event struct {
	Provider GUID
	ID       uint16
	Version  uint8
	Channel  uint8
	Level    uint8
	Opcode   uint8
	Task     uint16
	Keyword  uint64
	PID, TID uint32
	CPU      uint16
	Time     int64  // FILETIME: 100 ns since the year 1601, UTC
	Narrow   bool   // its pointers are four bytes long (EVENT_HEADER_FLAG_32_BIT_HEADER)
	Classic  bool   // a MOF event: Provider is the GUID of its class, ID is 0, Opcode its type
	Offset   int64  // of the record in the file, or of its buffer in a compressed one, bytes
	Data     []byte // the user data; valid until the next event is read
}
