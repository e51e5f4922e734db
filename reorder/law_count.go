package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// Without SACK a host that misses a segment answers each one beyond the hole at once
// by repeating its ACK, and the one that fills the hole by an ACK that advances (RFC
// 5681, section 4.2). As long as the hole is open its repeated ACKs and what arrives
// beyond it follow each other one by one: they say how many segments had come, not
// which. Where a segment's sequence number and its stamp disagree, that decides
// between the two, by how well arrivals and ACKs fit each other (see alignment).
//
// In our true recordings without SACK 5 of 4,598 arrivals while a hole is open have no ACK
// of their own, and 18 of 4,718 repeated ACKs are for none. Where a hole is open before
// and after two arrivals, every ACK repeats one number, and stamps alone tell which of
// them came first: nearly all mistakes are of this kind.
//
// A segment is compared with at most alignReach others after it and alignAround on each
// side, and each of them with alignWidth repeated ACKs: some nine thousand steps a packet
// at most.

// countArrivals reads the log of a half without SACK: which of its first copies came
// while a hole was open, and which filled one. Those the network delayed.
func (b *builder) countArrivals(dir uint8, data []numbered) {
	b.slots, b.beyond = b.slots[:0], b.beyond[:0]
	b.fine.read(b.g.stamp, b.g.clock)
	b.repetitions(dir)
	k, waiting, alike, next := 0, 0, false, tcp.Seq(0)
	for at := 1; at < len(b.log); at++ {
		last, seg := &b.items[b.log[at-1]].seg, &b.items[b.log[at]].seg
		if seg.Ack == last.Ack {
			if seg.Span() == 0 {
				b.slots = append(b.slots, b.log[at])
				waiting++
				alike = alike || seg.Window == last.Window
			}
			continue
		}
		k, next = countBefore(data, last.Ack, k), seg.Ack
		owed := waiting == 0 && b.between(data, k, b.log[at-1])
		if owed {
			waiting = 1 // the ACK that it owed for others was for what came beyond
		}
		if waiting > 0 && k < len(data) && data[k].number == last.Ack {
			b.delayed[data[k].n] = true
			k++
			// One that repeats the number with another window may only open that.
			if covered := data[k:countBefore(data, seg.Ack, k)]; alike || !owed && len(covered) <= waiting {
				b.fillsAfter(covered, data[k-1], b.log[at-1])
			}
			b.repeatedAfter(at, data[k-1].n)
		}
		open := waiting > 0
		for ; k < len(data) && data[k].number.Less(seg.Ack) && open; k++ {
			b.beyond = append(b.beyond, data[k].n)
			waiting = max(0, waiting-1)
		}
		waiting, alike = b.stillWaiting(data[k:], b.log[at], waiting), false
	}
	if waiting > 0 {
		for k = countBefore(data, next, k); k < len(data); k++ {
			b.beyond = append(b.beyond, data[k].n)
		}
	}
	for _, x := range data {
		if !b.delayed[x.n] {
			b.g.logged[x.n] = min(b.gate, countReach*b.reach)
		}
	}
	b.judgeByCount()
	b.repeatedInSequence()
}

// fillsAfter puts what fills a hole after all else that its ACK covers. It says nothing of
// one that came twice: the host's stack may have dropped the first copy. Nor where one of the
// others is stamped so long after the ACK before that this was for something else.
func (b *builder) fillsAfter(covered []numbered, filler numbered, before node) {
	k := countBefore(b.sorted, filler.number, 0)
	if !b.laws.has(LawAnswered) || k < len(b.sorted) && b.sorted[k].number == filler.number {
		return
	}
	for _, x := range covered {
		if b.g.clock[x.n]-b.g.clock[before] >= b.crossing {
			return
		}
	}
	for _, x := range covered {
		b.g.before(x.n, filler.n, LawAnswered)
	}
}

// repeatedAfter puts what a sender repeated right after what filled a hole after the ACK
// for that, entry at of the log, as far as each of these has an ACK of its own.
func (b *builder) repeatedAfter(at int, filler node) {
	ack, next, k := b.items[b.log[at]].seg.Ack, b.items[filler].seg.End(), 0
	for own := at + 1; own < len(b.log) && next.Less(ack) && b.laws.has(LawAnswered); own++ {
		b.steps++
		k = countBefore(b.sorted, next, k)
		if seg := &b.items[b.log[own]].seg; seg.Ack != ack || seg.Span() > 0 {
			return
		}
		if k == len(b.sorted) || b.sorted[k].number != next || !b.swapped(b.sorted[k].n, filler) {
			return
		}
		b.g.before(b.log[at], b.sorted[k].n, LawAnswered)
		next = b.items[b.sorted[k].n].seg.End()
	}
}

