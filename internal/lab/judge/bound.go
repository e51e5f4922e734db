package judge

import (
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Bound says what the best reading of a capture's stamps would still get wrong. That
// reading knows the true order but for inbound packets that nothing of the host's
// separates: of those it asks, as a repair must, whether one that should come first, by
// its numbers, came late or was stamped late. It knows how often each is so for a given
// difference to the first stamp of those that should follow, in this very recording under
// this very degradation, and chooses what is likelier. Where it errs that difference does
// not tell. A flag left costs it as much as one hidden; who wants fewer of the one has
// more of the other.
type Bound struct {
	Left, Hidden           int // flags that it leaves and that it hides
	LeftHere, HiddenHere   int // those that the repair leaves and hides
	LeftAlike, HiddenAlike int // of those, the ones that the best reading does, too
	Pairs, Wrong           int // packets of which only stamps tell, and those that it gets wrong
}

// Add adds another bound.
func (b *Bound) Add(o Bound) {
	b.Left, b.Hidden = b.Left+o.Left, b.Hidden+o.Hidden
	b.LeftHere, b.HiddenHere = b.LeftHere+o.LeftHere, b.HiddenHere+o.HiddenHere
	b.LeftAlike, b.HiddenAlike = b.LeftAlike+o.LeftAlike, b.HiddenAlike+o.HiddenAlike
	b.Pairs, b.Wrong = b.Pairs+o.Pairs, b.Wrong+o.Wrong
}

// boundSeeds is how many other degradations tell how often what is so. Their seeds are
// far from those of trials.
const (
	boundSeeds     = 40
	firstBoundSeed = 1 << 32
)

// Bound judges the best reading beside the repair in memory. The odds are those of the
// trial's recording and degradation.
func (t Trial) Bound(sum *Odds) (b Bound, err error) {
	o, err := t.direct()
	if err != nil {
		return b, err
	}
	kept := t.Case.survivors(o.degraded)
	best := t.Case.bestReading(kept, o.degraded, sum, &b)
	read := t.counted(t.Case.analysed(latestTimes(best, o.degraded)))
	flags := make(map[int]tcp.Analysis, len(best))
	for i, p := range best {
		flags[p.Index] = read.rows[i].Flags
	}
	places, _ := o.repaired.match(o.truth)
	for i, place := range places {
		truth, got, read := o.truth.rows[place].Flags, o.repaired.rows[i].Flags, flags[o.packets[i].Index]
		b.Left, b.Hidden = b.Left+pairs(read&^truth), b.Hidden+pairs(truth&^read)
		b.LeftHere, b.HiddenHere = b.LeftHere+pairs(got&^truth), b.HiddenHere+pairs(truth&^got)
		b.LeftAlike, b.HiddenAlike = b.LeftAlike+pairs(got&read&^truth), b.HiddenAlike+pairs(truth&^got&^read)
	}
	return b, nil
}

// odds counts packets by how much later they are stamped than one that they should come
// before: those that came late, and those that were stamped late.
type odds struct{ late, prompt [oddsBins]int }

const oddsBins = 2 * 4 * 64

// oddsBin is the bin of a difference: a quarter of an octave of nanoseconds, negative
// ones apart.
func oddsBin(d int64) int {
	if d < 0 {
		return oddsBins - 1 - oddsBin(-d)
	}
	if d < 4 {
		return int(d)
	}
	e := bits.Len64(uint64(d)) - 1
	return 4*(e-1) + int(d>>(e-2))&3
}

// sayLate reports whether one with this difference rather came late.
func (o *odds) sayLate(d int64) bool { return o.late[oddsBin(d)] > o.prompt[oddsBin(d)] }

// Odds say how often inbound packets are late, and how often they are stamped late, by
// the difference of the stamps: data and bare ACKs apart.
type Odds [2]odds

// Odds counts over other degradations of the recording.
func (c *Case) Odds(d lab.Degradation) *Odds {
	var sum Odds
	for seed := range uint64(boundSeeds) {
		degraded := lab.Degrade(c.truth, d, firstBoundSeed+seed)
		for _, g := range c.groups(c.survivors(degraded), degraded) {
			for i := range g.list {
				switch x, ok := g.contest(i); {
				case ok && x.late:
					sum[g.kind].late[oddsBin(x.by)]++
				case ok:
					sum[g.kind].prompt[oddsBin(x.by)]++
				}
			}
		}
	}
	return &sum
}

// group is inbound packets of a flow, in true order, that nothing of the host's
// separates: first copies of data between two bare ACKs, or bare ACKs between any two
// of its packets.
type group struct {
	kind int // 0 for data, 1 for bare ACKs
	list []contender
}

// contender is a packet with its place among the survivors.
type contender struct {
	place int
	stamp int64
	seg   *tcp.Segment
}

// groups finds the groups of two packets or more.
func (c *Case) groups(kept, degraded []lab.Packet) (all []group) {
	stamps := make(map[int]int64, len(degraded))
	for _, p := range degraded {
		stamps[p.Index] = p.Stamp
	}
	flows := map[uint64]*[2][]contender{}
	end := func(f *[2][]contender, kind int) {
		if len(f[kind]) > 1 {
			all = append(all, group{kind, f[kind]})
		}
		f[kind] = nil
	}
	for place, p := range kept {
		known := c.table[p.Index].known
		seg := &known.Segment
		if !known.ok || seg.Bits&(tcp.SYN|tcp.RST) != 0 || seg.Outbound == tcp.Both {
			continue
		}
		f := flows[seg.Flow]
		if f == nil {
			f = new([2][]contender)
			flows[seg.Flow] = f
		}
		bare := seg.Span() == 0 && seg.HasAck()
		switch {
		case seg.Outbound == tcp.Out:
			if end(f, 1); bare {
				end(f, 0)
			}
		case bare:
			f[1] = append(f[1], contender{place, stamps[p.Index], seg})
		case seg.Len > 0:
			f[0] = append(f[0], contender{place, stamps[p.Index], seg})
		}
	}
	for _, f := range flows {
		end(f, 0)
		end(f, 1)
	}
	slices.SortFunc(all, func(a, b group) int { return a.list[0].place - b.list[0].place })
	return all
}

// comesFirst reports whether p should come before q by their numbers.
func (g *group) comesFirst(p, q *tcp.Segment) bool {
	if g.kind == 0 {
		return p.Seq.Less(q.Seq)
	}
	return p.Ack.Less(q.Ack) || p.Ack == q.Ack && p.HasTS && q.HasTS && tcp.Seq(p.TSval).Less(tcp.Seq(q.TSval))
}

// contested is a packet that should come before others of its group.
type contested struct {
	late        bool  // it came after the first of those
	by          int64 // it is stamped so much later than the first of them
	first, last int   // of them: the first in truth, and the last that is stamped before it, -1 for none
}

// contest compares packet i of the group with those that should come after it.
func (g *group) contest(i int) (x contested, ok bool) {
	p, stamp := &g.list[i], int64(math.MaxInt64)
	x.last = -1
	for j := range g.list {
		q := &g.list[j]
		if j == i || !g.comesFirst(p.seg, q.seg) {
			continue
		}
		if !ok {
			x.first, x.late, ok = j, j < i, true
		}
		if stamp = min(stamp, q.stamp); q.stamp < p.stamp {
			x.last = j
		}
	}
	x.by = p.stamp - stamp
	return x, ok
}

// bestReading is the true order but for what the best reading gets wrong.
func (c *Case) bestReading(kept, degraded []lab.Packet, sum *Odds, b *Bound) []lab.Packet {
	type placed struct {
		packet lab.Packet
		at     int // twice the place, one less or more next to another
	}
	order := make([]placed, len(kept))
	for i, p := range kept {
		order[i] = placed{p, 4 * i}
	}
	for _, g := range c.groups(kept, degraded) {
		for i := range g.list {
			x, ok := g.contest(i)
			if !ok {
				continue
			}
			b.Pairs++
			switch said := sum[g.kind].sayLate(x.by); {
			case said == x.late:
			case x.late:
				b.Wrong++
				order[g.list[i].place].at = 4*g.list[x.first].place - 2
			case x.last >= 0:
				b.Wrong++
				order[g.list[i].place].at = 4*g.list[x.last].place + 2
			}
		}
	}
	slices.SortStableFunc(order, func(x, y placed) int { return x.at - y.at })
	list := make([]lab.Packet, len(order))
	for i := range order {
		list[i] = order[i].packet
	}
	return list
}
