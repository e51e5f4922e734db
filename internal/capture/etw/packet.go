package etw

import (
	"errors"
	"fmt"
	"strconv"
)

// Direction of a packet, as the lowest two bits of pcapng's epb_flags have it.
type Direction uint8

// The directions, seen from the capturing host.
const (
	Unknown Direction = 0
	In      Direction = 1
	Out     Direction = 2
)

// Link types, as pcapng numbers them.
const (
	LinkEthernet  = 1
	LinkRaw       = 101 // an IPv4 or IPv6 header comes first
	LinkIEEE80211 = 105
	LinkUser      = 147 // USER0: what is none of these, as PktMon's HTTP messages
)

// Packet is one appearance of a packet. It and what it refers to are valid until the next
// call of Packets.Read.
type Packet struct {
	// Number counts all appearances in the order of events from 1 on, those that were not
	// chosen included.
	Number    int64
	Interface int   // index into Choice.Interfaces
	Time      int64 // FILETIME of the event, of the last one where several hold the packet
	Direction Direction
	Data      []byte // as the interface's link type says
	// Original is how long the packet was, bytes; never less than Data has. Where the
	// event doesn't tell, it is what the IP header says.
	Original  int
	Truncated bool // it was longer, or the event says so

	// Group is the same for all appearances of a packet in PktMon's traces, and Part
	// counts those of one group that are different packets. Grouped says whether these two
	// are known. Since Windows 11 24H2 each appearance has a group of its own.
	Group      uint64
	Part       uint16
	Appearance uint16 // which of the packet's it is, from 1; 0 = not told
	Grouped    bool

	Dropped  bool // the appearance is that of being dropped, for Reason
	Reason   uint32
	Location uint32 // of the drop, in the code of the component

	PID, TID uint32
	CPU      uint16
	Offset   int64 // Event.Offset

	// Comment says what else the event told, in etl2pcapng's form: "PID=4 TID=904".
	Comment []byte
	// Made says what of Data the event did not hold, and what was changed. It is nil where
	// Data are as recorded.
	Made []byte

	at    point
	again bool // the same appearance was told before: loopback, or a drop told twice
}

// ErrPacket is the condition of an event that ought to hold a packet and can't be read.
var ErrPacket = errors.New("damaged packet event")

// EventError is damage in an event, and which event that is.
type EventError struct {
	Provider GUID
	ID       uint16
	Offset   int64 // Event.Offset
	Err      error
}

// Error says what is wrong with the event.
func (e *EventError) Error() string {
	return fmt.Sprintf("event %d of %s at byte %d: %v", e.ID, ProviderName(e.Provider), e.Offset, e.Err)
}

// Unwrap gives the conditions to errors.Is.
func (e *EventError) Unwrap() []error { return []error{ErrPacket, e.Err} }

// reader reads packets of events and numbers them. Survey and Packets have one each, which
// must see the same events.
type reader struct {
	number int64
	p      Packet
	made   []byte // what Packet.Made refers to
	data   []byte // what Packet.Data refers to where that is not the event's

	fragments joiner[fragmentKey]
	wireless  map[fragmentKey]wireless // of packets to come
	radio     wireless                 // of the packet in p
	hasRadio  bool
	port      switchPort // of the packet in p, from the VM switch
	user      rasUser    // of the packet in p, from Ras-NdisWan

	parts  joiner[uint32]
	recent recentSends
}

