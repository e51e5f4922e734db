package judge

import (
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// stream is one direction of one incarnation of a connection.
type stream struct {
	flow uint64
	dir  uint8
	life int
}

// passage is one packet of a stream with data, SYN or FIN that passed the host,
// or should have.
type passage struct {
	at        int // rises with time; packets have even numbers
	bytes     tcp.Range
	index     int  // of the packet, -1 of one that never reached the host
	delivered bool // it reached its receiver
	untaken   bool // the host's stack did not take it, as its own ACKs show
	what      string
}

// passages is what a recording's network did with each packet.
type passages struct {
	streams map[stream][]passage // in order of time
	of      map[int]stream       // by Index
	events  map[int]string       // by Index of the packet
	lives   map[uint64]int
	syns    map[uint64]tcp.Seq
	refused map[stream][]int    // when a closed port answered, in even numbers as passages
	said    map[stream][]answer // what the host acknowledged of each stream to it
}

// newPassages sets the packets of the truth beside what the recorder's network
// did on purpose.
func newPassages(truth []lab.Packet, table map[int]fact, events []lab.Event, flows flowNumbers) *passages {
	p := &passages{streams: map[stream][]passage{}, of: map[int]stream{}, events: map[int]string{},
		lives: map[uint64]int{}, syns: map[uint64]tcp.Seq{}, refused: map[stream][]int{}, said: map[stream][]answer{}}
	var never []lab.Event // inbound, lost
	for _, e := range events {
		if e.Inbound && e.Lost() {
			never = append(never, e)
		} else {
			p.events[e.Frame-1] = e.What
		}
	}
	for _, packet := range truth {
		for len(never) > 0 && never[0].Frame-1 < packet.Index {
			p.addLost(&never[0], flows)
			never = never[1:]
		}
		if known := table[packet.Index].known; known.ok {
			p.add(packet.Index, &known.Segment)
		}
	}
	p.findUntaken()
	return p
}

func (p *passages) add(index int, s *tcp.Segment) {
	if s.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN && p.syns[s.Flow] != s.Seq {
		p.lives[s.Flow]++
		p.syns[s.Flow] = s.Seq
	}
	key := stream{s.Flow, s.Dir, p.lives[s.Flow]}
	p.of[index] = key
	if s.Bits.Has(tcp.RST | tcp.ACK) {
		syn := stream{s.Flow, s.Dir ^ 1, p.lives[s.Flow]}
		if s.Ack == p.syns[s.Flow]+1 {
			p.refused[syn] = append(p.refused[syn], 2*index)
		}
	}
	if s.Outbound == tcp.Out && s.HasAck() {
		to := stream{s.Flow, s.Dir ^ 1, p.lives[s.Flow]}
		p.said[to] = append(p.said[to], answer{2 * index, s})
	}
	if s.Span() == 0 {
		return
	}
	what := p.events[index]
	p.streams[key] = append(p.streams[key], passage{at: 2 * index, bytes: tcp.Range{Left: s.Seq, Right: s.End()},
		index: index, delivered: what != lab.EventLost && what != lab.EventQueueFull, what: what})
}

func (p *passages) addLost(e *lab.Event, flows flowNumbers) {
	if !e.TCP {
		return
	}
	flow, dir := flows.place(e.From, e.To)
	key := stream{flow, dir, p.lives[flow]}
	left := tcp.Seq(e.Seq)
	p.streams[key] = append(p.streams[key], passage{at: 2*e.Frame - 1, bytes: tcp.Range{Left: left, Right: left.Add(max(1, e.Len))},
		index: -1, what: e.What})
}

// without takes what is in cut from the pieces.
func without(pieces []tcp.Range, cut tcp.Range) (left []tcp.Range) {
	for _, r := range pieces {
		if !r.Overlaps(cut) {
			left = append(left, r)
			continue
		}
		if r.Left.Less(cut.Left) {
			left = append(left, tcp.Range{Left: r.Left, Right: cut.Left})
		}
		if cut.Right.Less(r.Right) {
			left = append(left, tcp.Range{Left: cut.Right, Right: r.Right})
		}
	}
	return left
}

// missing returns which of the bytes no passage before the time brought, of
// those that counts.
func (p *passages) missing(key stream, bytes tcp.Range, before int, counts func(*passage) bool) []tcp.Range {
	pieces := []tcp.Range{bytes}
	list := p.streams[key]
	for i := range list {
		if list[i].at >= before || len(pieces) == 0 {
			break
		}
		if counts(&list[i]) {
			pieces = without(pieces, list[i].bytes)
		}
	}
	return pieces
}

// refusedBefore reports whether a closed port had answered the SYN before it was
// sent at this time, and after it was sent the last time before, as far as the
// capture has that answer.
func (p *passages) refusedBefore(key stream, at int, seen func(index int) bool) bool {
	last := -1
	for _, q := range p.streams[key] {
		if q.at < at {
			last = q.at
		}
	}
	return slices.ContainsFunc(p.refused[key], func(when int) bool { return when > last && when < at && seen(when/2) })
}

// any reports whether a passage between the times touches the pieces and fits.
func (p *passages) any(key stream, pieces []tcp.Range, from, to int, fits func(*passage) bool) bool {
	return slices.ContainsFunc(p.streams[key], func(q passage) bool {
		return q.at > from && q.at < to && fits(&q) &&
			slices.ContainsFunc(pieces, func(r tcp.Range) bool { return r.Overlaps(q.bytes) })
	})
}

// first returns the passage that was the first to bring any of the bytes, before
// the time; nil for none.
func (p *passages) first(key stream, bytes tcp.Range, before int) *passage {
	list := p.streams[key]
	for i := range list {
		if q := &list[i]; q.at < before && q.delivered && q.bytes.Overlaps(bytes) {
			return q
		}
	}
	return nil
}

// sentAgain reports whether a passage that the network kept in its place brought
// bytes that had been sent before: one of higher numbers that kept its place as
// well had come before it.
func (p *passages) sentAgain(key stream, one *passage) bool {
	return slices.ContainsFunc(p.streams[key], func(q passage) bool {
		return q.at < one.at && q.index >= 0 && q.what != lab.EventReordered && one.bytes.Right.AtMost(q.bytes.Left)
	})
}
