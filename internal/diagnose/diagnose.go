// Package diagnose says of each flag of the analyser whether it was made by the
// capture or happened on the network, and what happened there.
//
// It promises exactly one verdict for every flag of the input, from the packets
// in repaired order: what comes before a flagged packet, and what follows it.
// A verdict that waits for an answer (a D-SACK, the filling of a hole) is given
// when the answer comes, when none can come any more, or at the end. Where the
// evidence does not reach, the verdict is "undecided". Memory is bounded.
package diagnose

import (
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Packet is one packet in its repaired place, as diagnosis and summary need it.
type Packet struct {
	Frame      int64 // in the input
	FrameAfter int64 // in the output
	Time       int64 // as repaired, nanoseconds since 1970
	Earlier    int64 // than its stamp on the clock of its interface's reference, nanoseconds, where it is Moved
	Pair       conn.Pair
	// Segment is nil for what is not TCP, or not followed. Diagnosis doesn't use its Stamp
	// and Frame, and it is not kept.
	Segment       *tcp.Segment
	Before, After tcp.Analysis // flags in the input and in the output
	Timed         bool         // it has a stamp
	Moved         bool         // it has another place or time, by law or since it was sorted
	ByLaw         bool         // it has another place or time, by Law
	Left          bool         // a violation of Law was left as it is
	Law           reorder.Law
	// Nearest and Farthest are given where the connection is recorded twice: how long
	// after each other the two copies of a packet can be, nanoseconds. Farthest is 0
	// where it isn't.
	Nearest, Farthest int64
	// Drop is the place in Diagnoser.Drops, from 1, of a packet that is here as the host
	// dropped it, and 0 for all others. DropAgain says that this was told before.
	Drop      int32
	DropAgain bool
}

// Diagnoser takes all packets of a capture in repaired order.
type Diagnoser struct {
	// Reverses says that the capture's driver handed up all bursts in reverse: inbound
	// packets of one stamp, as far as they are in the order of the record. It is to be set before the
	// first packet.
	Reverses bool
	// Tick is that of the capture's clock, nanoseconds; 0 where it is too fine to matter.
	// It is to be set before the first packet.
	Tick int64
	// Drops are who dropped packets of the host, and why. They are to be set before the
	// first packet.
	Drops []Dropped

	say     func(*Finding)
	said    Finding          // to it, last: one that was only begun on the stack would not stay there
	flows   *tcp.Store[flow] // by Segment.Flow
	history history
	loss    lossMeter
	fates   [sides]Counts // of the packets that went back, by direction
	waiting int           // cases of all flows that wait for their verdict, or follow one that does
	holes   int           // of all senders that are remembered
	due     int           // packets of all senders whose second copy is to come
	events  int64         // that were begun
	held    int           // of them, those that are remembered
	steps   int64
	givenUp GivenUp
}

// maxWaiting bounds the cases that wait for evidence, and maxWaitingFlow those
// of one connection. Beyond, the oldest of the connection has its verdict by what is
// known. Each packet is shown to all that wait in its connection: if that was
// more often than watchPerPacket times for each of its packets, and firstLook and
// mostLook as in history, no more than that may wait. In the lossiest of our
// recordings 45 wait on average.
const (
	maxWaiting     = 1 << 14
	maxWaitingFlow = 1 << 8
	watchPerPacket = 48
)

// New returns a Diagnoser that hands each finding to say, in no particular
// order; the finding is valid until say returns.
func New(say func(*Finding)) *Diagnoser {
	d := &Diagnoser{say: say}
	d.flows = tcp.NewStore(d.over)
	return d
}

// Add takes the next packet in repaired order. It does not keep p.
func (d *Diagnoser) Add(p *Packet) {
	if p.Drop != 0 && !p.DropAgain {
		d.discard(p)
	}
	if p.Segment == nil { // laws alone were applied to it
		if p.Left {
			d.left(p)
		}
		return
	}
	f := d.flows.Of(p.Segment.Flow)
	var m moment // field by field: see tcp.Analyser.AddAt
	m.d, m.p, m.s, m.f, m.dir = d, p, p.Segment, f, p.Segment.Dir&1
	m.from, m.to = &f.ends[m.dir], &f.ends[m.dir^1]
	if p.Farthest > 0 && m.isSecond() {
		return // it tells nothing that the first copy didn't
	}
	if !f.begun {
		f.begin(p, d.Tick)
	}
	if opening := m.s.Opening(&m.from.origin, &m.to.origin); opening != tcp.Continues {
		m.beginAgain(opening)
	}
	if p.Drop != 0 && m.isDropped() {
		return // as above
	}
	m.reversed = d.Reverses && m.isReversed()
	if p.Before|p.After != 0 {
		m.findOriginal() // a copy is always flagged
	}
	if len(f.waiting) > 0 {
		d.observe(&m)
	}
	if p.Before|p.After != 0 {
		m.decide()
	} else if p.Left {
		d.left(p)
	}
	if len(f.filled) > 0 {
		c := m.pending() // nobody flags it, but its fate is what they wait for
		m.gather(c)
		m.await(c)
	}
	m.learn()
	d.history.add(&m)
	if p.Farthest > 0 {
		m.awaitSecond()
	}
}

// Meet says that the next packet is one of the connection with this id, and ends what
// waits in the one that makes way for it, if one does. Add does so too: Meet is for who
// keeps something by connection besides, and still has it.
func (d *Diagnoser) Meet(id uint64) { d.flows.Of(id) }

// Finish ends all that still waits.
func (d *Diagnoser) Finish() { d.flows.Each(d.over) }

// over ends what waits in a connection that makes way for another, or at the end.
func (d *Diagnoser) over(_ uint64, f *flow) {
	d.close(f)
	for i := range f.ends {
		d.due -= len(f.ends[i].unpaired)
		f.ends[i].unpaired = nil
	}
}

// close ends what waits in a connection that is over, and what is counted of it.
func (d *Diagnoser) close(f *flow) {
	if !f.begun {
		return
	}
	for len(f.waiting) > 0 {
		d.concludeFirst(f)
	}
	f.waiting = nil
	m := moment{d: d, p: &f.opening, f: f}
	for i := range f.ends {
		f.ends[i].countMissed(&m, true)
		d.holes -= len(f.ends[i].holes)
		f.ends[i].holes = nil
	}
	if f.oneSided() {
		d.loss.sums[sideOf(f.opened, true)].oneSided++
	}
	d.sayOneSided(f)
	for i := range f.ends {
		d.forgetEvents(&f.ends[i])
	}
	f.begun = false
}

// Loss is the estimate of what the capture missed, without what the file itself
// says. It is to be asked for once, after Finish.
func (d *Diagnoser) Loss() report.CaptureLoss { return d.loss.result() }

// begin begins the next finding, which is to be handed out before another one is begun so.
func (d *Diagnoser) begin(p *Packet, number int) *Finding {
	d.said.begin(p, number)
	return &d.said
}

// hand says a finding, with the event that it belongs to. The connection is nil for one
// that is of none.
func (d *Diagnoser) hand(of *flow, f *Finding) {
	d.number(of, f)
	d.say(f)
}

// left says that a violated law stays as it is.
func (d *Diagnoser) left(p *Packet) {
	f := d.begin(p, -1)
	f.sentence = verdict(Undecided, "the law is violated by more than a packet may move, or putting it right would break other laws; the packet stays")
	d.hand(nil, f)
}

// Events is how many events the findings so far belong to.
func (d *Diagnoser) Events() int64 { return d.events }

// GivenUp counts what bounds have made the diagnosis give up.
type GivenUp struct {
	Holes int64 // connections of which holes were forgotten: too many were open at once
	Looks int64 // times that no more of the packets before a flagged one could be looked at
	Gaps  int64 // gaps that were not compared with all others of their time: too many were held
	Waits int64 // flags that were decided before the evidence for them came: too many waited
}

// GivenUp says what was given up so far.
func (d *Diagnoser) GivenUp() GivenUp {
	g := d.givenUp
	g.Looks, g.Gaps = d.history.short, d.loss.gaps.early
	return g
}

// Steps is how many steps were taken so far in loops whose length the input
// decides.
func (d *Diagnoser) Steps() int64 { return d.steps + d.history.steps + d.loss.gaps.steps }
