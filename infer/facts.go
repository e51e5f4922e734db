package infer

import (
	"encoding/binary"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// hypothesis numbers the next headers that are tried.
type hypothesis uint8

const (
	asTCP hypothesis = iota
	asUDP
	asICMPv6

	hypotheses // their number
)

// protocols are the hypotheses' Next Header values.
var protocols = [hypotheses]uint8{packet.ProtoTCP, packet.ProtoUDP, packet.ProtoICMPv6}

// Facts are what one packet says: all that Observe and Infer need, without a
// pointer into the packet. The zero value says nothing.
type Facts struct {
	src    packet.Addr
	dst    packet.Addr // as captured; :: where unknown
	target packet.Addr // the address inside that its payload is about: dictation says how
	quoted packet.Addr // destination of the packet quoted in an ICMPv6 error

	zone   uint32
	length uint32 // upper-layer data on the wire, bytes

	ports       ports // of TCP and UDP
	quotedPorts ports
	quotedProto uint8

	nextHeader uint8     // as captured; Unknown where unknown
	dictation  dictation // what the payload says of the destination, read as ICMPv6
	icmpType   uint8
	icmpCode   uint8
	icmpID     uint16

	seq, end, ack  tcp.Seq // end is behind the segment's last byte
	hasSeq, hasAck bool    // RSTs carry arbitrary ones

	whole bool   // nothing was cut off: checksums can be verified
	base  uint16 // folded sum of data, source and length
	outer uint16 // folded sum of source and length: what an offloaded field holds, but for destination and next header

	field [hypotheses]uint16 // what stands in the checksum's place
	bits  [hypotheses]int8   // log2 odds that the header's shape gives; 0 where it is implausible
}

// Examine returns the facts of p. It is pure, and reads the data once.
func Examine(p *Packet) Facts {
	f := Facts{src: packet.AddrOf(p.Source), nextHeader: p.NextHeader, length: uint32(max(p.Length, len(p.Data)))}
	if p.Destination.IsValid() {
		f.dst = packet.AddrOf(p.Destination)
	}
	if isLinkLocal(f.src) {
		f.zone = p.Zone // elsewhere an address is the same on every interface
	}
	f.whole = int(f.length) == len(p.Data)
	f.outer = packet.Fold(packet.PseudoHeader(f.src, packet.Addr{}, f.length, 0))
	if f.whole {
		f.base = packet.Fold(uint32(f.outer) + packet.Sum(p.Data))
	}
	f.readHeaders(p.Data)
	return f
}

// readHeaders reads data under each hypothesis. A Next Header that the sniffer
// recorded leaves only its own.
func (f *Facts) readHeaders(data []byte) {
	if len(data) >= 4 {
		f.ports = ports(binary.BigEndian.Uint32(data))
	}
	switch f.nextHeader {
	case Unknown:
		f.bits = [hypotheses]int8{tcpBits(data), udpBits(data, f.length), icmpBits(data)}
	case packet.ProtoTCP:
		f.bits[asTCP] = atLeast(1, tcpBits(data), len(data) >= tcpHeader)
	case packet.ProtoUDP:
		f.bits[asUDP] = atLeast(1, udpBits(data, f.length), len(data) >= udpHeader)
	case packet.ProtoICMPv6:
		f.bits[asICMPv6] = atLeast(1, icmpBits(data), len(data) >= icmpHeader)
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
func (f *Facts) readTCP(data []byte) {
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
}

// checked reports whether a checksum over all of the data can be verified
// under h. A UDP checksum of zero is none (RFC 8200, section 8.1).
func (f *Facts) checked(h hypothesis) bool {
	return f.whole && (h != asUDP || f.field[asUDP] != 0)
}

// need returns the residue that the destination must have for the checksum to
// come out under h.
func (f *Facts) need(h hypothesis) residue {
	return complement(uint32(f.base) + uint32(protocols[h]))
}

// offloadedNeed returns the residue that the destination must have if the
// field holds the folded sum of the pseudo-header alone, as a host leaves it
// to its network card.
func (f *Facts) offloadedNeed(h hypothesis) residue {
	return complement(uint32(f.outer) + uint32(protocols[h]) + uint32(^f.field[h]))
}

// residue is a folded ones' complement sum with one form for zero: 0xFFFF.
type residue uint16

// residueOf returns a's own sum.
func residueOf(a packet.Addr) residue { return normal(packet.Fold(packet.AddrSum(a))) }

// complement returns what is missing from sum to 0xFFFF.
func complement(sum uint32) residue { return normal(^packet.Fold(sum)) }

func normal(sum uint16) residue {
	if sum == 0 {
		return 0xFFFF
	}
	return residue(sum)
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
