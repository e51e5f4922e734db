// Package tcp holds what order and analysis share about TCP: serial numbers,
// the Segment, and what an analyser flags in a stream of segments.
//
// It promises Wireshark's semantics for the flags (tcp.analysis.*, version
// 4.0); it knows nothing of files, links or IP headers.
package tcp

// Seq is a sequence number: arithmetic is modulo 2^32 (RFC 9293, section 3.4).
// Values compare only through its methods, never with < or >.
type Seq uint32

// Less reports whether a comes before b on the circle.
func (a Seq) Less(b Seq) bool { return int32(a-b) < 0 }

// AtMost reports whether a comes before b or is b.
func (a Seq) AtMost(b Seq) bool { return int32(a-b) <= 0 }

// Add moves a forward by n bytes.
func (a Seq) Add(n uint32) Seq { return a + Seq(n) }

// Sub returns the distance from b to a in bytes, negative if a comes before b.
func (a Seq) Sub(b Seq) int32 { return int32(a - b) }

// Max and Min return the one of two numbers that comes later, and the one that comes
// before.
func (a Seq) Max(b Seq) Seq {
	if a.Less(b) {
		return b
	}
	return a
}

func (a Seq) Min(b Seq) Seq {
	if b.Less(a) {
		return b
	}
	return a
}

// Range is a half-open span [Left, Right) of sequence numbers: a SACK block
// (RFC 2018), or a segment's place in the stream.
type Range struct{ Left, Right Seq }

// Contains reports whether r holds all of s.
func (r Range) Contains(s Range) bool { return r.Left.AtMost(s.Left) && s.Right.AtMost(r.Right) }

// Overlaps reports whether r and s share at least one byte.
func (r Range) Overlaps(s Range) bool { return r.Left.Less(s.Right) && s.Left.Less(r.Right) }

// Bits are the control bits of the header in their place on the wire
// (RFC 9293, section 3.1).
type Bits uint16

// The control bits.
const (
	FIN Bits = 1 << iota
	SYN
	RST
	PSH
	ACK
	URG
	ECE
	CWR
)

// Has reports whether all bits of b are set in f.
func (f Bits) Has(b Bits) bool { return f&b == b }

// MaxSACK is the most SACK blocks that fit a header (RFC 2018, section 3).
const MaxSACK = 4

// Segment is one TCP segment as order and analysis need it: its numbers, when
// and where it was recorded, and whose it is. It owns all it holds.
type Segment struct {
	Stamp int64 // time as recorded, nanoseconds since 1970, rounded down
	Frame int64 // number in the capture, from 1

	// Flow is the id of the connection's pair of endpoints. Ids count up in the order in
	// which the pairs appear, and none is used again: of connections whose ids leave the
	// same remainder by MaxFlows (16,384) the latest is followed. Up to that many pairs
	// can be counted from 0 on. Dir is 0 for packets sent by one fixed endpoint, 1 for
	// the other's.
	Flow uint64
	Dir  uint8

	Bits          Bits
	WindowShift   int8 // shift of the window scale option, -1 without one (RFC 7323)
	SACKPermitted bool
	HasTS         bool // TSval and TSecr are there
	SACKs         uint8
	Window        uint16 // as on the wire, not scaled
	MSS           uint16 // of the option, 0 without one
	Seq, Ack      Seq
	Len           uint32 // payload, bytes on the wire (not only those captured)
	TSval, TSecr  uint32
	SACK          [MaxSACK]Range // the first SACKs are set

	// What the IP layer and the capture say of it.
	Sum      uint16 // checksum field: tells copies of a packet from repetitions
	IPID     uint16 // IPv4 Identification
	HasIPID  bool   // the packet is IPv4
	Outbound Side   // seen from the capturing host
}

// Side says on which side of the capturing host a packet was seen.
type Side uint8

// The sides. Both is a packet from the host to itself (loopback).
const (
	Unproven Side = iota
	In
	Out
	Both
)

// Span is the length in sequence space: payload, SYN and FIN count.
func (s *Segment) Span() uint32 {
	n := s.Len
	if s.Bits&SYN != 0 {
		n++
	}
	if s.Bits&FIN != 0 {
		n++
	}
	return n
}

// End is the sequence number after the segment.
func (s *Segment) End() Seq { return s.Seq.Add(s.Span()) }

// Range is the segment's place in the stream.
func (s *Segment) Range() Range { return Range{s.Seq, s.End()} }

// HasAck reports whether the ACK number counts: the ACK bit is set and RST is
// not (an RST often carries an arbitrary one).
func (s *Segment) HasAck() bool { return s.Bits&(ACK|RST) == ACK }

// Refuses reports whether the segment is the answer of a closed port to one
// without ACK, to a SYN that is: an RST with ACK and the sequence number 0 (RFC
// 9293, section 3.5.2, group 1). Its ACK number is the end of what it refuses,
// unlike that of other RSTs; where the SYN is known, compare.
func (s *Segment) Refuses() bool {
	return s.Bits&(ACK|RST|SYN|FIN) == ACK|RST && s.Seq == 0 && s.Len == 0
}

// DSACK reports whether the first SACK block tells of a duplicate: it lies at
// or below the ACK number, or inside the second block (RFC 2883, section 4).
func (s *Segment) DSACK() bool {
	if s.SACKs == 0 {
		return false
	}
	first := s.SACK[0]
	return first.Right.AtMost(s.Ack) || s.SACKs > 1 && s.SACK[1].Contains(first)
}
