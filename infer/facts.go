package infer

import (
	"encoding/binary"
	"net/netip"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// hypothesis numbers the next headers that are tried.
type hypothesis uint8

const (
	asTCP hypothesis = iota
	asUDP
	asICMPv6
	asOther // the most plausible of the rest: see other

	hypotheses // their number
)

// record is one packet as a raw socket delivered it: what stood behind the
// IPv6 header and its extension headers, and the source address.
type record struct {
	Source      netip.Addr // without zone
	Zone        uint32     // interface index of the source where the capture has it, else 0
	Destination netip.Addr // zero or :: where unknown
	NextHeader  uint8      // packet.NoNextHeaderKnown where unknown
	Stated      bool       // NextHeader is what the user states, not what the sniffer recorded
	Data        []byte     // captured upper-layer data; not kept
	Length      int        // length of the upper-layer data on the wire, bytes; at least len(Data)
	Stamp       int64      // time as recorded, nanoseconds since 1970; 0 where unknown
}

// facts are what one packet says, without a pointer into it. The zero value
// says nothing.
type facts struct {
	src    packet.Addr
	dst    packet.Addr // as captured; :: where unknown
	target packet.Addr // the address inside that its payload is about: dictation says how
	quoted packet.Addr // destination of the packet quoted in an ICMPv6 error

	zone   uint32
	length uint32 // upper-layer data on the wire, bytes

	ports       ports // of TCP and UDP
	quotedPorts ports
	quotedProto uint8

	nextHeader uint8     // as captured; packet.NoNextHeaderKnown where unknown
	dictation  dictation // what the payload says of the destination, read as ICMPv6
	icmpType   uint8
	icmpCode   uint8
	icmpID     uint16

	seq, end, ack  tcp.Seq // end is behind the segment's last byte; of ESP seq alone
	hasSeq, hasAck bool    // RSTs carry arbitrary ones
	opens          bool    // it opens a connection: a SYN, or the answer to one

	stated bool // nextHeader is what the user states

	whole bool   // nothing was cut off: checksums can be verified
	data  uint16 // folded sum of the captured data
	outer uint16 // folded sum of source and length: what an offloaded field holds, but for destination and next header

	field [hypotheses]uint16 // what stands in the checksum's place
	bits  [hypotheses]int8   // log2 odds that the header's shape gives; 0 where it is implausible
	other other              // what asOther stands for

	stamp int64 // see record
}

// Examine fills f with the facts of p.
func (f *facts) Examine(p *record) {
	*f = facts{src: packet.AddrOf(p.Source), nextHeader: p.NextHeader, stated: p.Stated, length: uint32(max(p.Length, len(p.Data))), stamp: p.Stamp}
	if p.Destination.IsValid() {
		f.dst = packet.AddrOf(p.Destination)
	}
	if f.src.IsLinkLocal() {
		f.zone = p.Zone // elsewhere an address is the same on every interface
	}
	f.whole = int(f.length) == len(p.Data)
	f.outer = packet.Fold(packet.AddrSum(f.src) + f.length>>16 + f.length&0xFFFF)
	f.data = packet.Fold(packet.Sum(p.Data))
	f.readHeaders(p.Data)
}

// readHeaders reads data under each hypothesis. A Next Header that the sniffer
// recorded leaves only its own.
func (f *facts) readHeaders(data []byte) {
	if len(data) >= 4 {
		f.ports = ports(binary.BigEndian.Uint32(data))
	}
	switch f.nextHeader {
	case packet.NoNextHeaderKnown:
		f.bits = [hypotheses]int8{asTCP: tcpBits(data), asUDP: udpBits(data, f.length), asICMPv6: icmpBits(data)}
		f.readOther(data)
	case packet.ProtoTCP:
		f.bits[asTCP] = atLeast(1, tcpBits(data), len(data) >= tcpHeader)
	case packet.ProtoUDP:
		f.bits[asUDP] = atLeast(1, udpBits(data, f.length), len(data) >= udpHeader)
	case packet.ProtoICMPv6:
		f.bits[asICMPv6] = atLeast(1, icmpBits(data), len(data) >= icmpHeader)
	default:
		f.readOther(data)
	}
	if f.bits[asTCP] != 0 {
		f.readTCP(data)
	}
	if f.bits[asUDP] != 0 {
		f.field[asUDP] = binary.BigEndian.Uint16(data[6:])
	}
	if f.bits[asICMPv6] != 0 {
		f.readICMPv6(data)
	}
}

// atLeast returns the bits of a header that the sniffer named: its shape
// matters less then, as long as its fields are there.
func atLeast(floor, bits int8, there bool) int8 {
	if !there {
		return 0
	}
	return max(floor, bits)
}

// readTCP takes the numbers that tie the two directions of a connection
// together.
func (f *facts) readTCP(data []byte) {
	f.field[asTCP] = binary.BigEndian.Uint16(data[16:])
	f.seq = tcp.Seq(binary.BigEndian.Uint32(data[4:]))
	f.ack = tcp.Seq(binary.BigEndian.Uint32(data[8:]))
	flags := tcp.Bits(data[13])
	payload := f.length - min(f.length, uint32(data[12]>>4)*4)
	f.end = f.seq.Add(payload)
	if flags&(tcp.SYN|tcp.FIN) != 0 {
		f.end = f.end.Add(1)
	}
	f.hasSeq = !flags.Has(tcp.RST)
	f.hasAck = flags.Has(tcp.ACK)
	f.opens = flags.Has(tcp.SYN)
}

// ports are source and destination port as they stand on the wire.
type ports uint32

func portsOf(source, destination uint16) ports {
	return ports(source)<<16 | ports(destination)
}

// destination returns the second half.
func (p ports) destination() uint16 { return uint16(p) }

// reversed returns the ports of the other direction.
func (p ports) reversed() ports { return p<<16 | p>>16 }