// swapped reports whether two packets are stamped so near each other that the capture may
// have swapped them, rather than the network.
func (b *builder) swapped(x, y node) bool {
	gap := b.g.clock[x] - b.g.clock[y]
	return max(gap, -gap) < b.crossing
}

// repeatedInSequence keeps in sequence what a sender repeated, as far as the capture
// explains better than the network what stamps say against that.
func (b *builder) repeatedInSequence() {
	if !b.laws.has(LawInSeq) {
		return
	}
	for k, x := range b.sorted {
		end := b.items[x.n].seg.End()
		for i := k + 1; i < len(b.sorted) && i < k+excuseReach && b.sorted[i].number.AtMost(end); i++ {
			b.steps++
			y := b.sorted[i]
			if y.number == end && b.g.clock[x.n] > b.g.clock[y.n] && b.swapped(x.n, y.n) {
				b.g.before(x.n, y.n, LawInSeq)
			}
		}
	}
}

// between reports whether an ACK is stamped after the first copy that follows k and
// before k itself.
func (b *builder) between(data []numbered, k int, ack node) bool {
	return k+1 < len(data) && b.fine.at[data[k+1].n] < b.fine.at[ack] && b.fine.at[ack] < b.fine.at[data[k].n]
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

// Counted is what the number of the host's repeated ACKs told of a packet.
type Counted uint8

// The answers. They are told of arrivals beyond a hole, without SACK.
const (
	Uncounted     Counted = iota // it is none of these
	CountedUnique                // no packet that follows it in sequence is stamped before it
	CountedInTurn                // it came in sequence, however late it is stamped
	CountedLate                  // the network delayed it
	CountedOpen                  // ACKs do not tell: it came in sequence unless it is stamped too late for that
)

// judgeByCount finds the arrivals that the network delayed: those with which all near
// fit the repeated ACKs better if they come after what is stamped before them.
func (b *builder) judgeByCount() {
	list := b.beyond
	if len(list) == 0 {
		return
	}
	b.beginAlignment()
	for i := 0; i < len(list); i++ {
		n := list[i]
		j, gap := b.overtakers(list, i)
		if b.delayed[n] {
			continue
		}
		if j == i {
			b.told[n] = CountedUnique
			continue
		}
		evidence := delayEvidence
		if gap >= b.crossing {
			evidence = crossedEvidence
		}
		switch inTurn, later := b.alignAround(i, j); {
		case inTurn-later >= evidence:
			b.told[n], b.delayed[n], b.g.logged[n] = CountedLate, true, 0
			copy(list[i:j], list[i+1:j+1])
			list[j] = n
			b.placeNear(i, j+1)
			i--
		case inTurn-later <= littleEvidence:
			b.told[n], b.g.logged[n] = CountedInTurn, b.gate
		default:
			b.told[n] = CountedOpen
		}
	}
}

// overtakers returns the last of the arrivals after i that are stamped before it, and
// by how much the first one is.
func (b *builder) overtakers(list []node, i int) (j int, gap int64) {
	j = i
	for k, others := i+1, 0; k < len(list) && k <= i+alignReach && others < countPatience; k++ {
		others++
		b.steps++
		if d := b.fine.at[list[i]] - b.fine.at[list[k]]; d > 0 {
			j, gap, others = k, max(gap, d), 0
		}
	}
	return j, gap
}

// By so much, in eighths of a bit, has an arrival to fit better after others than in turn:
// the network delays few of those that are stamped late, and where it would have to be
// by less than it usually delays, fewer. Up to littleEvidence it was in turn, however late
// it was stamped.
const (
	delayEvidence   = int32(80)
	crossedEvidence = int32(56)
	littleEvidence  = int32(23)
)

// countPatience arrivals in a row that are stamped later end the search for earlier ones.
const countPatience = 4

// countReach: a segment that was in time by count may be so many times as late as soft
// laws move others.
const countReach = 2

// reachOf is how far soft laws among inbound packets move n, at most.
func (b *builder) reachOf(n node) int64 {
	return max(b.reach, b.g.logged[n])
}
