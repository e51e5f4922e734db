package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// violation says that by a law the packet at place late belongs before the one at
// place early.
type violation struct {
	law         Law
	late, early int
}

// violations finds what breaks the moving laws in an output, pair by pair, as
// their statements say and with nothing of the code under test: slow and plain.
// All packets of a flow have to be of one incarnation. What lies before the first
// bytes of a half whose SYN the capture lacks may have been sent again: no law
// speaks of it.
func violations(segs []tcp.Segment, placed []Placement, ids IPIDMode) (found []violation) {
	at := func(i int) *tcp.Segment { return &segs[placed[i].Index] }
	for j := range placed {
		for i := range j {
			a, b := at(i), at(j) // a is before b
			if ids == IPIDGlobal && bothCounted(a, b) && int16(b.IPID-a.IPID) < 0 {
				found = append(found, violation{LawIPID, j, i})
			}
			if a.Flow != b.Flow {
				continue
			}
			if a.Dir != b.Dir {
				found = append(found, acknowledgedTooEarly(segs, placed, i, j)...)
			} else {
				found = append(found, ofOneSender(segs, placed, i, j)...)
			}
		}
	}
	return found
}

func bothCounted(a, b *tcp.Segment) bool {
	return a.HasIPID && b.HasIPID && a.Outbound == tcp.Out && b.Outbound == tcp.Out && a.IPID != 0 && b.IPID != 0
}

// acknowledgedTooEarly: the packet at i acknowledges, or reports by SACK, bytes of
// which the first copy is at j.
func acknowledgedTooEarly(segs []tcp.Segment, placed []Placement, i, j int) (found []violation) {
	a, b := &segs[placed[i].Index], &segs[placed[j].Index]
	if a.Bits == tcp.RST|tcp.ACK && a.Seq == 0 && a.Len == 0 && b.Bits == tcp.SYN && a.Ack == b.End() && len(freshAt(segs, placed, j)) > 0 {
		return []violation{{LawHandshake, j, i}}
	}
	fresh := freshAt(segs, placed, j)
	if !a.HasAck() || len(fresh) == 0 || beforeBeginning(segs, b) {
		return nil
	}
	for _, r := range fresh {
		if r.Left.Less(a.Ack) {
			law := LawAck
			if b.Bits.Has(tcp.SYN) {
				law = LawHandshake
			}
			return []violation{{law, j, i}}
		}
		for k, block := range a.SACK[:a.SACKs] {
			if (k > 0 || !a.DSACK()) && block.Overlaps(r) {
				return []violation{{LawSack, j, i}}
			}
		}
	}
	return nil
}

// beforeBeginning reports whether the packet lies before some of the first ones of
// its half in the input, which has no SYN.
func beforeBeginning(segs []tcp.Segment, b *tcp.Segment) bool {
	seen, before := 0, false
	for i := range segs {
		s := &segs[i]
		if s.Flow != b.Flow || s.Dir != b.Dir {
			continue
		}
		if s.Bits.Has(tcp.SYN) {
			return false
		}
		if seen++; seen <= 8 && b.Seq.Less(s.Seq) {
			before = true
		}
	}
	return before
}

// freshAt returns the bytes of the packet at j that no packet before it has.
func freshAt(segs []tcp.Segment, placed []Placement, j int) []tcp.Range {
	b := &segs[placed[j].Index]
	if b.Span() == 0 || b.Bits.Has(tcp.RST) {
		return nil
	}
	fresh := []tcp.Range{{Left: b.Seq, Right: b.End()}}
	for i := range j {
		a := &segs[placed[i].Index]
		if a.Flow == b.Flow && a.Dir == b.Dir && a.Span() > 0 && !a.Bits.Has(tcp.RST) {
			fresh = without(fresh, tcp.Range{Left: a.Seq, Right: a.End()})
		}
	}
	return fresh
}

