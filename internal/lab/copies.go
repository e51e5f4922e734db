package lab

import (
	"encoding/binary"
	"net/netip"
)

// Copier makes copies of packets that are other flows of the same host: the
// peers get other addresses, the host other ports, and checksums are brought
// up to date by what changed (RFC 1624), so that wrong ones stay wrong.
// Payload is left alone, but for the packets that ICMP errors quote and the
// targets of neighbor discovery.
type Copier struct {
	own  map[netip.Addr]bool
	mode []sumMode // by position in the packets
}

// sumMode says what a transport checksum field holds.
type sumMode uint8

const (
	wholeSum   sumMode = iota
	partialSum         // of the pseudo-header alone, not complemented: offloaded
)

// NewCopier learns the host's addresses and which checksums are partial.
func NewCopier(packets []Packet) *Copier {
	c := &Copier{own: map[netip.Addr]bool{}, mode: make([]sumMode, len(packets))}
	for i, p := range packets {
		h, ok := parseIP(p.Data)
		if !ok {
			continue
		}
		if p.Out {
			c.own[h.src] = true
		}
		if at, ok := sumField(h, p.Data); ok && isPartial(h, p.Data, at) {
			c.mode[i] = partialSum
		}
	}
	return c
}

// Copy turns data, which it changes in place, from the packet at a position
// into its copy of a number. Number 0 is the packet itself.
func (c *Copier) Copy(position, number int, data []byte) {
	if number > 0 {
		c.rewrite(data, number, c.mode[position])
	}
}

// rewrite changes one IP packet and returns what that adds to the one's
// complement sum over its bytes.
func (c *Copier) rewrite(data []byte, number int, mode sumMode) (total uint32) {
	h, ok := parseIP(data)
	if !ok {
		return 0
	}
	addresses := c.rewriteAddresses(h, data, number)
	total = addresses
	if h.version == 4 {
		total += update(data[10:12], addresses)
	}
	if h.offset > 0 {
		return fold(total)
	}
	upper := data[h.upper:]
	changed := c.rewritePorts(h, upper, number) + c.rewriteICMP(h, upper, number)
	total += changed
	at, ok := sumField(h, data)
	switch {
	case !ok:
	case mode == partialSum:
		total += updateSum(data[at:at+2], addresses, false)
	case h.proto == protoICMP: // without pseudo-header
		total += update(data[at:at+2], changed)
	case h.proto == protoUDP && data[at] == 0 && data[at+1] == 0: // none (RFC 768)
	default:
		total += update(data[at:at+2], fold(addresses+changed))
		if h.proto == protoUDP && data[at] == 0 && data[at+1] == 0 {
			data[at], data[at+1] = 0xFF, 0xFF // the same sum: total stays
		}
	}
	return fold(total)
}

// rewriteAddresses moves the peers to other networks.
func (c *Copier) rewriteAddresses(h ipHeader, data []byte, number int) uint32 {
	if h.version == 6 {
		return fold(c.rewriteV6(h.src, data[8:24], number) + c.rewriteV6(h.dst, data[24:40], number))
	}
	return fold(c.rewriteV4(h.src, data[12:16], number) + c.rewriteV4(h.dst, data[16:20], number))
}

// rewriteV6 changes the third group: 2001:db8:x::.
func (c *Copier) rewriteV6(a netip.Addr, b []byte, number int) uint32 {
	if c.own[a] || !a.IsGlobalUnicast() {
		return 0
	}
	return set(b[4:6], binary.BigEndian.Uint16(b[4:])+uint16(number))
}

// rewriteV4 changes the first two octets to those of the private 10/8.
func (c *Copier) rewriteV4(a netip.Addr, b []byte, number int) uint32 {
	if c.own[a] || !a.IsGlobalUnicast() {
		return 0
	}
	return set(b[0:2], 10<<8|uint16(number)&0xFF)
}

// rewritePorts changes the host's ephemeral port.
func (c *Copier) rewritePorts(h ipHeader, upper []byte, number int) uint32 {
	if h.proto != protoTCP && h.proto != protoUDP || len(upper) < 4 {
		return 0
	}
	field := upper[2:4]
	if c.own[h.src] {
		field = upper[0:2]
	}
	const first, prime = 32768, 7919
	port := binary.BigEndian.Uint16(field)
	if port < first {
		return 0
	}
	return set(field, first+uint16((int(port-first)+number*prime)%(65536-first)))
}

// rewriteICMP changes the packet that an error quotes, and the target of
// neighbor discovery (RFC 4861, sections 4.3 and 4.4).
func (c *Copier) rewriteICMP(h ipHeader, upper []byte, number int) uint32 {
	if len(upper) < 28 {
		return 0
	}
	kind := upper[0]
	switch {
	case h.proto == protoICMP && (kind == 3 || kind == 11 || kind == 12),
		h.proto == protoICMPv6 && kind >= 1 && kind <= 4:
		return c.rewrite(upper[8:], number, wholeSum)
	case h.proto == protoICMPv6 && (kind == 135 || kind == 136):
		return c.rewriteV6(netip.AddrFrom16([16]byte(upper[8:24])), upper[8:24], number)
	}
	return 0
}

// sumField is the offset of the transport checksum.
func sumField(h ipHeader, data []byte) (int, bool) {
	at, ok := map[byte]int{protoTCP: 16, protoUDP: 6, protoICMP: 2, protoICMPv6: 2}[h.proto]
	at += h.upper
	return at, ok && h.offset == 0 && at+2 <= len(data)
}

// isPartial reports whether the field holds the pseudo-header's sum.
func isPartial(h ipHeader, data []byte, at int) bool {
	if h.proto != protoTCP && h.proto != protoUDP || h.more {
		return false
	}
	sum := uint32(h.proto) + uint32(len(data)-h.upper)
	if h.version == 6 {
		sum += sumWords(data[8:40])
	} else {
		sum += sumWords(data[12:20])
	}
	return uint16(fold(sum)) == binary.BigEndian.Uint16(data[at:])
}

func sumWords(b []byte) (sum uint32) {
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	return sum
}

func fold(sum uint32) uint32 {
	sum = sum&0xFFFF + sum>>16
	return sum&0xFFFF + sum>>16
}

// set writes a word and returns what that adds to a sum over it.
func set(field []byte, value uint16) uint32 {
	old := binary.BigEndian.Uint16(field)
	binary.BigEndian.PutUint16(field, value)
	return fold(uint32(^old) + uint32(value))
}

// update brings a checksum up to date: HC' = ~(~HC + ~m + m').
func update(field []byte, change uint32) uint32 { return updateSum(field, change, true) }

func updateSum(field []byte, change uint32, complemented bool) uint32 {
	value := binary.BigEndian.Uint16(field)
	if complemented {
		return set(field, ^uint16(fold(uint32(^value)+change)))
	}
	return set(field, uint16(fold(uint32(value)+change)))
}
