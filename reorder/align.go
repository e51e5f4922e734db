package reorder

import (
	"math/bits"
	"slices"
)

// Without SACK each arrival beyond a hole has an ACK of its own, but which one is not
// said. Set beside each other in their order, arrivals and repeated ACKs that belong
// together are stamped near each other, and how near that is the pairs themselves tell. So
// two orders of the arrivals are compared by what their best alignments cost: each
// pair as much as its distance is rare, each arrival without an ACK and each ACK without an
// arrival alignSkip. Costs are eighths of a bit.

// alignment sets b.beyond beside b.slots.
type alignment struct {
	near  []int32 // by arrival: how many repeated ACKs are stamped before it and all later ones
	slots []int64 // when the repeated ACKs are stamped
	apart apart
	rows  []alignRow // of those that are aligned to learn from them
	kept  [alignKept]alignFit
}

// alignFit is what misfits said of an arrival last.
type alignFit struct {
	n     node
	base  int
	costs alignCosts
}

// alignRow is what the arrivals so far cost, by how many repeated ACKs are used up.
type alignRow struct {
	base int // of cost[0]
	cost alignCosts
}

// alignCosts are costs by how many repeated ACKs are used up, from the base of a row on.
type alignCosts [alignWidth]int32

const (
	alignBand   = 12 // so many repeated ACKs before and after the nearest one are tried
	alignWidth  = 2*alignBand + 1
	alignAround = 12 // so many arrivals before and after those that change places are looked at
	alignReach  = 64 // over so many others is an arrival moved, at most
	alignChunk  = 256
	alignKept   = 128 // more than arrivals are looked at for one that may change its place
	alignSkip   = 92
	alignNever  = int32(1 << 24)
)

// beginAlignment sets all arrivals beside the repeated ACKs and learns how far apart they
// are stamped.
func (b *builder) beginAlignment() {
	a := &b.align
	a.near = resize(a.near, len(b.beyond))
	a.slots = a.slots[:0]
	for _, s := range b.slots {
		a.slots = append(a.slots, b.fine.at[s])
	}
	a.apart.price(b.usual)
	b.placeNear(0, len(b.beyond))
	for from := 0; from < len(b.beyond); from += alignChunk {
		b.learnApart(from, min(from+alignChunk, len(b.beyond)))
	}
	a.apart.price(b.usual)
	for k := range a.kept {
		a.kept[k].n = noNode
	}
}

// placeNear fills near for the arrivals from one position up to another. None comes
// after a later one is stamped.
func (b *builder) placeNear(from, to int) {
	near, earliest := b.align.near, farFuture
	if to < len(near) && int(near[to]) < len(b.slots) {
		earliest = b.align.slots[near[to]]
	}
	for k := to - 1; k >= from; k-- {
		earliest = min(earliest, b.fine.at[b.beyond[k]])
		at, _ := slices.BinarySearch(b.align.slots, earliest)
		near[k] = int32(at)
	}
}

// farFuture is after all stamps.
const farFuture = int64(1<<63 - 1)

// row begins a row near arrival k.
func (b *builder) row(k int) (r alignRow) {
	r.base = int(b.align.near[k]) - alignBand
	for o := range r.cost {
		r.cost[o] = alignNever
	}
	return r
}

// openRow begins a row near arrival k, before which nothing counts.
func (b *builder) openRow(k int) alignRow { return alignRow{base: int(b.align.near[k]) - alignBand} }

// at is what it costs with so many repeated ACKs used up.
func (r *alignRow) at(used int) int32 {
	switch o := used - r.base; {
	case o < 0:
		return alignNever
	case o >= alignWidth:
		return r.cost[alignWidth-1] + alignSkip*int32(o-alignWidth+1)
	default:
		return r.cost[o]
	}
}

// from is what at says of as many values as a row has, and one more, from one before the
// given base on.
func (r *alignRow) from(base int) (costs [alignWidth + 1]int32) {
	first, o := base-1-r.base, 0
	for ; first+o < 0 && o < len(costs); o++ {
		costs[o] = alignNever
	}
	if o < len(costs) && first+o < alignWidth {
		o += copy(costs[o:], r.cost[first+o:])
	}
	for ; o < len(costs); o++ {
		costs[o] = r.at(base - 1 + o)
	}
	return costs
}

// least is what it costs at best.
func (r *alignRow) least() int32 { return slices.Min(r.cost[:]) }