// without takes a range out of others.
func without(from []tcp.Range, r tcp.Range) (left []tcp.Range) {
	for _, f := range from {
		if !f.Overlaps(r) {
			left = append(left, f)
			continue
		}
		if f.Left.Less(r.Left) {
			left = append(left, tcp.Range{Left: f.Left, Right: r.Left})
		}
		if r.Right.Less(f.Right) {
			left = append(left, tcp.Range{Left: r.Right, Right: f.Right})
		}
	}
	return left
}

// ofOneSender: the laws among packets that the host sent, and that its SYN comes
// first.
func ofOneSender(segs []tcp.Segment, placed []Placement, i, j int) (found []violation) {
	a, b := &segs[placed[i].Index], &segs[placed[j].Index]
	if b.Bits.Has(tcp.SYN) && !a.Bits.Has(tcp.SYN) && !a.Bits.Has(tcp.RST) {
		found = append(found, violation{LawHandshake, j, i})
	}
	if a.Outbound != tcp.Out {
		return found
	}
	if a.HasAck() && b.HasAck() && b.Ack.Less(a.Ack) {
		found = append(found, violation{LawOutAck, j, i})
	}
	if a.HasTS && b.HasTS && tcp.Seq(b.TSval).Less(tcp.Seq(a.TSval)) {
		found = append(found, violation{LawOutTSval, j, i})
	}
	if a.HasAck() && b.HasAck() && a.Ack == b.Ack && shrinks(a, b) {
		found = append(found, violation{LawOutSack, j, i})
	}
	if fresh := freshAt(segs, placed, j); len(fresh) > 0 && !beforeBeginning(segs, b) && len(freshAt(segs, placed, i)) > 0 && fresh[0].Left.Less(a.Seq) {
		found = append(found, violation{LawOutSeq, j, i})
	}
	return found
}

// shrinks reports whether a block of a is there in b with a lower right edge.
func shrinks(a, b *tcp.Segment) bool {
	for i, x := range a.SACK[:a.SACKs] {
		for k, y := range b.SACK[:b.SACKs] {
			if (i > 0 || !a.DSACK()) && (k > 0 || !b.DSACK()) && x.Left == y.Left && y.Right.Less(x.Right) {
				return true
			}
		}
	}
	return false
}

// TestViolationsSeesEachLaw lets the checker loose on what breaks one law each.
func TestViolationsSeesEachLaw(t *testing.T) {
	tests := map[Law]func(s *script){
		LawAck:       func(s *script) { s.out(1, 1001, 0); s.in(1, 1, 1000) },
		LawSack:      func(s *script) { s.sacks(s.out(1, 1, 0), 1001, 2001); s.in(1001, 1, 1000) },
		LawHandshake: func(s *script) { s.out(1, 1, 0); s.add(0, tcp.SYN, 0, 0, 0) },
		LawOutAck:    func(s *script) { s.out(1, 2001, 0); s.out(1, 1001, 0) },
		LawOutTSval: func(s *script) {
			s.tsval = true
			s.out(1, 1, 0).TSval++
			s.out(1, 1, 0)
		},
		LawOutSack: func(s *script) { s.sacks(s.out(1, 1, 0), 1001, 3001); s.sacks(s.out(1, 1, 0), 1001, 2001) },
		LawOutSeq: func(s *script) {
			s.add(0, tcp.SYN, 0, 0, 0)
			s.out(1001, 1, 1000)
			s.out(1, 1, 1000)
		},
		LawIPID: func(s *script) {
			for id := uint16(2); id > 0; id-- {
				seg := s.out(1, 1, 0)
				seg.HasIPID, seg.IPID = true, id
			}
		},
	}
	for law, breaks := range tests {
		s := newScript()
		breaks(s)
		var placed []Placement
		for i := range s.segs {
			placed = append(placed, Placement{Index: int64(i)})
		}
		last := len(placed) - 1
		got := violations(s.segs, placed, IPIDGlobal)
		if len(got) != 1 || got[0] != (violation{law, last, last - 1}) {
			t.Errorf("%v broken: got %v", law, got)
		}
		placed[last], placed[last-1] = placed[last-1], placed[last]
		if got := violations(s.segs, placed, IPIDGlobal); len(got) != 0 {
			t.Errorf("%v, in order: got %v, want none", law, got)
		}
	}
}
