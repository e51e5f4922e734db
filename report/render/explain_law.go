package render

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// reason says with their numbers why the explained frame comes before n.
func reason(e *report.Explanation, n *report.Relation) string {
	own, other := e.Segment, n.Segment
	if own == nil || other == nil {
		return plainReason(n)
	}
	switch n.Law {
	case "ack", "handshake":
		if other.Acks && overlap(own.Relative, report.Range{Right: other.RelativeAck}) {
			return fmt.Sprintf("frame %d acknowledges %s", n.Frame, bytesBelow(own, other.RelativeAck))
		}
	case "sack":
		for _, block := range other.Sack {
			if overlap(own.Relative, block) {
				return fmt.Sprintf("frame %d reports %s as received, in the SACK block %s", n.Frame, ownBytes(own), inclusive(block.Left, block.Right))
			}
		}
	case "out-ack", "in-ack":
		return fmt.Sprintf("its ACK number is %d, that of frame %d from the same sender is %d, and a sender's ACK number never falls",
			own.RelativeAck, n.Frame, other.RelativeAck)
	case "out-tsval", "in-tsval":
		if own.TSval != nil && other.TSval != nil {
			return fmt.Sprintf("its TSval is %d, that of frame %d from the same sender is %d, and a sender's clock never runs back",
				*own.TSval, n.Frame, *other.TSval)
		}
	case "in-burst":
		return fmt.Sprintf("it holds %s, frame %d holds %s of the same stream at the same time, and the host answered as one that has no hole",
			streamPlace(own), n.Frame, streamPlace(other))
	case "out-seq", "in-seq":
		return fmt.Sprintf("it holds %s, frame %d holds %s of the same stream, and a sender does not skip ahead",
			streamPlace(own), n.Frame, streamPlace(other))
	case "tsecr":
		if own.TSval != nil && other.TSecr != nil {
			return fmt.Sprintf("frame %d echoes the timestamp %d, which its sender can have from it only", n.Frame, *other.TSecr)
		}
	case "out-nxt", "in-nxt":
		return fmt.Sprintf("a bare ACK bears the sequence number that its sender would send next, which is %d here and %d in frame %d",
			own.Relative.Left, other.Relative.Left, n.Frame)
	case "not-yet":
		return fmt.Sprintf("it acknowledges up to %d, and where a host talks to itself it would acknowledge what frame %d holds, %s, had that been sent",
			own.RelativeAck, n.Frame, streamPlace(other))
	case "arrival":
		return fmt.Sprintf("it tells what the host had received, and does not report what frame %d holds, %s", n.Frame, streamPlace(other))
	case "in-turn":
		return "one reader takes each sender's packets from the queue in turn"
	case "window":
		return fmt.Sprintf("frame %d sends bytes up to %d, and it takes the window that this one offers to do so",
			n.Frame, other.Relative.Right-1)
	}
	return plainReason(n)
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
