package pipeline

import (
	"container/heap"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/reorder/clocks"
)

// shuffled is the share of samples, one in so many, whose answer comes before
// its cause in a file that was sorted by stamps which can't be compared.
const shuffled = 100

// align decides what is corrected, and reports whether anything is. It is told
// the earliest and the latest stamp.
func (c *interfaceClocks) align(first, last int64) bool {
	c.quiet = false
	for i := range c.found {
		clock := &c.found[i]
		if clock.State != clocks.Differs {
			c.quiet = c.quiet || clock.Apart
			continue
		}
		if c.corrections == nil {
			c.corrections = make(map[int]*clocks.Clock)
		}
		c.corrections[clock.Interface] = clock
		c.uncertainty = max(c.uncertainty, clock.Uncertainty)
		c.merge = c.merge || clock.Inverted*shuffled > clock.Samples
		for _, stamp := range [...]int64{first, last} {
			ahead := stamp - clock.Correct(stamp)
			c.low, c.high = min(c.low, ahead), max(c.high, ahead)
		}
	}
	return c.corrections != nil
}

// correct gives the packet the time of the reference's clock, in the ticks of
// its own interface; one before 1970 keeps its own.
func (c *interfaceClocks) correct(u *unit) {
	stamp, ok := u.recorded()
	if !ok {
		return
	}
	n, listed := c.number[idOf(u.block.Interface)]
	clock, ok := c.corrections[n]
	if !ok || !listed {
		return
	}
	time := clock.Correct(stamp)
	if time < 0 {
		return
	}
	u.aligned = aligned{u.block.Interface.Rebase(uint64(time), &capture.Interface{Resol: 9}), true} // of nanoseconds
}

// aligner is the stage that corrects the stamps of packets. In: blocks in file order;
// out: the same, but where the file's order is that of wrong stamps, in the order of the
// corrected ones. The packets of one interface keep their order. It fills aligned.
type aligner struct {
	*interfaceClocks
	next   func(*unit)
	forced int64 // times that more packets or bytes had to wait than could

	waiting waitingHeap
	held    weights
	pushed  int64
	any     bool
	latest  int64         // corrected stamp
	times   map[int]int64 // latest of each interface
	last    int64         // time of the last packet
}

// maxMerged is how many packets may wait for those of other interfaces.
const maxMerged = reorder.DefaultWindow

// clockStep is a backward step that neither jitter nor the clocks' difference
// explains, nanoseconds.
const clockStep = int64(64e6)

func newAligner(c *interfaceClocks, next func(*unit)) *aligner {
	return &aligner{interfaceClocks: c, next: next, held: weights{stage: inAligner}, times: make(map[int]int64)}
}

// take adds one block of the capture.
func (a *aligner) take(u *unit) {
	if a.corrections == nil {
		a.next(u)
		return
	}
	if isBarrier(u.block) {
		a.flush()
		a.next(u)
		return
	}
	isPacket := u.block.Kind == capture.Packet
	if isPacket {
		a.correct(u)
	}
	if !a.merge {
		a.next(u)
		return
	}
	if isPacket {
		a.reckon(u)
	}
	heap.Push(&a.waiting, turn{time: a.last, number: a.pushed, u: u})
	a.pushed++
	a.held.add(u, 1)
	for len(a.waiting) > 0 && a.waiting[0].time <= a.latest-(a.high-a.low) {
		a.release()
	}
	if a.held.sparse() {
		m := mover{held: &a.held}
		for i := range a.waiting {
			m.consider(&a.waiting[i].u)
		}
		m.finish()
	}
	for len(a.waiting) > maxMerged || a.held.over(1) {
		a.forced++
		a.release()
	}
}

// reckon finds when it is the packet's turn: at its time, but not before other
// packets of its interface.
func (a *aligner) reckon(u *unit) {
	stamp, _ := u.stamp()
	if a.any && stamp < a.latest-(a.high-a.low)-clockStep {
		a.flush()
	}
	if !a.any || stamp > a.latest {
		a.latest, a.any = stamp, true
	}
	n := a.number[idOf(u.block.Interface)]
	if t, ok := a.times[n]; ok {
		stamp = max(stamp, t)
	}
	a.times[n], a.last = stamp, stamp
}

// release hands on the next block.
func (a *aligner) release() {
	u := heap.Pop(&a.waiting).(turn).u
	a.held.add(u, -1)
	a.next(u)
}

// flush hands on all blocks that wait.
func (a *aligner) flush() {
	for len(a.waiting) > 0 {
		a.release()
	}
	a.any = false
	clear(a.times)
}

// result is how many times more packets or bytes had to wait than could.
func (a *aligner) result() int64 { return a.forced }

// turn is a block that waits for its time.
type turn struct {
	time   int64
	number int64 // in the file
	u      *unit
}

// waitingHeap has the next block on top.
type waitingHeap []turn

func (h waitingHeap) Len() int      { return len(h) }
func (h waitingHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h waitingHeap) Less(i, j int) bool {
	return h[i].time < h[j].time || h[i].time == h[j].time && h[i].number < h[j].number
}
func (h *waitingHeap) Push(x any) { *h = append(*h, x.(turn)) }
func (h *waitingHeap) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = turn{}
	*h = (*h)[:len(*h)-1]
	return last
}
