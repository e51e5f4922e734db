package pipeline

import (
	"slices"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
	"github.com/mendcap/mendcap/reorder"
)

// hostLogs are in which order the host's own trace has packets: its TCP the segments that
// it received and sent, its raw socket what it was given, and the program what it took.
type hostLogs struct {
	tcp, given, taken eventLog

	frames []int64 // of the packets that some log has, rising
	told   []reorder.Log
}

// newHostLogs takes what traces among the tables say; nil where they say nothing.
func newHostLogs(results []tables.Result) *hostLogs {
	h := &hostLogs{}
	for i := range results {
		for e := range results[i].Handlings() {
			h.tcp.add(nameOfHandling(&e), 0, e.Time.UnixNano())
		}
		for d := range results[i].Deliveries() {
			l := &h.given
			if d.Taken {
				l = &h.taken
			}
			l.add(nameOfRaw(packet.AddrOf(d.Source), d.Length), d.Socket, d.Time.UnixNano())
		}
	}
	if len(h.tcp.list)+len(h.given.list)+len(h.taken.list) == 0 {
		return nil
	}
	return h
}

// Kinds of names of segments: by where its data begins and how long it is, or by that and
// its ACK number.
const (
	namedByLength = iota
	namedByAck
)

// nameOfSegment is what an event says of a segment. The address that it goes to is left
// out: packets without header don't say it.
func nameOfSegment(from packet.Addr, sport, dport uint16, kind uint8, seq, other uint32) logName {
	return logName{from, uint64(sport)<<32 | uint64(dport)<<16 | uint64(kind), uint64(seq)<<32 | uint64(other)}
}

func nameOfHandling(e *infer.Handling) logName {
	kind, other := uint8(namedByLength), e.Length
	if e.HasAck {
		kind, other = namedByAck, e.Ack
	}
	return nameOfSegment(packet.AddrOf(e.Source.Addr()), e.Source.Port(), e.Destination.Port(), kind, e.Seq, other)
}

// nameOfRaw is what an event says of a packet of a raw socket.
func nameOfRaw(source packet.Addr, length int) logName {
	return logName{src: source, what: uint64(length)}
}

// showSegment takes a segment of the capture, whose stamp is known: in the order of frames.
func (h *hostLogs) showSegment(src packet.Addr, sport, dport uint16, seg *tcp.Segment, stamp, frame int64) {
	at := arrived{stamp, frame, lookOf(seg)}
	if seg.HasAck() && h.tcp.show(nameOfSegment(src, sport, dport, namedByAck, uint32(seg.Seq), uint32(seg.Ack)), at) {
		return
	}
	if seg.Len > 0 {
		h.tcp.show(nameOfSegment(src, sport, dport, namedByLength, uint32(seg.Seq), seg.Len), at)
	}
}

// showRaw takes a packet of the capture as the raw socket has it: in the order of frames.
func (h *hostLogs) showRaw(src packet.Addr, length int, stamp, frame int64) {
	name, at := nameOfRaw(src, length), arrived{stamp, frame, look{frame: frame}}
	h.given.show(name, at)
	h.taken.show(name, at)
}

// match gives packets their places, once it is known how the trace's clock runs; where
// that is not, the logs themselves may tell.
func (h *hostLogs) match(c witness.Clock) {
	logs := [...]*eventLog{&h.tcp, &h.given, &h.taken}
	for _, l := range logs {
		if !c.Known {
			c = l.clock()
		}
	}
	var alike [][]likeness
	for _, l := range logs {
		alike = append(alike, l.alike(&c))
		*l = eventLog{}
	}
	d := learnDelays(&c, alike)
	told := make(map[int64]*reorder.Log)
	for i, in := range alike {
		for _, one := range in {
			d.pair(one, func(frame int64, p reorder.Places, late int64) {
				if told[frame] == nil {
					told[frame] = &reorder.Log{}
				}
				t := told[frame]
				*[...]*reorder.Places{&t.TCP, &t.Given, &t.Taken}[i] = p
				t.Late = max(t.Late, late)
			})
		}
	}
	for frame := range told {
		h.frames = append(h.frames, frame)
	}
	slices.Sort(h.frames)
	for _, frame := range h.frames {
		h.told = append(h.told, *told[frame])
	}
}

// of is what the logs say of a packet, nil where they say nothing.
func (h *hostLogs) of(frame int64) *reorder.Log {
	i, ok := slices.BinarySearch(h.frames, frame)
	if !ok {
		return nil
	}
	return &h.told[i]
}
