package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// Segment is one TCP segment with the numbers that the laws compare. What its header does
// not have is zero, unless the field's comment says otherwise.
//
// It has the fields of the segments of this module's other packages, so that one is
// turned into the other without a copy; not all of them matter to the laws.
type Segment struct {
	Stamp int64 // not used: a Packet has its own
	Frame int64 // number in the capture, from 1, to be found again in a Relation: no law reads it

	// Flow is the id of the connection's pair of endpoints. Ids count up in the order in
	// which the pairs appear, and none is used again: of connections whose ids leave the
	// same remainder by 16,384 the latest is followed. Up to that many pairs can be
	// counted from 0 on. Dir is 0 for packets sent by one fixed endpoint, 1 for the
	// other's.
	Flow uint64
	Dir  uint8

	Bits          Bits
	WindowShift   int8 // shift of the window scale option, -1 without one (RFC 7323, section 2.2)
	SACKPermitted bool // the option of that name is there (RFC 2018, section 2)
	HasTS         bool // TSval and TSecr are there
	SACKs         uint8
	Window        uint16         // as on the wire, not scaled
	MSS           uint16         // of the option, 0 without one: no law reads it
	Seq, Ack      Seq            // Ack counts where its bit is set
	Len           uint32         // payload, bytes on the wire (not only those captured)
	TSval, TSecr  uint32         // of the timestamps option (RFC 7323, section 3.2)
	SACK          [MaxSACK]Range // the first SACKs are set (RFC 2018, section 3)

	Sum      uint16 // checksum field: no law reads it
	IPID     uint16 // IPv4 Identification (RFC 6864)
	HasIPID  bool   // the packet is IPv4
	Outbound Side   // seen from the capturing host
}

// MaxSACK is the most SACK blocks that fit a header (RFC 2018, section 3).
const MaxSACK = 4

// Seq is a sequence number, a uint32: arithmetic is modulo 2^32 (RFC 9293, section 3.4).
// It has methods that compare: a.Less(b), a.AtMost(b), a.Sub(b), a.Max(b), a.Min(b)
// and a.Add(bytes).
type Seq = tcp.Seq

// Range is a span of sequence numbers from Left up to, but without, Right: a SACK block.
// It is a struct of these two, which are of type Seq.
type Range = tcp.Range

// Bits are the control bits of the header, a uint16, each in its place on the wire (RFC
// 9293, section 3.1). b.Has(SYN | ACK) reports whether all of these are set.
type Bits = tcp.Bits

// The control bits.
const (
	FIN Bits = tcp.FIN
	SYN Bits = tcp.SYN
	RST Bits = tcp.RST
	PSH Bits = tcp.PSH
	ACK Bits = tcp.ACK
	URG Bits = tcp.URG
	ECE Bits = tcp.ECE
	CWR Bits = tcp.CWR
)

// Side says, as a uint8, on which side of the capturing host a packet was seen.
type Side = tcp.Side

// The sides. Both is a packet from the host to itself (loopback). Laws among packets that
// the host sent say nothing of what is Unproven.
const (
	Unproven Side = tcp.Unproven
	In       Side = tcp.In
	Out      Side = tcp.Out
	Both     Side = tcp.Both
)
