package render

import (
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
	said := sentences()["law "+string(n.Law)]
	if e.Segment == nil || n.Segment == nil {
		return plainReason(n)
	}
	said = strings.NewReplacer(compared(e.Segment, n)...).Replace(said)
	if said == "" || strings.Contains(said, "{") {
		return plainReason(n)
	}
	return said
}

// compared returns what sentences can say of a segment and of the one that it comes
// before: pairs of a word in braces and what replaces it.
func compared(own *report.ExplainedTCP, n *report.Relation) []string {
	other := n.Segment
	pairs := []any{
		"{frame}", fmt.Sprintf("frame %d", n.Frame),
		"{own ack}", own.RelativeAck, "{ack}", other.RelativeAck, "{own seq}", own.Relative.Left, "{seq}", other.Relative.Left,
		"{own bytes}", streamPlace(own), "{bytes}", streamPlace(other), "{last byte}", other.Relative.Right - 1,
	}
	if other.Acks && overlap(own.Relative, report.Range{Right: other.RelativeAck}) {
		pairs = append(pairs, "{acknowledged}", bytesBelow(own, other.RelativeAck))
	}
	for _, block := range other.Sack {
		if overlap(own.Relative, block) {
			pairs = append(pairs, "{reported}", ownBytes(own), "{block}", inclusive(block.Left, block.Right))
		}
	}
	if own.TSval != nil && other.TSval != nil {
		pairs = append(pairs, "{own tsval}", *own.TSval, "{tsval}", *other.TSval)
	}
	if own.TSval != nil && other.TSecr != nil {
		pairs = append(pairs, "{tsecr}", *other.TSecr)
	}
	words := make([]string, len(pairs))
	for i, p := range pairs {
		words[i] = fmt.Sprint(p)
	}
	return words
}

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
