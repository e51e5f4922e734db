package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// The bounds of waiting, nanoseconds.
const (
	leastGrace = int64(50e6)  // after the ACK of all bytes: a D-SACK can still come
	mostWait   = int64(120e9) // without any ACK
	recordedBy = int64(100e6) // by which a packet is recorded behind the ACK for it
)

// awaited is a case that waits, with what each later packet of the connection is
// compared with: so that it lies together, and most cases aren't touched.
type awaited struct {
	*pending
	bytes   tcp.Range
	since   int64 // it waits from this time on
	wait    int64 // for so long, nanoseconds; 0 is as long as the packet at hand says
	dir     uint8
	lost    bool
	fresh   bool // what its receiver says next may answer the packet itself
	covered bool
}

// sight is a packet as the cases that wait look at it.
type sight struct {
	p     *Packet
	s     *tcp.Segment
	stamp int64
	bytes tcp.Range // its own; empty where it has none
	bears bool      // it has some
	dir   uint8
	acks  bool
	ack   tcp.Seq // its ACK number
	says  bool    // something new: it is no bare duplicate ACK
	told  bool    // the first SACK block is a D-SACK
	// blocks: it has SACK blocks; tells: it may tell something of each case of its
	// receiver's, whatever its ACK number.
	blocks, tells bool
	twin          bool // it is a second copy of a packet that its sender sent once
	grace         int64
}

func (m *moment) sight() sight {
	p, s := m.p, m.s
	return sight{
		p: p, s: s, stamp: p.Stamp, twin: m.original != nil, dir: s.Dir & 1, acks: s.HasAck(), told: s.DSACK(),
		ack: s.Ack, blocks: s.SACKs > 0, tells: s.DSACK() || !s.HasAck(),
		bytes: tcp.Range{Left: s.Seq, Right: s.End()}, bears: s.Seq != s.End(),
		says:  s.Span() > 0 || tcp.Analysis(p.Before|p.After)&tcp.DuplicateAck == 0,
		grace: max(leastGrace, 2*m.f.roundTrip()),
	}
}

// await lets the case wait, and the ones with it whose hole the packet fills.
func (m *moment) await(c *pending) {
	if !c.lost {
		c.followers, m.f.filled = append(c.followers, m.f.filled...), nil
	}
	f, d := m.f, m.d
	most := maxWaitingFlow
	if f.watch <= 0 {
		most = watchPerPacket
	}
	for n := f.waiting.len(); n > 0 && (n >= most || d.waiting >= maxWaiting); n-- {
		d.givenUp.Waits++
		d.settle(f, f.waiting.takeFirst())
	}
	f.waiting.add(awaited{pending: c, bytes: c.bytes, since: c.stamp, wait: mostWait, dir: c.dir, lost: c.lost, fresh: true})
	if d.waiting++; d.waiting > maxWaiting {
		d.givenUp.Waits++
		d.settle(f, f.waiting.takeLast())
	}
}

// observe shows a packet to the cases that wait in its connection.
func (d *Diagnoser) observe(m *moment) {
	f, list := m.f, m.f.waiting.all()
	f.watch -= len(list)
	d.steps += int64(len(list))
	at, from, to := m.sight(), 0, 0 // those that wait on are list[from:to] so far
	for i := 0; ; i++ {
		n := at.next(list, i)
		if to != i && n != i {
			copy(list[to:], list[i:n])
		}
		to += n - i
		if i = n; i == len(list) {
			break
		}
		switch done, filled := list[i].see(&at); {
		case filled:
			f.filled = append(f.filled, list[i].pending)
		case done:
			d.settle(f, list[i].pending)
		default:
			if to != i {
				list[to] = list[i]
			}
			to++
			continue
		}
		if from == to {
			from, to = i+1, i+1
		}
	}
	f.waiting.keep(from, to)
}

// next finds the first case from one on of which the packet can tell something, or
// that waits no longer; the length of the list where there is none. A hostile capture has dozens wait for
// each packet.
func (at *sight) next(list []awaited, from int) int {
	own, peers, ack, blocks := at.bytes, at.tells, at.ack, at.blocks
	stamp, grace := at.stamp, at.grace
	for i := from; i < len(list); i++ {
		w := &list[i]
		switch {
		case w.dir != at.dir:
			if w.fresh || peers || !w.covered && (w.lost && blocks || w.bytes.Right.AtMost(ack)) {
				return i
			}
		case at.bears && (w.fresh || w.bytes.Overlaps(own)):
			return i
		}
		if waited := stamp - w.since; waited > w.wait && (w.wait != 0 || waited > grace) {
			return i
		}
	}
	return len(list)
}

