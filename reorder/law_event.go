package reorder

import "slices"

// Log is what events of the capturing host's own trace say of one packet.
type Log struct {
	TCP   Places // among what the host's TCP has received and sent
	Given Places // among what its stack gave the raw socket
	Taken Places // among what the program took out of the raw socket

	// Late is by how much the packet was stamped later than its event, at least;
	// nanoseconds.
	Late int64
}

// Places are where in a log the event of a packet is: somewhere from First to Last. They
// count from 1 on, and are 0 where the log says nothing of the packet.
type Places struct{ First, Last uint32 }

// known reports whether the log says something.
func (p Places) known() bool { return p.First != 0 }

// before reports whether all places of p are before those of q.
func (p Places) before(q Places) bool { return p.known() && p.Last < q.First }

// log is one of the host's logs, and the laws of those packets that it has: received and
// sent ones.
type log struct {
	places   func(*Log) Places
	in, out  Law
	together bool // it tells too which came first, one received or one sent
}

// logs are the host's logs, those first that are believed less.
var logs = [...]log{
	{func(l *Log) Places { return l.Taken }, LawTaken, LawTaken, false},
	{func(l *Log) Places { return l.Given }, LawGiven, LawGiven, false},
	{func(l *Log) Places { return l.TCP }, LawInEvent, LawOutEvent, true},
}

// of is where the log has a packet.
func (l *log) of(it *item) Places {
	if it.log == nil {
		return Places{}
	}
	return l.places(it.log)
}

// law is the log's law for a packet.
func (l *log) law(it *item) Law {
	if it.out() {
		return l.out
	}
	return l.in
}

// placed is a packet with its places in a log.
type placed struct {
	n node
	Places
}

// inLog lists the packets of a list that a log has, by their first places.
func (b *builder) inLog(list []node, l *log) []placed {
	b.placed = b.placed[:0]
	for _, n := range list {
		if p := l.of(&b.items[n]); p.known() && b.laws.has(l.law(&b.items[n])) {
			b.placed = append(b.placed, placed{n, p})
		}
	}
	slices.SortStableFunc(b.placed, func(x, y placed) int { return int(x.First) - int(y.First) })
	return b.placed
}

// logged puts packets in the order of the host's logs: by one that tells of both halves once,
// with the first that the host did not send.
func (b *builder) logged(dir uint8) {
	for i := range logs {
		l := &logs[i]
		if !l.together {
			b.inOrder(b.inLog(b.half[dir], l), l)
		} else if !b.said[dir].out && (dir == 0 || b.said[0].out) {
			b.inOrder(b.inLog(b.list, l), l)
		}
	}
}

// inOrder puts packets in the order of a log. The moments at which packets come are
// virtual nodes, one after the other: a packet is after that of its first place, and
// before the first one after its last.
func (b *builder) inOrder(list []placed, l *log) {
	if len(list) < 2 {
		return
	}
	b.moments = b.moments[:0]
	for i, x := range list {
		if i == 0 || x.First != list[i-1].First {
			b.moments = append(b.moments, placed{b.g.virtual(), x.Places})
		}
	}
	for i := 1; i < len(b.moments); i++ {
		b.g.before(b.moments[i-1].n, b.moments[i].n, l.in)
	}
	for _, x := range list {
		law := l.law(&b.items[x.n])
		at, _ := slices.BinarySearchFunc(b.moments, x.First, placed.atFirst)
		b.g.before(b.moments[at].n, x.n, law)
		if after, _ := slices.BinarySearchFunc(b.moments, x.Last+1, placed.atFirst); after < len(b.moments) {
			b.g.before(x.n, b.moments[after].n, law)
		}
	}
}

func (x placed) atFirst(place uint32) int { return int(x.First) - int(place) }

// loggedCrossings says of received packets that the host's logs hold whether the network
// let them come after higher ones of their sender, as far as the logs tell: whatever the
// stamps are.
func (b *builder) loggedCrossings(dir uint8) {
	for i := range logs {
		list := b.inLog(b.half[dir], &logs[i])
		byLast := append(b.moments[:0], list...)
		slices.SortStableFunc(byLast, func(x, y placed) int { return int(x.Last) - int(y.Last) })
		b.moments = byLast
		certain, possible := crossing{b, byLast, noNode}, crossing{b, list, noNode}
		for _, x := range list {
			certain.pass(func(y *placed) bool { return y.Last < x.First })
			if certain.isAbove(x.n) {
				b.crossed[x.n] = true
			}
		}
		for _, x := range byLast {
			possible.pass(func(y *placed) bool { return y.First < x.Last })
			if !possible.isAbove(x.n) {
				b.crossed[x.n] = false
			}
		}
	}
}

// crossing is the highest of packets that come before others.
type crossing struct {
	b    *builder
	rest []placed // those that are not passed yet
	top  node
}

// pass takes those that come before, which are the first ones of the rest.
func (c *crossing) pass(before func(*placed) bool) {
	for ; len(c.rest) > 0 && before(&c.rest[0]); c.rest = c.rest[1:] {
		if n := c.rest[0].n; c.top == noNode || !higher(&c.b.items[c.top], &c.b.items[n]) {
			c.top = n
		}
	}
}

// isAbove reports whether the highest one that was passed is above a packet.
func (c *crossing) isAbove(n node) bool {
	return c.top != noNode && above(&c.b.items[c.top], &c.b.items[n])
}

// loggedDelays says of received data that the host's logs show to have come after bytes
// beyond it that the network delayed it: no law asks for its place by its numbers, where
// the log has it in one place.
func (b *builder) loggedDelays(dir uint8) {
	for i := range logs {
		l := &logs[i]
		if !b.laws.has(l.in) {
			continue
		}
		var earliest Places // of the data beyond
		for _, x := range slices.Backward(b.data[dir]) {
			p := l.of(&b.items[x.n])
			if !p.known() {
				continue
			}
			b.delayed[x.n] = b.delayed[x.n] || p.First == p.Last && earliest.before(p)
			if !earliest.known() || p.Last < earliest.Last {
				earliest = p
			}
		}
	}
}
