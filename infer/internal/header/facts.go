// Package header reads header-less packets: what each may be by its shape, and
// what its fields say under each of those readings. It knows one packet at a
// time, and nothing of candidates or flows.
//
// The words: a hypothesis is a next header that is tried; the residue of an
// address is its part of a transport checksum, and what a packet needs is the
// residue that its destination must have for the checksum to come out; a
// dictation is what the payload itself says of the destination.
package header

import (
	"encoding/binary"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Hypothesis numbers the next headers that are tried.
type Hypothesis uint8

// The hypotheses.
const (
	AsTCP Hypothesis = iota
	AsUDP
	AsICMPv6
	AsOther // the most plausible of the rest: see Other

	Hypotheses // their number
)

// protocols are the Next Header values of all but AsOther.
var protocols = [AsOther]uint8{AsTCP: packet.ProtoTCP, AsUDP: packet.ProtoUDP, AsICMPv6: packet.ProtoICMPv6}

// HypothesisOf returns the one under which a packet has a Next Header.
func HypothesisOf(protocol uint8) Hypothesis {
	for h, p := range protocols {
		if p == protocol {
			return Hypothesis(h)
		}
	}
	return AsOther
}

// Facts are what one packet says, without a pointer into it. The zero value
// says nothing.
type Facts struct {
	Src    packet.Addr
	Dst    packet.Addr // as captured; :: where unknown
	Target packet.Addr // the address inside that its payload is about: Dictation says how
	Quoted packet.Addr // destination of the packet quoted in an ICMPv6 error

	Zone   uint32 // of a link-local source: elsewhere an address is the same on every interface
	length uint32 // upper-layer data on the wire, bytes

	Ports          Ports // of TCP and UDP
	QuotedPorts    Ports
	QuotedProtocol uint8

	NextHeader uint8     // as captured; packet.NoNextHeaderKnown where unknown
	Dictation  Dictation // what the payload says of the destination, read as ICMPv6
	ICMPType   uint8
	ICMPID     uint16

	Seq, End, Ack  tcp.Seq // End is after the segment's last byte; of ESP seq alone
	HasSeq, HasAck bool    // RSTs carry arbitrary ones
	Opens          bool    // it opens a connection: a SYN, or the answer to one

	Stated bool // NextHeader is what the user states

	whole bool   // nothing was cut off: checksums can be verified
	data  uint16 // folded sum of the captured data
	outer uint16 // folded sum of source and length: what an offloaded field holds, but for destination and next header

	field [Hypotheses]uint16 // what is in the checksum's place
	Bits  [Hypotheses]int8   // log2 odds that the header's shape gives; 0 where it is implausible
	Other Other              // what AsOther is

	Stamp int64 // time as recorded, nanoseconds since 1970; 0 where unknown
}

// Read takes in the captured upper-layer data of the packet that f has the addresses and
// the Next Header of. It keeps nothing of data; length is theirs on the wire, bytes.
func (f *Facts) Read(data []byte, length int) {
	f.length = uint32(max(length, len(data)))
	f.whole = int(f.length) == len(data)
	f.outer = packet.Fold(packet.AddrSum(f.Src) + f.length>>16 + f.length&0xFFFF)
	f.data = packet.Fold(packet.Sum(data))
	f.readHeaders(data)
}

// Glance returns the protocol and the ports of data that look like TCP, or else like UDP;
// ok is false of others. nextHeader is as captured, length that on the wire, bytes.
func Glance(nextHeader uint8, data []byte, length int) (protocol uint8, ports Ports, ok bool) {
	unknown := nextHeader == packet.NoNextHeaderKnown
	switch {
	case (unknown || nextHeader == packet.ProtoTCP) && tcpBits(data) != 0:
		protocol = packet.ProtoTCP
	case (unknown || nextHeader == packet.ProtoUDP) && udpBits(data, uint32(max(length, len(data)))) != 0:
		protocol = packet.ProtoUDP
	default:
		return 0, 0, false
	}
	return protocol, Ports(binary.BigEndian.Uint32(data)), true
}

// IsWhole reports whether nothing of the data was cut off.
func (f *Facts) IsWhole() bool { return f.whole }

// readHeaders reads data under each hypothesis. A Next Header that the sniffer
// recorded leaves only its own.
func (f *Facts) readHeaders(data []byte) {
	if len(data) >= 4 {
		f.Ports = Ports(binary.BigEndian.Uint32(data))
	}
	switch f.NextHeader {
	case packet.NoNextHeaderKnown:
		f.Bits = [Hypotheses]int8{AsTCP: tcpBits(data), AsUDP: udpBits(data, f.length), AsICMPv6: ICMPBits(data)}
		f.readOther(data)
	case packet.ProtoTCP:
		f.Bits[AsTCP] = named(tcpBits(data), len(data) >= tcpHeader)
	case packet.ProtoUDP:
		f.Bits[AsUDP] = named(udpBits(data, f.length), len(data) >= UdpHeader)
	case packet.ProtoICMPv6:
		f.Bits[AsICMPv6] = named(ICMPBits(data), len(data) >= icmpHeader)
	default:
		f.readOther(data)
	}
	if f.Bits[AsTCP] != 0 {
		f.readTCP(data)
	}
	if f.Bits[AsUDP] != 0 {
		f.field[AsUDP] = binary.BigEndian.Uint16(data[6:])
	}
	if f.Bits[AsICMPv6] != 0 {
		f.readICMPv6(data)
	}
}

// named returns the bits of a header that the sniffer named: its shape
// matters less then, as long as its fields are there.
func named(bits int8, there bool) int8 {
	if !there {
		return 0
	}
	return max(1, bits)
}

// readTCP takes the numbers that tie the two directions of a connection
// together.
func (f *Facts) readTCP(data []byte) {
	f.field[AsTCP] = binary.BigEndian.Uint16(data[16:])
	f.Seq = tcp.Seq(binary.BigEndian.Uint32(data[4:]))
	f.Ack = tcp.Seq(binary.BigEndian.Uint32(data[8:]))
	flags := tcp.Bits(data[13])
	payload := f.length - min(f.length, uint32(data[12]>>4)*4)
	f.End = f.Seq.Add(payload)
	if flags&(tcp.SYN|tcp.FIN) != 0 {
		f.End = f.End.Add(1)
	}
	f.HasSeq = !flags.Has(tcp.RST)
	f.HasAck = flags.Has(tcp.ACK)
	f.Opens = flags.Has(tcp.SYN)
}

// Ports are source and destination port as they are on the wire.
type Ports uint32

// PortsOf returns the two ports as Ports.
func PortsOf(source, destination uint16) Ports {
	return Ports(source)<<16 | Ports(destination)
}

// Destination returns the second half.
func (p Ports) Destination() uint16 { return uint16(p) }

// Reversed returns the ports of the other direction.
func (p Ports) Reversed() Ports { return p<<16 | p>>16 }
