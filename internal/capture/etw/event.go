// Package etw holds the events of Event Tracing for Windows, whatever file they
// were stored in, and reads the packets and the addresses that they carry.
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
