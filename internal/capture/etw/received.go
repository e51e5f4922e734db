package etw

import "net/netip"

// Events of TCPIP about segments that the host has received.
const (
	tcpipReceived = 1074 // data that a connection was given
	tcpipHeader   = 1601 // the header of any segment (Windows 11 24H2 and later)
)

// Limits of what a Witness keeps of segments.
const (
	maxSegments = 1 << 20 // about 32 bytes each
	maxBlocks   = 1 << 16
)

// ReceivedSegment is a segment that the host's TCP has received. An event tells either how
// long its data is, or its ACK number.
type ReceivedSegment struct {
	Source, Destination netip.AddrPort
	Seq, Length, Ack    uint32
	HasAck              bool
	Time                int64 // FILETIME
}

// received is such an event, whose connection is known by its control block alone.
type received struct {
	tcb    uint64
	seq    uint32
	other  uint32 // the ACK number of a header, else the length
	header bool
	time   int64
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

// segment reads that a connection was given data, or a segment with its header.
func (w *Witness) segment(e *Event) bool {
	v := &w.values
	header := e.ID == tcpipHeader
	other := v[roleBytes]
	if header {
		other = v[roleAck]
	}
	if v[roleConnection] == nil || other == nil || v[roleSequence] == nil {
		return false
	}
	if len(w.segments) >= maxSegments {
		w.Unlisted++
		return true
	}
	w.segments = append(w.segments, received{number(v[roleConnection]), uint32(number(v[roleSequence])), uint32(number(other)), header, e.Time})
	return true
}

// Received gives the segments that connections were given, in the order of events. A control
// block is that of the connection which was last named for it before, or else first after:
// the list of connections may come at the end of a trace.
func (w *Witness) Received() []ReceivedSegment {
	list := make([]ReceivedSegment, 0, len(w.segments))
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
		segment := ReceivedSegment{Source: of.remote, Destination: of.local, Seq: s.seq, HasAck: s.header, Time: s.time}
		if s.header {
			segment.Ack = s.other
		} else {
			segment.Length = s.other
		}
		list = append(list, segment)
	}
	return list
}
