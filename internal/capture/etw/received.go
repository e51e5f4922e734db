package etw

import "net/netip"

// tcpipReceived is the event of TCPIP for data that a connection was given.
const tcpipReceived = 1074

// Limits of what a Witness keeps of segments.
const (
	maxSegments = 1 << 20 // about 32 bytes each
	maxBlocks   = 1 << 16
)

// ReceivedSegment is data that the host's TCP has received.
type ReceivedSegment struct {
	Source, Destination netip.AddrPort
	Seq, Length         uint32
	Time                int64 // FILETIME
}

// received is such an event, whose connection is known by its control block alone.
type received struct {
	tcb         uint64
	seq, length uint32
	time        int64
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

// segment reads that a connection was given data.
func (w *Witness) segment(e *Event) bool {
	v := &w.values
	if v[roleConnection] == nil || v[roleBytes] == nil || v[roleSequence] == nil {
		return false
	}
	if len(w.segments) >= maxSegments {
		w.Unlisted++
		return true
	}
	w.segments = append(w.segments, received{number(v[roleConnection]), uint32(number(v[roleSequence])), uint32(number(v[roleBytes])), e.Time})
	return true
}

// Received gives the data that connections were given, in the order of events. A control
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
		list = append(list, ReceivedSegment{of.remote, of.local, s.seq, s.length, s.time})
	}
	return list
}