// read gives the packet that e holds or makes whole, and nil where there is none. An error
// is an *EventError; such an event has no number.
func (r *reader) read(e *Event) (*Packet, error) {
	var ok bool
	var err error
	r.hasRadio = false
	r.p = Packet{} // and not with its fields, which would be put together elsewhere and copied
	r.p.Time, r.p.PID, r.p.TID, r.p.CPU, r.p.Offset = e.Time, e.PID, e.TID, e.CPU, e.Offset
	switch {
	case e.Classic:
		return nil, nil
	case e.Provider == NDISPacketCapture:
		ok, err = r.readNDIS(e)
	case e.Provider == PktMon:
		ok, err = r.readPktMon(e)
	case e.Provider == WFP:
		ok, err = r.readWFP(e)
	case e.Provider == RasNdisWan:
		ok, err = r.readRas(e)
	}
	if err != nil {
		return nil, &EventError{Provider: e.Provider, ID: e.ID, Offset: e.Offset, Err: err}
	}
	if !ok {
		return nil, nil
	}
	r.number++
	r.p.Number = r.number
	r.p.Truncated = r.p.Truncated || r.p.Original > len(r.p.Data)
	return &r.p, nil
}

// Packets reads the packets of a Choice out of the events that the Survey saw.
type Packets struct {
	from    *reader
	survey  *Survey // that is given the events, nil if none is; from is its reader
	choice  *Choice
	again   int64
	comment []byte // of the last packet; as many of its first bytes as owner says name pid and tid
	owner   int
	pid     uint32
	tid     uint32
	last    point // of the last packet
	taken   bool  // it is chosen, and at is its interface
	at      int
}

// NewPackets begins the second pass.
func NewPackets(c *Choice) *Packets { return &Packets{from: new(reader), choice: c} }

// NewSurveyed begins a pass that is the first and the second at once: c was chosen from
// the events at the beginning, and s, which has seen none of them, is given them all.
// Whether it chooses the same is for the caller to ask after the last.
func NewSurveyed(c *Choice, s *Survey) *Packets {
	return &Packets{from: &s.reader, survey: s, choice: c}
}

// Read gives the packet that e holds or makes whole, or nil: not every event has one, and
// not every packet was chosen. An event that can't be read gives an *EventError, after
// which reading goes on with the next.
func (r *Packets) Read(e *Event) (*Packet, error) {
	p, err := r.read(e)
	if p == nil {
		return nil, err
	}
	if p.again && !r.choice.AllLayers {
		r.again++
		return nil, nil
	}
	if !r.taken || r.last != p.at {
		r.last = p.at
		r.at, r.taken = r.choice.index[p.at]
	}
	if !r.taken {
		return nil, nil
	}
	p.Interface = r.at
	r.makeComment(p)
	return p, nil
}

// read gives what e holds, chosen or not. The errors of a survey are counted there.
func (r *Packets) read(e *Event) (*Packet, error) {
	if r.survey != nil {
		return r.survey.Add(e), nil
	}
	return r.from.read(e)
}

// Again is how many packets were left out so far because the event before had told of the
// same appearance: of loopback, which the WFP shows outbound and inbound, and of drops
// that PktMon tells twice.
func (r *Packets) Again() int64 { return r.again }

// makeComment makes a packet's comment. Most packets are of the process and the thread of
// the one before.
func (r *Packets) makeComment(p *Packet) {
	if r.owner == 0 || p.PID != r.pid || p.TID != r.tid {
		to := append(r.comment[:0], "PID="...)
		to = strconv.AppendInt(to, int64(int32(p.PID)), 10)
		to = append(to, " TID="...)
		r.comment = strconv.AppendInt(to, int64(int32(p.TID)), 10)
		r.owner, r.pid, r.tid = len(r.comment), p.PID, p.TID
	}
	r.comment = r.from.appendComment(r.comment[:r.owner], p)
	p.Comment = r.comment
}

// appendComment appends what the event told beside the packet and who wrote it.
func (r *reader) appendComment(to []byte, p *Packet) []byte {
	switch {
	case r.hasRadio:
		to = r.radio.appendComment(to)
	case p.at.layer == layerSwitch:
		to = r.port.appendComment(to, p.at.vlan)
	case p.at.layer == layerRas:
		to = r.user.appendComment(to)
	case p.Dropped:
		to = appendDrop(to, p)
	}
	return to
}
