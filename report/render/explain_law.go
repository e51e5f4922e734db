package render

import (
	"fmt"

	"github.com/mendcap/mendcap/report"
)

// A relation says in words why one of two frames comes before the other. In a
// clause "they" are the other frames, "it" is the one that is explained.
type relation struct {
	cause    string // said of the frames that must come before it
	follower string // said of the frames that must come after it
}

// relations holds the clauses by law. A law that is missing is named alone.
var relations = map[string]relation{
	"ack":        {"whose bytes it acknowledges", "where its bytes are acknowledged"},
	"sack":       {"whose bytes its SACK blocks report as received", "where SACK blocks report its bytes as received"},
	"out-ack":    {"with a lower ACK number of the same host", "with a higher ACK number of the same host"},
	"out-tsval":  {"with a lower TSval of the same host", "with a higher TSval of the same host"},
	"out-sack":   {"with a shorter form of its SACK block", "with a longer form of its SACK block"},
	"out-seq":    {"with the bytes in front of its own", "with the bytes behind its own"},
	"handshake":  {"with a SYN of the connection", "of the connection that its SYN opens"},
	"ip-id":      {"with a lower IPv4 Identification of the same host", "with a higher IPv4 Identification of the same host"},
	"quote":      {"which it quotes", "where an error quotes it"},
	"dns":        {"with the question that it answers", "with the answer to it"},
	"echo":       {"with the request that it answers", "with the reply to it"},
	"ntp":        {"with the request that it answers", "with the answer to it"},
	"dhcpv6":     {"with the message that it answers", "with the answer to it"},
	"stun":       {"with the request that it answers", "with the response to it"},
	"neighbour":  {"with the solicitation that it answers", "with the advertisement that answers it"},
	"in-burst":   {"with the bytes in front of its own, stamped at the same time", "with the bytes behind its own, stamped at the same time"},
	"window":     {"which offered the window that its bytes need", "whose bytes need the window that it offers"},
	"tsecr":      {"whose timestamp it echoes", "where its timestamp is echoed"},
	"round-trip": {"whose ACK comes a round trip later", "recorded a round trip before its ACK"},
	"not-yet":    {"which does not acknowledge its bytes", "with bytes that it does not acknowledge"},
	"arrival":    {"which does not report its bytes as received", "with bytes that it does not report as received"},
	"dsack":      {"whose bytes it reports as there twice", "which reports its bytes as there twice"},
	"in-turn":    {"which its sender sent earlier", "which its sender sent later"},
	"out-nxt":    {"which the sequence number of a bare ACK puts first", "which the sequence number of a bare ACK puts later"},
	"in-nxt":     {"which the sequence number of a bare ACK puts first", "which the sequence number of a bare ACK puts later"},
	"out-edge":   {"which offered a window with a lower edge", "which offers a window with a higher edge"},
	"in-edge":    {"which offered a window with a lower edge", "which offers a window with a higher edge"},
	"unacked":    {"which its sender sent before it had this ACK", "which acknowledges its bytes, and nobody sends again what is acknowledged"},
	"out-once":   {"which says the same without a D-SACK", "which repeats it with a D-SACK"},
	"in-once":    {"which says the same without a D-SACK", "which repeats it with a D-SACK"},
	"out-rst":    {"which its sender sent before resetting the connection", "which resets the connection"},
	"in-seq":     {"with the bytes in front of its own", "with the bytes behind its own"},
	"in-ack":     {"with a lower ACK number of the same peer", "with a higher ACK number of the same peer"},
	"in-tsval":   {"with a lower TSval of the same peer", "with a higher TSval of the same peer"},
	"in-sack":    {"with a shorter form of its SACK block", "with a longer form of its SACK block"},
}

// reason says with their numbers why the explained frame comes before n.
func reason(e *report.Explanation, n *report.Neighbour) string {
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
func plainReason(n *report.Neighbour) string {
	if r, ok := relations[n.Law]; ok {
		return fmt.Sprintf("frame %d is one %s", n.Frame, r.follower)
	}
	return fmt.Sprintf("that law puts it before frame %d", n.Frame)
}

// overlap reports whether two spans of the circle share a number.
func overlap(a, b report.Range) bool {
	return int32(a.Left-b.Right) < 0 && int32(b.Left-a.Right) < 0
}

// inclusive writes the span by its first and last byte.
func inclusive(left, right uint32) string {
	if right-left == 1 {
		return fmt.Sprint(left)
	}
	return fmt.Sprintf("%d-%d", left, right-1)
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

func hasBit(s *report.ExplainedTCP, bit string) bool {
	for _, b := range s.Bits {
		if b == bit {
			return true
		}
	}
	return false
}