// settle ends a case of the connection that waits no longer.
func (d *Diagnoser) settle(f *flow, c *pending) {
	d.waiting--
	d.conclude(f, c)
}

// see takes in a later packet of the connection: whether that settles the case,
// and whether the packet fills the hole of a lost one.
func (w *awaited) see(at *sight) (done, filled bool) {
	switch {
	case w.dir == at.dir:
		if at.bears {
			w.fresh = false
			filled = w.bytes.Left.Less(at.bytes.Right) && at.bytes.Left.Less(w.bytes.Right) && w.seeAgain(at)
		}
	case at.acks:
		if w.fresh || at.told || !w.covered && (w.lost || w.bytes.Right.AtMost(at.s.Ack)) {
			w.seeReceiver(at)
		}
	case !w.covered && w.refusedBy(at.s):
		w.cover(at)
	}
	wait := w.wait
	if wait == 0 {
		wait = at.grace
	}
	return at.stamp-w.since > wait, filled
}

// seeAgain takes in a later packet that bears bytes of the case's.
func (w *awaited) seeAgain(at *sight) (filled bool) {
	if c := w.pending; c.later == 0 {
		c.later, c.laterSent = at.p.Frame, datedBy(&c.seg).compare(at.s)
		c.byLater = c.byLater || c.dsack != 0 && c.seg.Outbound == tcp.In && recordedFirst(at.stamp-c.dsackAt, c.dsackAt-c.stamp)
		if at.twin {
			c.laterSent = 1
		}
	}
	return w.lost
}

// recordedFirst reports whether a D-SACK, that was recorded so many nanoseconds before a
// copy and so many after another one, is the answer to the former: it tells of what came
// just now (RFC 2883, section 4).
func recordedFirst(before, after int64) bool { return before <= recordedLate && before < after }

// seeReceiver looks for what the receiver says of the bytes.
func (w *awaited) seeReceiver(at *sight) {
	s, c := at.s, w.pending
	if at.told && c.dsack == 0 && s.SACK[0].Overlaps(w.bytes) {
		c.dsack, c.dsackAt, c.byLater = at.p.Frame, at.stamp, c.later != 0
	}
	if w.fresh && !at.twin {
		if c.mayRepeat() && !at.says {
			c.repeated = at.p.Frame
		}
		c.answers++
		w.fresh = c.answers == 1 && !c.heard
	}
	switch {
	case w.covered:
	case w.bytes.Right.AtMost(s.Ack):
		c.echo, c.echoes = s.TSecr, s.HasTS
		w.cover(at)
	case !w.lost:
	case c.sacked(s):
		w.cover(at)
	case !at.twin && c.denies(s):
		if c.asked.times++; c.asked.times == 1 {
			c.asked.frame, c.asked.stamp = at.p.Frame, at.stamp
		}
	}
}

// cover notes that the packet at hand acknowledges all bytes, or refuses them.
func (w *awaited) cover(at *sight) {
	w.pending.covered, w.coveredAt = at.p.Frame, at.stamp
	w.covered, w.since, w.wait = true, at.stamp, 0
	if w.lost {
		w.wait = recordedBy
	}
}

// mayRepeat: what the receiver says next answers the packet itself, and not the
// one that it is like. Its sender has sent nothing since.
func (c *pending) mayRepeat() bool {
	return c.answers == 0 && c.heard || c.answers == 1 && !c.heard
}

// queue holds the cases of a connection that wait, oldest first.
type queue struct {
	list []awaited // from head on
	head int
}

func (q *queue) len() int { return len(q.list) - q.head }

// all lists the cases. It is valid until another method is called.
func (q *queue) all() []awaited { return q.list[q.head:] }

// add adds a case. The room of those that were taken from the front is used again
// once they are as many as those left.
func (q *queue) add(w awaited) {
	if len(q.list) == cap(q.list) && 2*q.head >= len(q.list) {
		n := copy(q.list, q.all())
		clear(q.list[n:])
		q.list, q.head = q.list[:n], 0
	}
	q.list = append(q.list, w)
}

// takeFirst takes the oldest case out.
func (q *queue) takeFirst() *pending {
	c := q.list[q.head].pending
	q.list[q.head].pending = nil
	q.head++
	return c
}

// takeLast takes the newest case out.
func (q *queue) takeLast() *pending {
	c := q.list[len(q.list)-1].pending
	q.keep(0, q.len()-1)
	return c
}

// keep keeps the cases from one on up to another.
func (q *queue) keep(from, to int) {
	clear(q.list[q.head+to:])
	clear(q.list[q.head : q.head+from])
	q.list, q.head = q.list[:q.head+to], q.head+from
}