// extend lets an arrival with these misfits come after what another row tells.
func (r *alignRow) extend(last *alignRow, misfits *alignCosts) {
	before, cost := last.from(r.base), alignNever
	for o := range r.cost {
		cost = min(r.cost[o], cost+alignSkip, before[o+1]+alignSkip, before[o]+misfits[o])
		r.cost[o] = cost
	}
}

// misfits is what it costs that arrival n uses up the last one of so many repeated ACKs.
func (b *builder) misfits(n node, base int) (costs alignCosts) {
	b.steps += alignWidth
	at, apart, slots := b.fine.at[n], &b.align.apart, b.align.slots
	for o := range costs {
		costs[o] = alignNever
		if slot := base + o - 1; uint(slot) < uint(len(slots)) {
			side, bin := apartBin(slots[slot] - at)
			costs[o] = apart.cost[side][bin]
		}
	}
	return costs
}

// fits is what misfits says of the arrival at position k.
func (b *builder) fits(k, base int) *alignCosts {
	kept := &b.align.kept[k%alignKept]
	if n := b.beyond[k]; kept.n != n || kept.base != base {
		kept.n, kept.base, kept.costs = n, base, b.misfits(n, base)
	}
	return &kept.costs
}

// alignAround returns what the arrivals around i cost where it comes in turn, and at best
// where it comes after one of those up to j.
func (b *builder) alignAround(i, j int) (inTurn, later int32) {
	list := b.beyond
	from, to := max(0, i-alignAround), min(len(list), j+1+alignAround)
	stay, without, moved := b.openRow(from), b.row(from), b.row(from)
	for k := from; k < to; k++ {
		next := b.row(k)
		costs := b.fits(k, next.base)
		next.extend(&stay, costs)
		switch {
		case k == i:
			without, moved = stay, b.row(k)
		case k > i:
			last := without
			without = b.row(k)
			without.extend(&last, costs)
			last = moved
			moved = b.row(k)
			if moved.extend(&last, costs); k <= j {
				own := b.misfits(list[i], moved.base)
				moved.extend(&without, &own)
			}
		}
		stay = next
	}
	return stay.least(), moved.least()
}

// learnApart counts how far arrivals and their ACKs are stamped apart, as they fit best.
func (b *builder) learnApart(from, to int) {
	rows := append(b.align.rows[:0], b.openRow(from))
	for k := from; k < to; k++ {
		r := b.row(k)
		costs := b.misfits(b.beyond[k], r.base)
		r.extend(&rows[k-from], &costs)
		rows = append(rows, r)
	}
	b.align.rows = rows
	last := &rows[len(rows)-1]
	used := last.base + slices.Index(last.cost[:], last.least())
	for k := to; k > from; {
		b.steps++
		r, n := &rows[k-from], b.beyond[k-1]
		before, cost := &rows[k-1-from], r.at(used)
		switch {
		case cost == r.at(used-1)+alignSkip:
			used--
		case cost == before.at(used)+alignSkip:
			k--
		default:
			b.align.apart.add(b.align.slots[used-1] - b.fine.at[n])
			k, used = k-1, used-1
		}
	}
}

// apart counts how far arrivals and the ACKs for them are stamped apart, by which is
// first and by octaves.
type apart struct {
	count [2][apartBins]int64
	cost  [2][apartBins]int32
}

const (
	apartBins   = 18
	apartUnit   = 10 // the first bin ends at so many bits of nanoseconds
	apartWeight = 64 // of one that is counted; of the usual distance, before any is, four
	apartMost   = 104
)

func apartBin(d int64) (side, bin int) {
	if d < 0 {
		side, d = 1, -d
	}
	return side, min(bits.Len64(uint64(d)>>apartUnit), apartBins-1)
}

func (a *apart) add(d int64) {
	side, bin := apartBin(d)
	a.count[side][bin]++
}

// price says what each distance costs: the rarer it is among as many nanoseconds,
// the more. What is expected without counting becomes half as frequent by octave before
// and after the usual distance.
func (a *apart) price(usual int64) {
	_, at := apartBin(usual)
	least := alignNever
	for side := range a.cost {
		for bin := range a.cost[side] {
			weight := apartWeight*a.count[side][bin] + 4*apartWeight>>max(bin-at, at-bin)
			a.cost[side][bin] = int32(bucketOf(1<<(apartUnit+max(0, bin-1))) - bucketOf(weight))
			least = min(least, a.cost[side][bin])
		}
	}
	for side := range a.cost {
		for bin := range a.cost[side] {
			a.cost[side][bin] = min(a.cost[side][bin]-least, apartMost)
		}
	}
}
