package infer

import "slices"

// Sheet has the answers to packets that follow one another, such as those of one piece of
// a capture: to packets of one flow that are answered alike it has one. The zero value is
// to be cleared before it is used. One goroutine may use it at a time.
type Sheet struct {
	list   []Answer
	most   int // packets that it is for
	recent [recentFlows]sharing
	shared [recentFlows]*Answer // by each of recent
	oldest int                  // of recent
}

// recentFlows is how many flows are looked through for that of a packet: of most captures
// they have nine in ten packets.
const recentFlows = 8

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

// find returns the answer that recent packets share, nil if there is none.
func (s *Sheet) find(of *sharing) *Answer {
	for i := range s.recent {
		if s.recent[i] == *of {
			return s.shared[i]
		}
	}
	return nil
}

// share lets later packets share an answer.
func (s *Sheet) share(of *sharing, a *Answer) {
	s.recent[s.oldest], s.shared[s.oldest] = *of, a
	s.oldest = (s.oldest + 1) % recentFlows
}
