package etw

import "net/netip"

// Events of TCPIP about segments that the host has received or sent.
const (
	tcpipReceived = 1074 // data that a connection was given
	tcpipHeader   = 1601 // the header of any segment received (Windows 11 24H2 and later)

	// Data that a connection sends: before Windows 8.1, after, and with the congestion
	// control of those versions that was called CTCP.
	tcpipSent     = 1073
	tcpipSentNext = 1332
	tcpipSentCTCP = 1333
)

// Limits of what a Witness keeps of segments.
const (
	maxSegments = 1 << 20 // about 32 bytes each
	maxBlocks   = 1 << 16
)

// LoggedSegment is a segment that the host's TCP has received or sent. An event tells
// either how long its data is, or its ACK number.
type LoggedSegment struct {
	Source, Destination netip.AddrPort
	Seq, Length, Ack    uint32
	HasAck              bool
	Time                int64 // FILETIME
}

// segment is such an event, whose connection is known by its control block alone.
type segment struct {
	tcb   uint64
	seq   uint32
	other uint32 // the ACK number of a header, else the length
	id    uint16
	time  int64
}

// block is what connection a control block belonged to at a time.
type block struct {
	local, remote netip.AddrPort
	time          int64
}

// block notes which connection a control block is of.
func (w *Witness) block(tcb uint64, local, remote netip.AddrPort, time int64) {
	list := w.blocks[tcb]
	if n := len(list); n > 0 && list[n-1].local == local && list[n-1].remote == remote {
		return
	}
	if len(w.blocks) >= maxBlocks || len(list) >= maxBlocks {
		w.Unlisted++
		return
	}
	w.blocks[tcb] = append(list, block{local, remote, time})
}

// segment reads that a connection was given data, or a segment with its header, or that it
// has sent data.
func (w *Witness) segment(e *Event) bool {
	v := &w.values
	other := v[roleBytes]
	if e.ID == tcpipHeader {
		other = v[roleAck]
	}
	if v[roleConnection] == nil || other == nil || v[roleSequence] == nil {
		return false
	}
	if len(w.segments) >= maxSegments {
		w.Unlisted++
		return true
	}
	w.segments = append(w.segments, segment{number(v[roleConnection]), uint32(number(v[roleSequence])), uint32(number(other)), e.ID, e.Time})
	return true
}

// Segments gives those that connections were given or sent, in the order of events. A control
// block is that of the connection which was last named for it before, or else first after:
// the list of connections may come at the end of a trace.
func (w *Witness) Segments() []LoggedSegment {
	list := make([]LoggedSegment, 0, len(w.segments))
	for i := range w.segments {
		s := &w.segments[i]
		blocks := w.blocks[s.tcb]
		if len(blocks) == 0 {
			continue
		}
		of := blocks[0]
		for _, b := range blocks[1:] {
			if b.time <= s.time {
				of = b
			}
		}
		one := LoggedSegment{Source: of.remote, Destination: of.local, Seq: s.seq, Time: s.time}
		switch s.id {
		case tcpipHeader:
			one.Ack, one.HasAck = s.other, true
		case tcpipReceived:
			one.Length = s.other
		default:
			one.Source, one.Destination, one.Length = of.local, of.remote, s.other
		}
		list = append(list, one)
	}
	return list
}
