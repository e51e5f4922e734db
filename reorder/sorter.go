package reorder

import "math"

// sorter holds packets until it is their turn by stamp: those with one stamp
// leave as they came. It is a heap of what orders the packets, which themselves
// stay where they are put.
type sorter struct {
	turns    []turn
	items    []item
	free     []int32 // places in items
	latest   int64   // highest stamp since the last clock step
	released int64   // highest stamp that has left since
}

// turn says when a packet is to leave, and where it is.
type turn struct {
	stamp, index int64
	place        int32
}

func (a *turn) before(b *turn) bool {
	return a.stamp < b.stamp || a.stamp == b.stamp && a.index < b.index
}

func newSorter() sorter {
	var s sorter
	s.restart()
	return s
}

// restart begins after a point that no packet crosses. There may be none inside.
func (s *sorter) restart() { s.latest, s.released = math.MinInt64, math.MinInt64 }

func (s *sorter) len() int { return len(s.turns) }

// earliest is the stamp of the packet that leaves next. There must be one.
func (s *sorter) earliest() int64 { return s.turns[0].stamp }

func (s *sorter) push(it *item) {
	s.latest = max(s.latest, it.seg.Stamp)
	t := turn{stamp: it.seg.Stamp, index: it.index, place: int32(len(s.items))}
	if n := len(s.free); n > 0 {
		t.place, s.free = s.free[n-1], s.free[:n-1]
		s.items[t.place] = *it
	} else {
		s.items = append(s.items, *it)
	}
	s.turns = append(s.turns, t)
	at := len(s.turns) - 1
	for at > 0 {
		parent := (at - 1) / 2
		if !t.before(&s.turns[parent]) {
			break
		}
		s.turns[at] = s.turns[parent]
		at = parent
	}
	s.turns[at] = t
}

// pop takes the packet that leaves next.
func (s *sorter) pop(it *item) {
	first := s.turns[0]
	*it = s.items[first.place]
	s.free = append(s.free, first.place)
	s.released = max(s.released, first.stamp)
	last := len(s.turns) - 1
	t := s.turns[last]
	s.turns = s.turns[:last]
	at := 0
	for {
		child := 2*at + 1
		if child >= last {
			break
		}
		if child+1 < last && s.turns[child+1].before(&s.turns[child]) {
			child++
		}
		if !s.turns[child].before(&t) {
			break
		}
		s.turns[at] = s.turns[child]
		at = child
	}
	if last > 0 {
		s.turns[at] = t
	}
}
