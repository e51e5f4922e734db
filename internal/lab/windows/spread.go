package windows

import "math/rand/v2"

// Spread puts events on processors: a few in a row on one, and on those with high numbers
// so few that their buffers are written long after younger ones.
type Spread struct {
	rng        *rand.Rand
	processors int
	current    int
	left       int // events that stay on the current one
}

// NewSpread begins; the same seed gives the same.
func NewSpread(processors int, seed uint64) *Spread {
	return &Spread{rng: rand.New(rand.NewPCG(seed, 0x65746C)), processors: max(1, processors)}
}

// Next is the processor of the next packet.
func (s *Spread) Next() int {
	if s.left--; s.left < 0 {
		x := s.rng.Float64()
		s.current = int(x * x * x * float64(s.processors))
		s.left = s.rng.IntN(8)
	}
	return s.current
}
