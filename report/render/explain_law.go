package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// reason says with their numbers why the explained frame comes before n. It has no
// numbers where those that the law compares are not all known.
func reason(e *report.Explanation, n *report.Relation) string {
	if e.Segment == nil || n.Segment == nil {
		return plainReason(n)
	}
	said := sentences("law "+string(n.Law), map[string]any{
		"Own": e.Segment, "Other": n.Segment, "Frame": fmt.Sprintf("frame %d", n.Frame),
	})
	return cmp.Or(strings.Join(said, " "), plainReason(n))
}

// acknowledges reports whether another segment acknowledges something of this one.
func acknowledges(other, own *report.ExplainedTCP) bool {
	return other.Acks && overlap(own.Relative, report.Range{Right: other.RelativeAck})
}

// reported is the first SACK block of another segment that has bytes of this one; "" for
// none.
func reported(own, other *report.ExplainedTCP) string {
	for _, block := range other.Sack {
		if overlap(own.Relative, block) {
			return inclusive(block.Left, block.Right)
		}
	}
	return ""
}

func lastByte(s *report.ExplainedTCP) uint32 { return s.Relative.Right - 1 }

// plainReason is a reason without numbers.
func plainReason(n *report.Relation) string {
	if law, ok := reorder.LawNamed(string(n.Law)); ok {
		return fmt.Sprintf("frame %d is one %s", n.Frame, law.Follower())
	}
	return fmt.Sprintf("that law puts it before frame %d", n.Frame)
}

// overlap reports whether two spans of the circle share a number.
func overlap(a, b report.Range) bool {
	return int32(a.Left-b.Right) < 0 && int32(b.Left-a.Right) < 0
}

// inclusive writes the span by its first and last byte.
func inclusive(left, right uint32) string {
	return fmt.Sprint(left) + text.When(right-left != 1, fmt.Sprintf("-%d", right-1))
}

// below are the bytes of a segment's payload below an ACK number; "" for all or none.
func below(s *report.ExplainedTCP, ack uint32) string {
	if int32(ack-s.Relative.Right) >= 0 || s.Len == 0 {
		return ""
	}
	return inclusive(firstByte(s), ack)
}

func payload(s *report.ExplainedTCP) string { return inclusive(firstByte(s), firstByte(s)+s.Len) }

// firstByte is the number of the first byte of payload: a SYN takes one before it.
func firstByte(s *report.ExplainedTCP) uint32 {
	if hasBit(s, "SYN") {
		return s.Relative.Left + 1
	}
	return s.Relative.Left
}

func hasBit(s *report.ExplainedTCP, bit string) bool { return slices.Contains(s.Bits, bit) }
