package judge

import (
	"math"
	"math/bits"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Bound says what nobody could tell of arrivals without SACK. While a hole is open all ACKs
// are alike, and only stamps tell which of two segments came first. The best reading is that
// of one who knows when something arrived, by what law the capture delays stamps, and how
// often the network delays segments by how many others, and wants to know only which
// segment it was that came. It is known for captures that stamp each packet independently.
// No repair knows as much: what this reading gets wrong nobody can tell, and what it gets
// right is not shown to be decidable.
//
// Where delays are exponential and two segments are stamped after both have come, their
// stamps tell nothing of their order: swapped delays have the same sum. Then only how rare
// swaps are decides, and each genuine one is lost.
type Bound struct {
	Arrivals     int // beyond a hole, that the network delayed or that are stamped after later ones
	Wrong        int // of those, that the best reading takes for delayed, and they were not, or the other way round
	Repaired     int // that repair does
	Both         int
	Left, Hidden int // flags around those that the best reading gets wrong
}

func (b *Bound) add(o Bound) {
	b.Arrivals, b.Wrong, b.Repaired, b.Both = b.Arrivals+o.Arrivals, b.Wrong+o.Wrong, b.Repaired+o.Repaired, b.Both+o.Both
	b.Left, b.Hidden = b.Left+o.Left, b.Hidden+o.Hidden
}

// scattered is the law of stamps' delays that a degradation states, false where each
// packet's does not stand alone.
func scattered(d lab.Degradation) (cost func(delay int64) float64, ok bool) {
	if d.Scatter == 0 || d.ResponseFirst > 0 || d.Stalls > 0 || d.Tick > 0 {
		return nil, false
	}
	mean := float64(d.Scatter)
	return func(delay int64) float64 {
		if delay < 0 {
			return math.Inf(1)
		}
		density := (1 - d.Straggle) * math.Exp(-float64(delay)/mean) / mean
		if delay < int64(time.Millisecond) {
			density += d.Straggle / float64(time.Millisecond)
		}
		return -math.Log(density)
	}, true
}

// beyondHole is an arrival while a hole is open.
type beyondHole struct {
	index     int
	seq       tcp.Seq
	at, stamp int64
	late      bool // delayed by the network
}

// bound finds what nobody could tell in an outcome.
func (t Trial) bound(o *outcome) (b Bound) {
	cost, ok := scattered(t.Degradation)
	if !ok {
		return b
	}
	kept := t.Case.survivors(o.degraded)
	repaired, around := t.Case.delayed(o.packets), map[int]bool{}
	flows, usual := t.Case.beyondHoles(kept, o.degraded)
	for _, list := range flows {
		for i := range list {
			from, to, wrong, judged := best(list, i, cost, usual)
			if !judged {
				continue
			}
			missed := repaired[list[i].index] != list[i].late
			b.Arrivals++
			b.Wrong += count(wrong)
			b.Repaired += count(missed)
			b.Both += count(wrong && missed)
			for k := from; wrong && k <= to; k++ {
				around[list[k].index] = true
			}
		}
	}
	places, _ := o.repaired.match(o.truth)
	for i, place := range places {
		if place >= 0 && around[kept[place].Index] {
			got, want := o.repaired.rows[i].Flags, o.truth.rows[place].Flags
			b.Left, b.Hidden = b.Left+pairs(got&^want), b.Hidden+pairs(want&^got)
		}
	}
	return b
}

// displaced tells how often the network delays a segment by how many others, in octaves.
type displaced struct {
	by  [32]float64
	all float64
}

// cost is that of a delay by so many others, 0 for none.
func (d *displaced) cost(others int) float64 {
	if others == 0 {
		return 0
	}
	octave := bits.Len(uint(others))
	return -math.Log((d.by[octave] + .5) / (d.all + 1) / float64(int(1)<<(octave-1)))
}

// reach is how many others are looked at.
const reach = 64

// best judges one arrival by the best reading; judged is false where nothing speaks for a
// delay. What is at stake goes from one of the arrivals up to another.
func best(list []beyondHole, i int, cost func(int64) float64, usual *displaced) (from, to int, wrong, judged bool) {
	x := &list[i]
	if x.late {
		from = i
		for k := i - 1; k >= 0 && k >= i-reach; k-- {
			if x.seq.Less(list[k].seq) {
				from = k
			}
		}
		if from == i {
			return 0, 0, false, false
		}
		truth, inTurn := cost(x.stamp-x.at)+usual.cost(i-from), cost(x.stamp-list[from].at)
		for k := from; k < i; k++ {
			truth, inTurn = truth+cost(list[k].stamp-list[k].at), inTurn+cost(list[k].stamp-list[k+1].at)
		}
		return from, i, inTurn <= truth, true
	}
	to = i
	truth, shifted := cost(x.stamp-x.at), 0.
	for k := i + 1; k < len(list) && k <= i+reach; k++ {
		judged = judged || list[k].stamp < x.stamp
		truth, shifted = truth+cost(list[k].stamp-list[k].at), shifted+cost(list[k].stamp-list[k-1].at)
		if shifted+cost(x.stamp-list[k].at)+usual.cost(k-i) < truth {
			wrong, to = true, k
		}
	}
	return i, to, wrong, judged
}

// beyondHoles lists the arrivals beyond holes of connections without SACK, and by how many
// others those are delayed that the network delays.
func (c *Case) beyondHoles(kept, degraded []lab.Packet) (flows map[uint32][]beyondHole, usual *displaced) {
	stamps, delayed := map[int]int64{}, c.delayed(kept)
	for _, p := range degraded {
		stamps[p.Index] = p.Stamp
	}
	flows, usual = map[uint32][]beyondHole{}, &displaced{}
	c.eachPlain(func(p lab.Packet, seg *tcp.Segment, f *plainReceiver) {
		if stamp, there := stamps[p.Index]; there && f.beyond {
			flows[seg.Flow] = append(flows[seg.Flow], beyondHole{p.Index, seg.Seq, p.Stamp, stamp, delayed[p.Index]})
		}
	})
	for _, list := range flows {
		for i := range list {
			usual.all++
			from := i
			for k := i - 1; list[i].late && k >= 0 && k >= i-reach; k-- {
				if list[i].seq.Less(list[k].seq) {
					from = k
				}
			}
			if from < i {
				usual.by[bits.Len(uint(i-from))]++
			}
		}
	}
	return flows, usual
}
