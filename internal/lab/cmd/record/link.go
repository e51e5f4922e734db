//go:build linux

package record

import (
	"math/rand/v2"
	"time"
)

// Shape is what one direction of the network does to packets.
type Shape struct {
	Delay     time.Duration // one way
	Jitter    time.Duration // at most this much more, order kept
	Rate      int64         // bits per second, 0 = unlimited
	Queue     int           // bytes that wait for the rate, then tail drop
	Loss      float64       // share of packets
	Reorder   float64       // share of packets that later ones overtake
	ReorderBy time.Duration // at most this much later
	Duplicate float64       // share of packets that arrive twice
	// StallEvery is how often nothing moves for a time, at most StallFor: what is on its
	// way arrives by as much later. Links with the same figures stall at the same times.
	StallEvery, StallFor time.Duration
}

// link applies a Shape. Times are nanoseconds.
type link struct {
	Shape
	rng  *rand.Rand
	free int64 // when the transmitter is done with all that it accepted
	last int64 // latest delivery of a packet that kept its place
}

// fate is what happens to one packet.
type fate struct {
	event string  // "", "lost", "queue-full", "reordered", "duplicated"
	due   []int64 // deliveries
}

func (l *link) admit(now int64, size int) fate {
	if l.rng.Float64() < l.Loss {
		return fate{event: "lost"}
	}
	sent, ok := l.transmit(now, size)
	if !ok {
		return fate{event: "queue-full"}
	}
	due := sent + int64(l.Delay) + l.upTo(l.Jitter)
	if l.rng.Float64() < l.Reorder {
		return fate{"reordered", []int64{l.afterStall(now, due+int64(l.ReorderBy)/4+l.upTo(l.ReorderBy)*3/4)}}
	}
	l.last = max(l.last, l.afterStall(now, due))
	if l.rng.Float64() < l.Duplicate {
		return fate{"duplicated", []int64{l.last, l.afterStall(now, l.last+l.upTo(2*time.Millisecond))}}
	}
	return fate{due: []int64{l.last}}
}

// transmit says when the packet has left, at the link's rate.
func (l *link) transmit(now int64, size int) (int64, bool) {
	if l.Rate == 0 {
		return now, true
	}
	backlog := max(0, l.free-now) * l.Rate / 8e9
	if backlog+int64(size) > int64(l.Queue) {
		return 0, false
	}
	l.free = max(l.free, now) + int64(size)*8e9/l.Rate
	return l.free, true
}

func (l *link) upTo(limit time.Duration) int64 {
	if limit == 0 {
		return 0
	}
	return l.rng.Int64N(int64(limit))
}

// afterStall delays a delivery, of a packet that is sent now, by what the link stalls
// until then. Packets stay in order.
func (l *link) afterStall(now, due int64) int64 {
	if l.StallEvery == 0 {
		return due
	}
	number := due / int64(l.StallEvery)
	begins := number * int64(l.StallEvery)
	lasts := int64(l.StallFor)/2 + int64(rand.New(rand.NewPCG(uint64(number), 4)).Int64N(int64(l.StallFor)/2))
	return due + max(0, begins+lasts-max(now, begins))
}
