package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// maxIslands bounds the spans kept beyond the contiguous edge of a half. When
// there are more, the lowest hole counts as seen: its bytes then never count as
// first copies, so the bound can only make the laws more careful.
const maxIslands = 64

// seenBytes is the set of bytes of one direction that have appeared: all from
// the first byte to edge, and islands beyond it.
type seenBytes struct {
	edge    tcp.Seq
	islands []tcp.Range // sorted, disjoint, all beyond edge
	filled  int64       // holes that count as seen since there were too many
}

// add inserts r and returns the first byte of it that was new.
func (s *seenBytes) add(r tcp.Range) (left tcp.Seq, fresh bool) {
	if r.Right.AtMost(s.edge) {
		return 0, false
	}
	left = r.Left
	if left.Less(s.edge) {
		left = s.edge
	}
	at := 0
	for at < len(s.islands) && s.islands[at].Right.Less(left) {
		at++
	}
	// Islands from at on end at or after left; those that hold it hide it.
	if at < len(s.islands) && s.islands[at].Left.AtMost(left) {
		if r.Right.AtMost(s.islands[at].Right) {
			return 0, false
		}
		if left.Less(s.islands[at].Right) {
			left = s.islands[at].Right
		}
	}
	s.insert(at, r)
	return left, true
}

// gaps counts the gaps between the bytes of r that have appeared, and at its ends.
func (s *seenBytes) gaps(r tcp.Range) (n int64) {
	if r.Left.Less(s.edge) {
		r.Left = s.edge
	}
	for _, island := range s.islands {
		if r.Right.AtMost(r.Left) {
			return n
		}
		if r.Left.Less(island.Left) {
			n++
		}
		if r.Left.Less(island.Right) {
			r.Left = island.Right
		}
	}
	if r.Left.Less(r.Right) {
		n++
	}
	return n
}

// openAt begins with a first byte that lies before those which were taken for the
// first ones; early is what had appeared before those.
func (s *seenBytes) openAt(first, taken tcp.Seq, early spans) {
	if !first.Less(taken) {
		return
	}
	if taken.Less(s.edge) {
		s.islands = slices.Insert(s.islands, 0, tcp.Range{Left: taken, Right: s.edge})
	}
	s.edge = first
	for _, r := range early {
		s.add(r)
	}
	s.advance()
}

// insert merges r with the islands from at on, then lets the edge advance.
func (s *seenBytes) insert(at int, r tcp.Range) {
	if r.Left.AtMost(s.edge) && len(s.islands) == 0 {
		s.edge = r.Right
		return
	}
	end := at
	for end < len(s.islands) && s.islands[end].Left.AtMost(r.Right) {
		if s.islands[end].Left.Less(r.Left) {
			r.Left = s.islands[end].Left
		}
		if r.Right.Less(s.islands[end].Right) {
			r.Right = s.islands[end].Right
		}
		end++
	}
	if end == at {
		s.islands = append(s.islands, tcp.Range{})
		copy(s.islands[at+1:], s.islands[at:])
		s.islands[at] = r
	} else {
		s.islands[at] = r
		s.islands = append(s.islands[:at+1], s.islands[end:]...)
	}
	s.advance()
}

func (s *seenBytes) advance() {
	for len(s.islands) > 0 && (s.islands[0].Left.AtMost(s.edge) || len(s.islands) > maxIslands) {
		if s.edge.Less(s.islands[0].Left) {
			s.filled++
		}
		if s.edge.Less(s.islands[0].Right) {
			s.edge = s.islands[0].Right
		}
		s.islands = append(s.islands[:0], s.islands[1:]...)
	}
}

// spans is a small set of ranges: the SACK blocks beyond an ACK number. When
// there are too many the lowest are forgotten: what lies in them then only
// counts as acknowledged later.
type spans []tcp.Range

// add joins r with the ranges that it touches, and returns how many were
// forgotten for it.
func (s *spans) add(r tcp.Range) (forgotten int64) {
	if !r.Left.Less(r.Right) {
		return 0
	}
	list := *s
	at := 0
	for at < len(list) && list[at].Right.Less(r.Left) {
		at++
	}
	end := at
	for end < len(list) && list[end].Left.AtMost(r.Right) {
		if list[end].Left.Less(r.Left) {
			r.Left = list[end].Left
		}
		if r.Right.Less(list[end].Right) {
			r.Right = list[end].Right
		}
		end++
	}
	list = slices.Replace(list, at, end, r)
	if len(list) > maxIslands {
		list = slices.Delete(list, 0, 1)
		forgotten = 1
	}
	*s = list
	return forgotten
}

// addNew adds r and reports whether nothing of it was there.
func (s *spans) addNew(r tcp.Range) bool {
	if s.overlap(r) {
		return false
	}
	s.add(r)
	return true
}

// forget drops the ranges that end at or below the number.
func (s *spans) forget(number tcp.Seq) {
	n := 0
	for n < len(*s) && (*s)[n].Right.AtMost(number) {
		n++
	}
	*s = slices.Delete(*s, 0, n)
}

// overlap reports whether any byte of r is in the set.
func (s spans) overlap(r tcp.Range) bool {
	for _, x := range s {
		if x.Overlaps(r) {
			return true
		}
	}
	return false
}
