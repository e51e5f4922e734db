//go:build linux

package record

import (
	"math/rand/v2"
	"time"
)

// vantage says where a recording is taken.
type vantage uint8

const (
	atStack    vantage = iota // in the order in which the host's stack saw the packets
	belowStack                // as a driver does: a batch of inbound packets, then what the host says to its first ones
	midPath                   // between the two halves of the network
)

// moderation is how long a network device lets packets gather before it
// interrupts the host.
const moderation = 600 * time.Microsecond

// hopsToTap is by how much a packet's TTL has fallen on its way from the host to
// the tap in mid-path.
const hopsToTap = 3

// path splits what the network does to packets between the sides of the tap.
// The rate is on the first half, so that the second one gets what it lets
// through.
func (v vantage) path(s Shape, seed, stream uint64) []*link {
	first := &link{Shape: s, rng: rand.New(rand.NewPCG(seed, stream))}
	if v != midPath {
		return []*link{first}
	}
	first.Delay, first.Loss = s.Delay/2, s.Loss/2
	second := &link{Shape: first.Shape, rng: rand.New(rand.NewPCG(seed, stream+2))}
	second.Rate = 0
	return []*link{first, second}
}

// misses draws which packets the recorder leaves out: bursts, as of a buffer
// that is full.
type misses struct {
	share float64
	rng   *rand.Rand
	left  int
}

const missBurst = 6 // packets on average

func (m *misses) next() bool {
	if m.share == 0 {
		return false
	}
	if m.left == 0 && m.rng.Float64() < m.share/missBurst {
		m.left = 1 + int(m.rng.ExpFloat64()*(missBurst-1))
	}
	m.left = max(-1, m.left-1)
	if m.left < 0 {
		m.left = 0
		return false
	}
	return true
}
