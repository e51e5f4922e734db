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
	islands spans // all beyond edge
	filled  int64 // holes that count as seen since there were too many
}

// add inserts r and returns the first byte of it that was new.
func (s *seenBytes) add(r tcp.Range) (left tcp.Seq, fresh bool) {
	if r.Right.AtMost(s.edge) {
		return 0, false
	}
	left = r.Left.Max(s.edge)
	// An island that ends at or after left, and holds it, hides it.
	if at := s.islands.from(left); at < len(s.islands) && s.islands[at].Left.AtMost(left) {
		if r.Right.AtMost(s.islands[at].Right) {
			return 0, false
		}
		left = left.Max(s.islands[at].Right)
	}
	if len(s.islands) == 0 && r.Left.AtMost(s.edge) {
		s.edge = r.Right
		return left, true
	}
	s.islands.join(r)
	s.advance()
	return left, true
}

// gaps counts the gaps between the bytes of r that have appeared, and at its ends.
func (s *seenBytes) gaps(r tcp.Range) (n int64) {
	r.Left = r.Left.Max(s.edge)
	for _, island := range s.islands {
		if r.Right.AtMost(r.Left) {
			return n
		}
		if r.Left.Less(island.Left) {
			n++
		}
		r.Left = r.Left.Max(island.Right)
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

// advance lets the edge move over the islands that it has come to, and over those that are
// too many.
func (s *seenBytes) advance() {
	for len(s.islands) > 0 && (s.islands[0].Left.AtMost(s.edge) || len(s.islands) > maxIslands) {
		if s.edge.Less(s.islands[0].Left) {
			s.filled++
		}
		s.edge = s.edge.Max(s.islands[0].Right)
		s.islands = slices.Delete(s.islands, 0, 1)
	}
}

// spans is a small set of bytes: sorted ranges that don't touch each other. Of SACK blocks
// beyond an ACK number the lowest are forgotten when there are too many: what lies in them
// then only counts as acknowledged later.
type spans []tcp.Range

// from is the place of the first range that ends at a number or beyond it.
func (s spans) from(number tcp.Seq) (at int) {
	for at < len(s) && s[at].Right.Less(number) {
		at++
	}
	return at
}

// join makes one range of r and those that it touches.
func (s *spans) join(r tcp.Range) {
	at := s.from(r.Left)
	end := at
	for ; end < len(*s) && (*s)[end].Left.AtMost(r.Right); end++ {
		r = tcp.Range{Left: r.Left.Min((*s)[end].Left), Right: r.Right.Max((*s)[end].Right)}
	}
	if end == at+1 {
		(*s)[at] = r
	} else {
		*s = slices.Replace(*s, at, end, r)
	}
}

// add joins r with the ranges that it touches, and returns how many were
// forgotten for it.
func (s *spans) add(r tcp.Range) (forgotten int64) {
	if !r.Left.Less(r.Right) {
		return 0
	}
	if s.join(r); len(*s) > maxIslands {
		*s = slices.Delete(*s, 0, 1)
		return 1
	}
	return 0
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
func (s *spans) forget(number tcp.Seq) { *s = slices.Delete(*s, 0, s.from(number+1)) }

// overlap reports whether any byte of r is in the set.
func (s spans) overlap(r tcp.Range) bool { return slices.ContainsFunc(s, r.Overlaps) }
