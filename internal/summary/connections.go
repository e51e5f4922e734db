package summary

import (
	"bytes"
	"cmp"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// maxExcerpts is how many connections have packets kept for a picture. Those
// of which most was found have them.
const maxExcerpts = 64

// verdictSet is a set of verdicts, by their places in report.Verdicts.
type verdictSet uint32

// connections counts what happened in each TCP connection, and keeps the worst
// for the report. A connection that the flow table forgets counts anew when it
// comes back.
type connections struct {
	limit   int
	by      *tcp.Store[*connection]
	total   int64
	retired []*connection // they have made way: the worst of them, worst first
	holders []*connection // those with an excerpt, at most maxExcerpts
	// floor is the last of the holders as it was when it was looked for. None
	// has come to be below it since, as counts only grow; without packets it
	// is void.
	floor connection
}

// connection is one pair of endpoints.
type connection struct {
	key           conn.Key
	client        uint8 // the direction of the first SYN without ACK; 2 is unknown
	started       [2]bool
	base          [2]tcp.Seq // first sequence number seen
	scale         [2]int8    // of the SYN; -1 without the option, -2 without a SYN
	packets       int64
	bytes         [2]int64
	moved         int64
	first, last   int64 // times as repaired, nanoseconds
	before, after int64 // flags
	odd           int64 // findings that remain and are not plain
	byVerdict     diagnose.Counts
	excerpt       *excerpt
	skipped       int64 // packets before the excerpt was begun
}

func newConnections(limit int) *connections {
	c := &connections{limit: limit}
	c.by = tcp.NewStore(c.retire)
	return c
}

// packet takes in a packet in the order of the output.
func (c *connections) packet(p *diagnose.Packet) {
	f := c.of(p)
	time, d := p.Time, p.Pair.Dir
	if f.packets == 0 {
		f.first, f.last = time, time
	}
	f.first, f.last = min(f.first, time), max(f.last, time)
	f.packets++
	f.bytes[d] += int64(p.Segment.Len)
	if !f.started[d] || p.Segment.Bits&tcp.SYN != 0 {
		f.start(p.Segment, d)
	}
	if p.Moved {
		f.moved++
	}
	if p.Before|p.After != 0 {
		f.before += int64(bits.OnesCount32(uint32(p.Before)))
		f.after += int64(bits.OnesCount32(uint32(p.After)))
	}
	if f.excerpt != nil {
		f.draw(p)
	} else if p.Moved || p.Before|p.After != 0 {
		c.lend(f, p)
	}
}

// of returns the packet's connection.
func (c *connections) of(p *diagnose.Packet) *connection {
	f := c.by.Of(p.Segment.Flow)
	if *f != nil {
		return *f
	}
	c.total++
	*f = &connection{key: p.Pair.Key, client: 2, scale: [2]int8{-2, -2}}
	if len(c.holders) < maxExcerpts {
		c.hold(*f)
	}
	return *f
}

// start takes in the first packet of a direction, and every SYN.
func (f *connection) start(s *tcp.Segment, d uint8) {
	if !f.started[d] {
		f.started[d], f.base[d] = true, s.Seq
	}
	if s.Bits&tcp.SYN == 0 {
		return
	}
	f.scale[d] = s.WindowShift
	if s.Bits&tcp.ACK == 0 && f.client == 2 {
		f.client = d
	}
}

// finding takes in what was found of a packet of the connection that has this
// id, by its frame in the output. It must not have made way.
func (c *connections) finding(flow uint64, after int64, verdict diagnose.Verdict) {
	f := *c.by.Of(flow)
	f.byVerdict[verdict]++
	weight := uint8(1)
	if verdict != diagnose.Genuine {
		if verdict != diagnose.Artefact {
			f.odd++
		}
		weight = 4
	}
	if f.excerpt == nil {
		return
	}
	if m := f.excerpt.latest.find(after, excerptLead); m != nil {
		m.verdicts |= 1 << verdict
		f.excerpt.weigh(m, weight)
	} else if m := f.excerpt.best.find(after, 0); m != nil {
		m.verdicts |= 1 << verdict
	}
}

// lend gives f an excerpt, if need be that of a connection of which less was
// found, and draws the current packet. It tries each time that what was flagged
// or moved has doubled.
func (c *connections) lend(f *connection, p *diagnose.Packet) {
	if n := f.before + f.after + f.moved; n&(n-1) != 0 {
		return
	}
	if len(c.holders) < maxExcerpts {
		c.hold(f)
	} else if !c.oust(f) {
		return
	}
	f.skipped = f.packets - 1
	f.draw(p)
}

// oust gives f the excerpt of the last of the holders, if f comes before it.
func (c *connections) oust(f *connection) bool {
	if c.floor.packets > 0 && worse(f, &c.floor) >= 0 {
		return false
	}
	least := 0
	for i, other := range c.holders {
		if worse(other, c.holders[least]) > 0 {
			least = i
		}
	}
	from := c.holders[least]
	c.floor = *from
	if worse(f, from) >= 0 {
		return false
	}
	f.excerpt, from.excerpt = from.excerpt, nil
	f.excerpt.clear()
	c.holders[least] = f
	return true
}

// hold gives f an excerpt of its own.
func (c *connections) hold(f *connection) {
	c.holders = append(c.holders, f)
	f.excerpt = new(excerpt)
	c.floor = connection{}
}

// draw adds the packet to the excerpt.
func (f *connection) draw(p *diagnose.Packet) {
	s, m := p.Segment, f.excerpt.next()
	*m = mark{} // and field by field: see tcp.Analyser.AddAt
	m.frame, m.after, m.stamp, m.time = p.Frame, p.FrameAfter, s.Stamp, p.Time
	m.seq, m.ack, m.span, m.window, m.sack, m.sacks = s.Seq, s.Ack, s.Span(), f.window(s, p.Pair.Dir), s.SACK, s.SACKs
	m.dir, m.acks, m.moved, m.flags = p.Pair.Dir, s.HasAck(), p.Moved, p.Before|p.After
	if m.moved {
		f.excerpt.weigh(m, 4)
	}
}

// window is the window that a segment offers, bytes; -1 where its scale is
// unknown.
func (f *connection) window(s *tcp.Segment, d uint8) int64 {
	a, b := f.scale[d], f.scale[1-d]
	switch {
	case s.Bits&tcp.SYN != 0 || a == -1 || b == -1:
		return int64(s.Window)
	case a == -2 || b == -2:
		return -1
	}
	return int64(s.Window) << min(a, 14) // RFC 7323, section 2.3
}

// worse orders connections by how much there is to say of them, most first.
func worse(a, b *connection) int {
	return cmp.Or(
		cmp.Compare(b.odd, a.odd),
		cmp.Compare(b.moved, a.moved),
		cmp.Compare(b.before+b.after, a.before+a.after),
		cmp.Compare(b.bytes[0]+b.bytes[1], a.bytes[0]+a.bytes[1]),
		cmp.Compare(b.packets, a.packets),
		bytes.Compare(a.key[:], b.key[:]),
		cmp.Compare(a.first, b.first))
}

// retire keeps a connection that makes way, if it is among the worst.
func (c *connections) retire(_ uint64, gone **connection) {
	f := *gone
	place, _ := slices.BinarySearchFunc(c.retired, f, worse)
	c.retired = slices.Insert(c.retired, place, f)
	if len(c.retired) > c.limit {
		last := c.retired[c.limit]
		c.retired[c.limit] = nil
		c.retired = c.retired[:c.limit]
		if last.excerpt != nil {
			c.holders = slices.DeleteFunc(c.holders, func(h *connection) bool { return h == last })
		}
	}
}

// result lists the worst connections, worst first.
func (c *connections) result() report.Flows {
	all := slices.Clone(c.retired)
	c.by.Each(func(_ uint64, f **connection) { all = append(all, *f) })
	slices.SortFunc(all, worse)
	all = all[:min(len(all), c.limit)]
	r := report.Flows{Total: c.total, Omitted: c.total - int64(len(all)), List: make([]report.Flow, len(all))}
	for i, f := range all {
		r.List[i] = f.describe()
	}
	return r
}

func (f *connection) describe() report.Flow {
	return report.Flow{
		Name: f.key.Name(f.client&1, " <> "), Protocol: "TCP", Packets: f.packets, Bytes: f.bytes[0] + f.bytes[1], Moved: f.moved,
		First: utc(f.first), Last: utc(f.last), ByVerdict: f.byVerdict.Reported(), Before: f.before, After: f.after, Graph: f.picture(),
	}
}
