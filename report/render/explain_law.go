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

// acknowledged names what of a segment another one acknowledges; "" for nothing.
func acknowledged(own, other *report.ExplainedTCP) string {
	acks := other.Acks && overlap(own.Relative, report.Range{Right: other.RelativeAck})
	return text.When(acks, bytesBelow(own, other.RelativeAck))
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

// bytesBelow names what of the segment lies below an ACK number.
func bytesBelow(s *report.ExplainedTCP, ack uint32) string {
	if int32(ack-s.Relative.Right) < 0 && s.Len > 0 {
		return "its bytes " + inclusive(firstByte(s), ack)
	}
	return ownBytes(s)
}

// ownBytes names what the segment takes in the stream.
func ownBytes(s *report.ExplainedTCP) string {
	switch {
	case s.Len == 1:
		return fmt.Sprintf("its byte %d", firstByte(s))
	case s.Len > 0:
		return "its bytes " + inclusive(firstByte(s), firstByte(s)+s.Len)
	case hasBit(s, "SYN"):
		return "its SYN"
	case hasBit(s, "FIN"):
		return "its FIN"
	}
	return "it"
}

// streamPlace is bytes without an owner.
func streamPlace(s *report.ExplainedTCP) string {
	switch {
	case s.Len > 0:
		return "bytes " + inclusive(firstByte(s), firstByte(s)+s.Len)
	case hasBit(s, "SYN"):
		return "the SYN"
	case hasBit(s, "FIN"):
		return fmt.Sprintf("the FIN at %d", s.Relative.Left)
	}
	return fmt.Sprintf("no bytes at %d", s.Relative.Left)
}

// firstByte is the number of the first byte of payload: a SYN takes one before it.
func firstByte(s *report.ExplainedTCP) uint32 {
	if hasBit(s, "SYN") {
		return s.Relative.Left + 1
	}
	return s.Relative.Left
}

func hasBit(s *report.ExplainedTCP, bit string) bool { return slices.Contains(s.Bits, bit) }
