package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// awaited is a case that waits, with what each later packet of the connection is
// compared with: so that it lies together, and most cases aren't touched.
type awaited struct {
	*pending
	bytes tcp.Range
	since int64 // it waits from this time on, nanoseconds
	stage stage
}

// await lets the case wait, and the ones with it whose hole the packet fills.
func (m *moment) await(c *pending) {
	if !c.lost {
		c.followers, m.f.filled = append(c.followers, m.f.filled...), nil
	}
	f, d := m.f, m.d
	d.waiting++
	most := maxWaitingFlow
	if f.watch <= 0 {
		most = watchPerPacket
	}
	for n := len(f.waiting); n > 0 && (n >= most || d.waiting > maxWaiting); n-- {
		d.givenUp.Waits++
		d.concludeFirst(f)
	}
	if d.waiting > maxWaiting {
		d.givenUp.Waits++
		d.conclude(f, c)
		return
	}
	w := awaited{pending: c, bytes: c.bytes, since: c.time, stage: isFresh | stage(c.dir)}
	if c.lost {
		w.stage |= isLost
	}
	f.waiting = append(f.waiting, w)
}

// observe shows a packet to the cases that wait in its connection.
func (d *Diagnoser) observe(m *moment) {
	f, list := m.f, m.f.waiting
	f.watch -= len(list)
	d.steps += int64(len(list))
	from, to := 0, 0 // those that wait on are list[from:to] so far
	var at sight     // in place: see tcp.Analyser.AddAt
	m.sight(&at)
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
			d.conclude(f, list[i].pending)
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
	clear(list[to:])
	clear(list[:from])
	f.waiting = list[from:to]
}

// see takes in a later packet of the connection: whether that ends its wait,
// and whether the packet fills the hole of a lost one.
func (w *awaited) see(at *sight) (done, filled bool) {
	isCovered := w.stage&isCovered != 0
	switch {
	case w.pending.dir == at.s.Dir&1:
		if at.bears {
			w.stage &^= isFresh
			filled = w.bytes.Overlaps(at.bytes) && w.seeAgain(at)
		}
	case at.s.HasAck():
		if w.stage&isFresh != 0 || at.told || !isCovered && (w.pending.lost || w.bytes.Right.AtMost(at.ack)) {
			w.seeReceiver(at)
		}
	case !isCovered && w.refusedBy(at.s):
		w.cover(at)
	}
	return at.expired(w), filled
}

// seeAgain takes in a later packet that bears bytes of the case's.
func (w *awaited) seeAgain(at *sight) (filled bool) {
	if c := w.pending; c.later == 0 {
		c.later, c.laterSent = at.p.Frame, datedBy(&c.seg).compare(at.s)
		c.byLater = c.byLater || c.dsack != 0 && c.seg.Outbound == tcp.In && recordedFirst(at.time-c.dsackAt, c.dsackAt-c.time)
		if at.twin {
			c.laterSent = 1
		}
	}
	return w.pending.lost
}

// recordedFirst reports whether a D-SACK, that was recorded so many nanoseconds before a
// copy and so many after another one, is the answer to the former: it tells of what came
// just now (RFC 2883, section 4).
func recordedFirst(before, after int64) bool { return before <= recordedLate && before < after }

// seeReceiver looks for what the receiver says of the bytes.
func (w *awaited) seeReceiver(at *sight) {
	s, c := at.s, w.pending
	if at.told && c.dsack == 0 && s.SACK[0].Overlaps(w.bytes) {
		c.dsack, c.dsackAt = at.p.Frame, at.time
		c.byLater = c.later != 0 || c.seg.Outbound == tcp.In && at.time-c.time > recordedLate
		w.stage |= isTold
	}
	if w.stage&isFresh != 0 && !at.twin {
		if c.mayRepeat() && !at.says {
			c.repeated = at.p.Frame
		}
		if c.answers++; c.answers > 1 || c.heard {
			w.stage &^= isFresh
		}
	}
	switch {
	case w.stage&isCovered != 0:
	case w.bytes.Right.AtMost(s.Ack):
		c.echo, c.echoes, c.answered = s.TSecr, s.HasTS, at.after
		w.cover(at)
	case !c.lost:
	case c.sacked(s):
		w.cover(at)
	case !at.twin && c.denies(s):
		if c.asked.times++; c.asked.times == 1 {
			c.asked.frame, c.asked.time = at.p.Frame, at.time
		}
	}
}

// cover notes that the current packet acknowledges all bytes, or refuses them.
func (w *awaited) cover(at *sight) {
	w.pending.covered, w.coveredAt = at.p.Frame, at.time
	w.stage, w.since = w.stage|isCovered, at.time
}

// mayRepeat: what the receiver says next answers the packet itself, and not the
// one that it is like. Its sender has sent nothing since.
func (c *pending) mayRepeat() bool {
	return c.answers == 0 && c.heard || c.answers == 1 && !c.heard
}
