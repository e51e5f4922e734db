package infer

import "slices"

// Sheet has the answers to packets that follow one another, such as those of one piece of
// a capture: to packets of one flow that are answered alike it has one. The zero value is
// to be cleared before it is used. One goroutine may use it at a time.
type Sheet struct {
	list   []Answer
	most   int                  // packets that it is for
	recent [recentFlows]sharing // each at the place that its ports decide
	shared [recentFlows]*Answer // by each of recent
}

// recentFlows is how many flows are remembered, a power of two.
const recentFlows = 256

// sharing is what packets have in common that share an answer.
type sharing struct {
	key        flowKey
	nextHeader uint8 // as the sniffer recorded it
	stated     bool
}

// Clear forgets all answers, and begins those to so many packets at most. Those that were
// given are invalid afterwards.
func (s *Sheet) Clear(packets int) {
	s.list, s.most, s.recent = s.list[:0], packets, [recentFlows]sharing{}
}

// Len returns how many answers there are.
func (s *Sheet) Len() int { return len(s.list) }

// Keep returns a copy of an answer, as one to another packet.
func (s *Sheet) Keep(a *Answer) *Answer {
	to := s.room()
	*to = *a
	return to
}

// room returns one more answer, whatever it holds.
func (s *Sheet) room() *Answer {
	if len(s.list) == 0 {
		s.list = slices.Grow(s.list, s.most)
	}
	s.list = s.list[:len(s.list)+1]
	return &s.list[len(s.list)-1]
}

// place is where the answer to a flow is, if it is kept.
func (of *sharing) place() int { return int(uint32(of.key.ports) * 0x9E3779B1 >> 24 % recentFlows) } // Knuth's multiplicative hash

// find returns the answer that recent packets share, nil if there is none.
func (s *Sheet) find(of *sharing) *Answer {
	if at := of.place(); s.recent[at] == *of {
		return s.shared[at]
	}
	return nil
}

// share lets later packets share an answer.
func (s *Sheet) share(of *sharing, a *Answer) {
	at := of.place()
	s.recent[at], s.shared[at] = *of, a
}
