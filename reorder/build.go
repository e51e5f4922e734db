package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// builder turns the packets of one connection in the window into constraints,
// law by law.
type builder struct {
	g     *graph
	items []item
	laws  lawSet
	ipid  IPIDMode

	reversesBursts bool // the capture is known to do so

	gate     int64
	farthest int64  // how far what is proved to be late may move, nanoseconds
	reach    int64  // how far soft laws among inbound packets move one, at most
	usual    int64  // how late a packet is in the median, nanoseconds
	longest  int64  // the same, at most
	crossing int64  // from it on a late inbound packet is rather the network's doing
	lateness int64  // how late a packet is usually stamped, at most
	excused  []bool // packets that are retransmissions of originals that the capture dropped

	traced  bool   // the host's own trace tells of some packet
	dsacks  []int  // where in list there are D-SACKs
	steps   int64  // packets that were looked at so far for others near them
	delayed []bool // inbound packets that the host's ACKs show to have come late
	crossed []bool // inbound packets that come after higher ones rather by the network's doing, by how late they are

	stamps  earliest      // of the window
	fine    fineClock     // of the window
	opens   node          // the first SYN of the host's that is no repetition
	list    []node        // the connection's packets, in basis order
	half    [2][]node     // those of each sender
	spoken  [2][]stretch  // what each sender says, once somebody has asked
	said    [2]said       // by each sender
	data    [2][]numbered // first copies of each half by their first new byte, in sequence order
	kept    []numbered
	prefix  []node
	tree    []node
	sorted  []numbered
	given   []numbered // what is sorted, as it was given
	placed  []placed   // in one of the host's logs
	moments []placed
	reports []sackReport
	states  []sackState
	bare    []node
	asked   askers
	log     []node     // the host's ACKs, as it sent them
	arrived []interval // of the first copies of a half, in the log
	until   []int64    // by entry of the log: the first stamp from it on
	unseen  []int32    // by first copy: itself while no ACK has shown it, else one after it
	told    []Counted  // without SACK: what the number of repeated ACKs told
	slots   []node     // the repeated ACKs
	align   alignment
	beyond  []node // what arrived beyond a hole, in the order in which it is taken to have arrived
	copies  copies
}

// said tells what there is among the packets of one half, so that laws which
// speak of nothing there need not look.
type said struct {
	bits     tcp.Bits
	sacks    bool
	out      bool // the host sent the first of them
	sent     bool // the host sent any of them
	loopback bool
	crossed  bool // b.crossed was filled in for it
	doubt    lawSet
}

// numbered is a packet with the number that a law compares.
type numbered struct {
	n      node
	number tcp.Seq
}

// countBefore counts the numbers of a sorted list that lie before the given one. The
// count for another one, which may be near, spares the search.
func countBefore(list []numbered, number tcp.Seq, near int) int {
	for range 4 {
		switch {
		case near > 0 && !list[near-1].number.Less(number):
			near--
		case near < len(list) && list[near].number.Less(number):
			near++
		default:
			return near
		}
	}
	low, high := 0, len(list) // by hand: random SACK blocks ask several times for each packet
	for low < high {
		if middle := int(uint(low+high) / 2); list[middle].number.Less(number) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// take begins with the packets of one incarnation of a flow, in basis order.
func (b *builder) take(list []node) {
	b.list, b.dsacks, b.opens, b.traced = list, b.dsacks[:0], noNode, false
	b.half = [2][]node{b.half[0][:0], b.half[1][:0]}
	b.spoken = [2][]stretch{b.spoken[0][:0], b.spoken[1][:0]}
	b.said = [2]said{}
	for i, n := range list {
		it := &b.items[n]
		dir := it.seg.Dir & 1
		s := &b.said[dir]
		if len(b.half[dir]) == 0 {
			s.out = it.out()
		}
		b.half[dir] = append(b.half[dir], n)
		s.bits |= it.seg.Bits
		s.sent = s.sent || it.out()
		if it.seg.Bits.Has(tcp.SYN) && b.opens == noNode && it.first && it.out() {
			b.opens = n
		}
		s.doubt |= it.doubt
		b.traced = b.traced || it.log != nil
		s.loopback = s.loopback || it.seg.Outbound == tcp.Both
		if it.seg.SACKs > 0 {
			s.sacks = true
			if it.seg.DSACK() {
				b.dsacks = append(b.dsacks, i)
			}
		}
	}
}

// firstCopies collects what one half says first, but for what drops explain. What
// is before its SYN it said after that: nothing of it was there before.
func (b *builder) firstCopies(dir uint8) {
	data := b.data[dir][:0]
	opens := b.said[dir].bits.Has(tcp.SYN)
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if it.early && opens {
			it.first, it.newLeft = true, it.seg.Seq
		}
		if it.first && !b.excused[n] {
			data = append(data, numbered{n, it.newLeft})
		}
	}
	b.sortNumbered(data)
	b.data[dir] = data
}

// chain sorts b.sorted by number and puts each class of equal numbers before
// the next.
func (b *builder) chain(law Law) {
	b.sortNumbered(b.sorted)
	barrier := noNode
	for rest := b.sorted; len(rest) > 0; {
		k := 1
		for k < len(rest) && rest[k].number == rest[0].number {
			k++
		}
		barrier = b.class(rest[:k], barrier, k < len(rest), law)
		rest = rest[k:]
	}
}

// sortNumbered sorts by number, then by position.
func (b *builder) sortNumbered(list []numbered) { b.sortNearly(list, numbered.byPosition) }

// sortNearly sorts by number, then by what tie compares, a list of which most is in order,
// by moving what is not to its place. Where that is much, numbers may go round in a circle:
// what order they get then does not depend on how far it came.
func (b *builder) sortNearly(list []numbered, tie func(x, y numbered) int) {
	after := func(x, y numbered) bool {
		d := x.number.Sub(y.number)
		return d > 0 || d == 0 && tie(x, y) > 0
	}
	given, moves := false, len(list)
	for i := 1; i < len(list); i++ {
		x, at := list[i], i
		if !after(list[i-1], x) {
			continue
		}
		if !given {
			b.given, given = append(b.given[:0], list...), true
		}
		for ; at > 0 && after(list[at-1], x); at-- {
			list[at] = list[at-1]
		}
		list[at] = x
		if moves -= i - at; moves < 0 {
			copy(list, b.given)
			slices.SortFunc(list, func(x, y numbered) int {
				if d := x.number.Sub(y.number); d != 0 {
					return int(d)
				}
				return tie(x, y)
			})
			return
		}
	}
}

func (x numbered) byPosition(y numbered) int { return int(x.n - y.n) }

// class puts equal packets after a barrier, and before the one it returns.
func (b *builder) class(equal []numbered, barrier node, more bool, law Law) (next node) {
	next = noNode
	if more {
		next = b.g.virtual()
	}
	for _, x := range equal {
		if barrier != noNode {
			b.g.before(barrier, x.n, law)
		}
		if more {
			b.g.before(x.n, next, law)
		}
	}
	return next
}
