// Package headers measures header inference alone: real traffic without its
// IPv6 headers goes through infer's engine, under conditions that take
// knowledge away, and the answers are set beside the truth. The plain method
// of the design is set beside it.
package headers

import (
	"encoding/binary"
	"net/netip"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/lab"
)

// Case is a capture with known truth, as the host's stack delivers it.
type Case struct {
	Name    string
	samples []sample
	flows   []flow
	packets []lab.Packet // what tables are made of
}

// sample is one IPv6 packet and the truth about it.
type sample struct {
	src, dst netip.Addr
	next     uint8
	data     []byte // after the header
	stamp    int64
	out      bool
	flow     int
}

// flow is one direction of a conversation.
type flow struct {
	packets int
	twoWay  bool // the other direction is in the capture
}

// flowKey tells flows apart: ports, or the type and identifier of an ICMPv6
// message.
type flowKey struct {
	src, dst netip.Addr
	next     uint8
	from, to uint16
}

// NewCase takes the IPv6 packets of a capture, as lab.Delivered gives them.
func NewCase(name string, packets []lab.Packet) *Case {
	c := &Case{Name: name, packets: packets}
	index := map[flowKey]int{}
	for _, p := range packets {
		if len(p.Data) < 40 || p.Data[0]>>4 != 6 {
			continue
		}
		s := sample{src: netip.AddrFrom16([16]byte(p.Data[8:24])), dst: netip.AddrFrom16([16]byte(p.Data[24:40])),
			next: p.Data[6], data: p.Data[40:], stamp: p.Stamp, out: p.Out}
		key := s.key()
		i, ok := index[key]
		if !ok {
			i = len(c.flows)
			index[key] = i
			c.flows = append(c.flows, flow{})
		}
		s.flow = i
		c.flows[i].packets++
		c.samples = append(c.samples, s)
	}
	for key, i := range index {
		_, c.flows[i].twoWay = index[key.reversed()]
	}
	return c
}

// Size returns the packets and flows that are judged.
func (c *Case) Size() (packets, flows int) { return len(c.samples), len(c.flows) }

const (
	protoTCP    = 6
	protoUDP    = 17
	protoICMPv6 = 58

	echoRequest = 128
	echoReply   = 129
)

func (s *sample) key() flowKey {
	k := flowKey{src: s.src, dst: s.dst, next: s.next}
	switch {
	case s.next == protoICMPv6 && len(s.data) >= 8 && (s.data[0] == echoRequest || s.data[0] == echoReply):
		id := binary.BigEndian.Uint16(s.data[4:])
		k.from, k.to = id, 0
		if s.data[0] == echoReply {
			k.from, k.to = 0, id
		}
	case s.next == protoICMPv6 && len(s.data) > 0:
		k.from, k.to = uint16(s.data[0]), 0xFFFF
	case len(s.data) >= 4:
		k.from, k.to = binary.BigEndian.Uint16(s.data), binary.BigEndian.Uint16(s.data[2:])
	}
	return k
}

func (k flowKey) reversed() flowKey {
	k.src, k.dst, k.from, k.to = k.dst, k.src, k.to, k.from
	return k
}

// sumAt is the offset of the checksum field by protocol.
var sumAt = map[uint8]int{protoTCP: 16, protoUDP: 6, protoICMPv6: 2}

// summed reports whether the checksum in p, which is what a raw socket
// delivered of s, says something of the addresses: whole, over data that are
// all there, or that of the pseudo-header alone.
func (s *sample) summed(p *infer.Packet) bool {
	at, ok := sumAt[s.next]
	if !ok || len(p.Data) < at+2 {
		return false
	}
	field := binary.BigEndian.Uint16(p.Data[at:])
	if field == 0 {
		return false
	}
	pseudo := pseudoSum(s.src, s.dst, p.Length, s.next)
	return len(p.Data) == p.Length && fold(pseudo+sum(p.Data)) == 0xFFFF || fold(pseudo) == field ||
		fold(pseudo+uint32(^uint16(p.Length))) == field
}

func pseudoSum(src, dst netip.Addr, length int, next uint8) uint32 {
	a, b := src.As16(), dst.As16()
	return sum(a[:]) + sum(b[:]) + uint32(length&0xFFFF) + uint32(length>>16) + uint32(next)
}

func sum(b []byte) (total uint32) {
	for ; len(b) >= 2; b = b[2:] {
		total += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		total += uint32(b[0]) << 8
	}
	return uint32(fold(total))
}

func fold(total uint32) uint16 {
	total = total&0xFFFF + total>>16
	return uint16(total&0xFFFF + total>>16)
}
