package reorder

import (
	"cmp"
	"math"
	"math/bits"
	"unsafe"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Placement says where a packet belongs. Placements come in repaired order.
type Placement struct {
	Index    int64 // of the packet as pushed, from 0
	Stamp    int64 // repaired time, nanoseconds
	TimeFrom int64 // index of the packet whose stamp it takes; its own where it keeps it
	Moved    bool  // it has another place or time, by Law
	Law      Law
	Left     bool // a violation of Law was left as it is
	Excused  bool // it looks late, but a drop of the capture explains it
	Counted  Counted

	// The packet happened between these times, if no packet was stamped later
	// than the gate, or a millisecond, says, and no clock was off by more than it
	// was set back: after its latest predecessor, and before its own stamp and its
	// earliest successor, as far as moving laws say.
	Earliest, Latest int64
}

// Stats count what an Orderer met, by law.
type Stats struct {
	Violations [NumLaws]int64 // packets that a single law wants elsewhere in the basis, within the gate
	Explained  [NumLaws]int64
	Moved      [NumLaws]int64
	Unrepaired [NumLaws]int64 // beyond the gate or the window, or contradicting
	MaxShift   int64          // nanoseconds
	Forced     int64          // times that the window was too small for the gate
	Forgotten  int64          // times that a range of a connection's numbers was forgotten: too many at once
	Unsorted   int64          // packets that came too late for their place by stamp: the window was too small
}

// Orderer places packets through a bounded window. It is not safe for
// concurrent use.
type Orderer struct {
	emit     func(Placement)
	profile  Profile
	laws     lawSet
	limit    int
	track    tracker
	lateness lateness
	idle     bool // no law is violated: every packet stays

	waiting  waitingRoom // stamp order only: not yet in the window
	highest  int64       // stamp among those since the last clock step
	released int64       // highest stamp of those that have left it since
	items    []item      // the window, in basis order
	pushed   int64
	latest   int64  // highest stamp pushed since the last clock step
	suspects []node // packets in the window that may violate a law
	doubt    lawSet // which laws
	settled  int    // packets at which the window is looked at next

	graph  graph
	build  builder
	stamp  []int64
	clock  []int64
	groups []group                   // the connections in the window that have a suspect
	newest []int32                   // by the connections' place: the last one there in groups, from 1
	elder  names[incarnation, int32] // the others by their name
	lists  [][]node
	opens  []node    // SYNs of the host's that open an incarnation
	first  []int64   // earliest time by the predecessors
	share  []node    // the first packet that moves to each position
	next   []node    // the one after it there
	aside  []bounded // those whose bound does not count for others
	key    []int32
	rank   []int32
	out    []node

	wanted func(index int64) bool
	tell   func(Trace)
	leave  links // of the window, once a watched packet has asked

	stats   Stats
	measure *scales // of a Survey, which wants nothing else: displacements that the violations ask for
	counted *tally  // beside them, once a Survey has stopped placing
}

// NewOrderer returns an Orderer that hands every pushed packet to emit once, in
// repaired order; emit must not call the Orderer.
func NewOrderer(p Profile, o Options, emit func(Placement)) (*Orderer, error) {
	r, err := newOrderer(p, o, emit)
	if err != nil {
		return nil, err
	}
	if r.idle = !p.Broken(); r.idle {
		r.stats.Explained = p.Explained
	}
	return r, nil
}

func newOrderer(p Profile, o Options, emit func(Placement)) (*Orderer, error) {
	laws, err := o.laws()
	if err != nil {
		return nil, err
	}
	r := &Orderer{emit: emit, profile: p, laws: laws.mandated(&p), limit: cmp.Or(o.Window, DefaultWindow), latest: math.MinInt64, settled: batch}
	r.track.ipid = p.IPID
	r.beginSorting()
	r.elder.empty(0)
	r.lateness = newLateness(&p)
	return r, nil
}

// HeldSize is about how much memory an Orderer takes for each packet that it holds,
// bytes: its record, and its part of the constraints while they are solved.
const HeldSize = int(unsafe.Sizeof(item{}) + unsafe.Sizeof(placing{}) + 2*(unsafe.Sizeof(edge{})+unsafe.Sizeof(lawful{})) + 52)

// batch is how many packets are placed at once, and margin how many are held
// back, at least.
const (
	batch  = 1024
	margin = 16
)

// Push adds the next packet of the capture. One that no law speaks of has a
// place all the same.
func (r *Orderer) Push(p *Packet) {
	index := r.pushed
	r.pushed++
	earliest := r.lateness.earliest(p.Stamp)
	if r.idle {
		r.stay(index, p.Stamp, earliest)
		return
	}
	if r.profile.Basis == StampOrder {
		var it item
		it.fill(p, index, earliest)
		r.sortIn(&it)
		return
	}
	if setBack(p.Stamp, r.latest, widestGate) {
		r.placeAll()
	}
	r.room()
	r.items = r.items[:len(r.items)+1]
	it := &r.items[len(r.items)-1]
	*it = item{}
	it.fill(p, index, earliest)
	r.enter()
}

// leastRoom is for how many packets there is room at first.
const leastRoom = 64

// room makes room for one more packet in the window. It grows up to the limit by
// three times what it holds: what is copied waits to be collected, and nothing of that
// size uses it again, while room that is never used takes no memory.
func (r *Orderer) room() {
	n := len(r.items)
	if n < cap(r.items) {
		return
	}
	more := max(3*n, leastRoom)
	if n <= r.limit {
		more = min(more, r.limit+1-n)
	}
	r.items = append(make([]item, 0, n+more), r.items...)
}

// fill makes a zero item of a packet.
func (it *item) fill(p *Packet, index, earliest int64) {
	if it.apart = p.Segment == nil; !it.apart {
		it.seg = tcp.Segment(*p.Segment)
	}
	it.seg.Stamp, it.index, it.earliest = p.Stamp, index, earliest
	it.log = p.Log
	it.cause, it.effect, it.self, it.quoted, it.by = p.Cause, p.Effect, p.Self, p.Quoted, p.By
}

// setBack reports whether a stamp after the given latest one lies so far before
// it that the clock was set back in between. Nothing moves across such a step:
// on its two sides stamps can't be compared.
func setBack(stamp, latest, reach int64) bool { return stamp < shifted(latest, -reach) }

// sortIn lets packets wait until none with an earlier stamp can come, as far as
// the window's memory allows.
func (r *Orderer) sortIn(it *item) {
	if setBack(it.seg.Stamp, r.highest, max(widestGate, r.profile.Backward)) {
		r.release(math.MaxInt64)
		r.beginSorting()
	}
	if it.seg.Stamp < r.released {
		r.stats.Unsorted++
	}
	r.highest = max(r.highest, it.seg.Stamp)
	r.waiting.add(it)
	switch n := r.waiting.len(); {
	case n > r.limit:
		r.releaseFirst()
	case n%64 == 0:
		r.release(shifted(r.highest, -r.profile.Backward))
	}
}

// beginSorting begins after a point that no packet crosses. None may wait.
func (r *Orderer) beginSorting() { r.highest, r.released = math.MinInt64, math.MinInt64 }

// release lets the packets stamped up to a time into the window.
func (r *Orderer) release(until int64) {
	for it := r.waiting.first(); it != nil && it.seg.Stamp <= until; it = r.waiting.first() {
		r.releaseFirst()
	}
}

func (r *Orderer) releaseFirst() {
	r.room()
	r.items = append(r.items, *r.waiting.first())
	r.waiting.drop()
	r.released = max(r.released, r.items[len(r.items)-1].seg.Stamp)
	r.enter()
}

// enter takes note of the packet that was put into the window.
func (r *Orderer) enter() {
	it := &r.items[len(r.items)-1]
	if !it.apart {
		r.track.note(it)
	}
	if it.seg.Stamp > r.latest || setBack(it.seg.Stamp, r.latest, widestGate) {
		r.latest = it.seg.Stamp
	}
	if r.counted != nil {
		r.items = r.items[:0]
		return
	}
	r.track.noteExchange(it)
	r.suspectLast()
	if len(r.items) >= r.settled || len(r.items) >= r.limit {
		r.drain(false)
	}
}

// suspectLast adds the last packet of the window to the suspects if it is one.
func (r *Orderer) suspectLast() {
	n := len(r.items) - 1
	if doubt := r.items[n].doubt & r.laws; doubt != 0 {
		r.suspects, r.doubt = append(r.suspects, node(n)), r.doubt|doubt
	}
}

// Barrier places all packets that were pushed: none crosses this point. It ends a pass, too.
func (r *Orderer) Barrier() {
	r.release(math.MaxInt64)
	r.beginSorting()
	r.placeAll()
}

// placeAll places the packets of the window.
func (r *Orderer) placeAll() {
	r.readClock()
	r.place(len(r.items))
	r.settled = batch
}

// Stats returns what was counted so far; it is complete after a Barrier after
// the last packet.
func (r *Orderer) Stats() Stats {
	s := r.stats
	s.Forgotten = r.track.forgotten
	return s
}

// Steps is how many steps were taken so far in loops whose length the input
// decides: a bounded number for each packet.
func (r *Orderer) Steps() int64 {
	return r.build.steps + r.graph.steps + r.waiting.steps + r.track.steps
}

// drain places the packets that nothing yet to come can move, or with half at least the
// first half of the window.
func (r *Orderer) drain(half bool) {
	if len(r.items) == 0 {
		return
	}
	r.readClock()
	cut := r.settledCut()
	switch {
	case half:
		cut = max(cut, (len(r.items)+1)/2)
	case len(r.items) >= r.limit && cut < len(r.items)/2:
		r.stats.Forced++
		cut = len(r.items) / 2
	}
	r.place(cut)
	r.settled = max(2*len(r.items), batch) + batch
}

// settledCut is how many packets, from the front, nothing yet to come can move.
// The clock has been read.
func (r *Orderer) settledCut() int {
	reach := r.profile.Reach() + r.profile.Tick
	if r.profile.Basis == FileOrder {
		reach += r.profile.Backward
	}
	if r.profile.Bursts {
		reach = max(reach, burstWait)
	}
	return min(r.settledBefore(reach), len(r.items)-margin)
}

// settledBefore counts the packets, from the front, that lie further back than
// reach from the newest, or before a step of the clock.
func (r *Orderer) settledBefore(reach int64) (n int) {
	now := r.clock[0]
	for i, c := range r.clock {
		if c < now-widestGate {
			now, n = c, i
		}
		now = max(now, c)
	}
	for i := len(r.clock) - 1; i >= n; i-- {
		if r.clock[i] < now-reach {
			return i + 1
		}
	}
	return n
}

// place emits all packets that belong before position cut. The clock has been read.
func (r *Orderer) place(cut int) {
	if cut <= 0 {
		return
	}
	if len(r.suspects) == 0 {
		if r.measure == nil {
			r.stayBefore(cut)
		}
		r.items = append(r.items[:0], r.items[cut:]...)
		return
	}
	r.constrain()
	gates := r.gates()
	r.graph.solve(&gates)
	r.emitBefore(int32(cut))
}

// stayBefore emits the packets before position cut, of which no law speaks.
func (r *Orderer) stayBefore(cut int) {
	for i := range r.items[:cut] {
		it := &r.items[i]
		r.stay(it.index, it.seg.Stamp, it.earliest)
	}
}

// leftover reports the law that stays violated at packet n, if one does.
func (r *Orderer) leftover(n node) (Law, bool) {
	p, it := &r.graph.place[n], &r.items[n]
	if r.build.excused[n] || p.moved {
		return 0, false
	}
	if p.direct != farAway && !p.directLaw.soft() { // the network breaks soft laws, too
		return p.directLaw, true
	}
	if p.state == tangled && it.doubt&answers&r.laws != 0 {
		return firstLaw(it.doubt & answers & r.laws), true
	}
	// What it comes too late for has left the window before it came.
	for _, law := range [...]Law{LawAck, LawOutAck, LawOutTSval, LawOutSeq} {
		if it.doubt.has(law) && r.laws.has(law) {
			return law, true
		}
	}
	return 0, false
}

func (r *Orderer) count(n node) {
	p, it := &r.graph.place[n], &r.items[n]
	if r.build.excused[n] {
		r.stats.Explained[firstLaw(it.doubt)]++
	}
	if asks := r.asks(n); asks <= r.profile.Gate {
		r.stats.Violations[p.directLaw]++
		if r.measure != nil {
			r.measure.add(p.directLaw, asks)
		}
	}
	if p.moved {
		r.stats.Moved[p.law]++
		r.stats.MaxShift = max(r.stats.MaxShift, it.seg.Stamp-r.items[p.anchor].seg.Stamp)
	} else if law, left := r.leftover(n); left {
		r.stats.Unrepaired[law]++
	}
}

// asks returns by how much a single law wants the packet earlier, on the clock
// without stalls; farther than any gate where none does.
func (r *Orderer) asks(n node) int64 {
	p := &r.graph.place[n]
	if p.direct == farAway {
		return math.MaxInt64
	}
	return r.clock[n] - r.clock[p.direct]
}

func firstLaw(s lawSet) Law { return Law(bits.TrailingZeros64(uint64(s)) % 64) }
