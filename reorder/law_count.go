package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Without SACK a host that misses a segment answers each one beyond the hole at once
// by repeating its ACK, and the one that fills the hole by an ACK that advances (RFC
// 5681, section 4.2). As long as the hole is open its repeated ACKs and what arrives
// beyond it follow each other one by one: they say how many segments had come, not
// which. Where a segment's sequence number and its stamp disagree, that decides
// between the two.
//
// In our true recordings without SACK it calls 299 segments delayed by the network, 21
// of them wrongly, and misses 75, to which only stamps could tell more.
//
// A segment is compared with at most excuseReach others, for seven ways to set
// repeated ACKs beside them: some thousand steps a packet at most.

// countArrivals reads the log of a half without SACK: which of its first copies came
// while a hole was open, and which filled one. Those the network delayed.
func (b *builder) countArrivals(data []numbered) {
	b.slots, b.beyond = b.slots[:0], b.beyond[:0]
	k, waiting, next := 0, 0, tcp.Seq(0)
	for at := 1; at < len(b.log); at++ {
		last, seg := &b.items[b.log[at-1]].seg, &b.items[b.log[at]].seg
		if seg.Ack == last.Ack {
			if seg.Span() == 0 {
				b.slots = append(b.slots, b.log[at])
				waiting++
			}
			continue
		}
		k, next = behind(data, last.Ack, k), seg.Ack
		if waiting == 0 && b.between(data, k, b.log[at-1]) {
			waiting = 1 // the ACK that it owed for others was for what came beyond
		}
		if waiting > 0 && k < len(data) && data[k].number == last.Ack {
			b.delayed[data[k].n] = true
			k++
		}
		for ; k < len(data) && data[k].number.Less(seg.Ack); k++ {
			if waiting > 0 {
				b.beyond = append(b.beyond, data[k].n)
				waiting--
			}
		}
		waiting = b.stillWaiting(data[k:], b.log[at], waiting)
	}
	if waiting > 0 {
		for k = behind(data, next, k); k < len(data); k++ {
			b.beyond = append(b.beyond, data[k].n)
		}
	}
	for _, x := range data {
		if !b.delayed[x.n] {
			b.g.logged[x.n] = min(b.gate, countReach*b.reach)
		}
	}
	b.judgeByCount()
}

// between reports whether an ACK is stamped after the first copy that follows k and
// before k itself.
func (b *builder) between(data []numbered, k int, ack node) bool {
	return k+1 < len(data) && b.g.clock[data[k+1].n] < b.g.clock[ack] && b.g.clock[ack] < b.g.clock[data[k].n]
}

// stillWaiting is how many of the first copies had come beyond a hole at an ACK, at
// most so many: ACKs are also repeated for what came twice.
func (b *builder) stillWaiting(data []numbered, ack node, most int) (n int) {
	for i := 0; i < len(data) && i < excuseReach && n < most; i++ {
		b.steps++
		if b.g.clock[data[i].n] <= b.g.clock[ack]-b.crossing {
			n++
		}
	}
	return n
}

// judgeByCount finds the arrivals that the network delayed: those with which the
// others fit the repeated ACKs better where their stamps put them than where their
// sequence numbers do.
func (b *builder) judgeByCount() {
	list := b.beyond
	for i := 0; i < len(list); i++ {
		n := list[i]
		j, gap := b.overtakers(list, i)
		if j == i || gap <= b.usual || b.delayed[n] {
			continue
		}
		shift := b.slotsFor(list, i, j)
		var stay, move int64
		for k := i + 1; k <= j; k++ {
			stay += b.misfit(list[k], k+shift)
			move += b.misfit(list[k], k-1+shift)
		}
		evidence := countBound * b.usual * 3 / 4
		if gap < b.crossing {
			evidence = countBound * b.usual * 2
		}
		if stay-move >= evidence {
			b.delayed[n], b.g.logged[n] = true, 0
			copy(list[i:j], list[i+1:j+1])
			list[j] = n
			i--
		}
	}
}

// overtakers returns the last of the arrivals after i that are stamped before it, and
// by how much the first one is.
func (b *builder) overtakers(list []node, i int) (j int, gap int64) {
	j = i
	for k, others := i+1, 0; k < len(list) && k <= i+excuseReach && others < countPatience; k++ {
		others++
		b.steps++
		if d := b.g.clock[list[i]] - b.g.clock[list[k]]; d > 0 {
			j, gap, others = k, max(gap, d), 0
		}
	}
	return j, gap
}

// slotsFor returns by how much the repeated ACKs are shifted against the arrivals
// around those from i to j: some of either were not recorded, or are for something
// else.
func (b *builder) slotsFor(list []node, i, j int) (shift int) {
	ref := max(0, i-1)
	at, _ := slices.BinarySearchFunc(b.slots, b.g.clock[list[ref]], func(s node, t int64) int {
		if b.g.clock[s] < t {
			return -1
		}
		return 1
	})
	best := int64(-1)
	for _, s := range [...]int{0, -1, 1, -2, 2, -3, 3} {
		var sum int64
		for k := max(0, i-countAround); k < i; k++ {
			sum += b.misfit(list[k], k+at-ref+s)
		}
		for k := j + 1; k < min(len(list), j+1+countAround); k++ {
			sum += b.misfit(list[k], k+at-ref+s)
		}
		if best < 0 || sum < best {
			best, shift = sum, at-ref+s
		}
	}
	return shift
}

// misfit is by how much more an arrival and the repeated ACK in a slot are apart than
// usual delays explain, up to a bound.
func (b *builder) misfit(n node, slot int) int64 {
	b.steps++
	if slot < 0 || slot >= len(b.slots) {
		return countBound * b.usual
	}
	d := b.g.clock[n] - b.g.clock[b.slots[slot]]
	return min(max(max(d, -d)-countUsual*b.usual, 0), countBound*b.usual)
}

// countReach: a segment that was in time by count may be so many times as late as soft
// laws move others.
const countReach = 2

// An arrival and its ACK are up to countUsual usual delays apart, and what is beyond
// counts up to countBound of them; countAround arrivals on each side show the shift;
// countPatience in a row that are stamped later end the search for earlier ones.
const (
	countUsual    = 3
	countBound    = 5
	countAround   = 8
	countPatience = 4
)

// reachOf is how far soft laws among inbound packets move n, at most.
func (b *builder) reachOf(n node) int64 {
	return max(b.reach, b.g.logged[n])
}
