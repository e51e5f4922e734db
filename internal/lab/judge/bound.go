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
// not tell. A repair knows less than that: where few packets came late, what this reading
// has counted are these very ones. A flag left costs it as much as one hidden; Curve says
// what it would leave and hide if one of them cost more.
type Bound struct {
	Errors             // that the best reading makes
	Here, Alike Errors // those that the repair makes, and of them those that both make
	Curve       [len(BoundWeights)]Errors
	Pairs       int // packets of which only stamps tell
	Wrong       int // of those, the ones that the best reading gets wrong
}

// BoundWeights are how many times as likely it has to be that a packet came late as that
// it was stamped late, for the readings of a Curve to say so: the more, the fewer flags are
// left, and the more are hidden. At 1 it is the best reading.
var BoundWeights = [...]float64{.25, .5, 1, 2, 4, 16, 64, 256}

// Add adds another bound.
func (b *Bound) Add(o Bound) {
	b.Errors.add(o.Errors)
	b.Here.add(o.Here)
	b.Alike.add(o.Alike)
	for i := range b.Curve {
		b.Curve[i].add(o.Curve[i])
	}
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
	here, kept := o.repaired.flagsAt(o.truth), t.Case.survivors(o.degraded)
	for i, weight := range BoundWeights {
		best, pairs, wrong := t.Case.bestReading(kept, o.degraded, sum, weight)
		read := t.counted(t.Case.analysed(latestTimes(best, o.degraded))).flagsAt(o.truth)
		for place, row := range o.truth.rows {
			b.Curve[i].count(read[place], row.Flags)
		}
		if weight == 1 {
			b.Errors, b.Pairs, b.Wrong = b.Curve[i], pairs, wrong
			b.compare(o.truth, here, read)
		}
	}
	return b, nil
}

// compare sets the flags of the repair beside those of the best reading.
func (b *Bound) compare(truth *File, here, read []tcp.Analysis) {
	for place, row := range truth.rows {
		want := row.Flags
		b.Here.count(here[place], want)
		b.Alike.add(Errors{pairs(here[place] & read[place] &^ want), pairs(want &^ (here[place] | read[place]))})
	}
}

// flagsAt gives the flags of the packets by their places in the truth. Of packets that
// nothing tells apart, the first is the first there.
func (f *File) flagsAt(truth *File) []tcp.Analysis {
	flags := make([]tcp.Analysis, len(truth.rows))
	places, _ := f.match(truth)
	for i, place := range places {
		if place >= 0 {
			flags[place] = f.rows[i].Flags
		}
	}
	return flags
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

// sayLate reports whether one with this difference came late, if that has to be so many
// times as likely as that it was stamped late.
func (o *odds) sayLate(d int64, weight float64) bool {
	return float64(o.late[oddsBin(d)]) > weight*float64(o.prompt[oddsBin(d)])
}

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

// bestReading is the true order but for what a reading with this weight gets wrong, of so
// many packets of which stamps alone tell.
func (c *Case) bestReading(kept, degraded []lab.Packet, sum *Odds, weight float64) (list []lab.Packet, pairs, wrong int) {
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
			pairs++
			switch said := sum[g.kind].sayLate(x.by, weight); {
			case said == x.late:
			case x.late:
				wrong++
				order[g.list[i].place].at = 4*g.list[x.first].place - 2
			case x.last >= 0:
				wrong++
				order[g.list[i].place].at = 4*g.list[x.last].place + 2
			}
		}
	}
	slices.SortStableFunc(order, func(x, y placed) int { return x.at - y.at })
	list = make([]lab.Packet, len(order))
	for i := range order {
		list[i] = order[i].packet
	}
	return list, pairs, wrong
}
