package flood

import (
	"bufio"
	"encoding/binary"
)

// Interfaces is how many interfaces a capture describes.
const Interfaces = 4

// The link types and block types that are used.
const (
	linkRaw      = 101
	blockSection = 0x0A0D0D0A
	blockIface   = 1
	blockSimple  = 3
	blockPacket  = 6
)

var (
	be = binary.BigEndian
	le = binary.LittleEndian
)

// writer writes pcapng, little-endian, in microseconds. Its first error is that
// of flush.
type writer struct {
	to   *bufio.Writer
	body []byte
	data []byte
	head []byte // of the present block
}

func newWriter(to *bufio.Writer, form Form) *writer {
	w := &writer{to: to}
	w.body = le.AppendUint32(w.body[:0], 0x1A2B3C4D)
	w.body = le.AppendUint32(w.body, 1)          // version 1.0
	w.body = le.AppendUint64(w.body, ^uint64(0)) // section length not given
	w.block(blockSection)
	for range Interfaces {
		w.body = le.AppendUint32(w.body[:0], linkRaw)
		w.body = le.AppendUint32(w.body, 0) // no snap length
		w.block(blockIface)
	}
	return w
}

func (w *writer) block(kind uint32) {
	for len(w.body)%4 != 0 {
		w.body = append(w.body, 0)
	}
	w.head = le.AppendUint32(w.head[:0], kind)
	w.head = le.AppendUint32(w.head, uint32(len(w.body)+12))
	w.to.Write(w.head) // errors stick: flush returns the first
	w.to.Write(w.body)
	w.to.Write(w.head[4:])
}

func (w *writer) flush() error { return w.to.Flush() }

// packet writes an Enhanced Packet Block, or a simple one.
func (w *writer) packet(p *packet) {
	w.data = p.append(w.data[:0])
	orig := uint32(len(w.data))
	if p.orig != 0 {
		orig = p.orig
	}
	if p.simple {
		w.body = append(le.AppendUint32(w.body[:0], orig), w.data...)
		w.block(blockSimple)
		return
	}
	b := le.AppendUint32(w.body[:0], p.iface)
	b = le.AppendUint32(b, uint32(p.time>>32))
	b = le.AppendUint32(b, uint32(p.time))
	b = le.AppendUint32(b, uint32(len(w.data)))
	b = le.AppendUint32(b, orig)
	b = append(b, w.data...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	if p.direction != 0 {
		b = le.AppendUint32(b, 2|4<<16) // epb_flags
		b = le.AppendUint32(b, p.direction)
	}
	if p.dropped != 0 {
		b = le.AppendUint32(b, 4|8<<16) // epb_dropcount
		b = le.AppendUint64(b, p.dropped)
	}
	if p.direction != 0 || p.dropped != 0 {
		b = append(b, 0, 0, 0, 0) // opt_endofopt
	}
	w.body = b
	w.block(blockPacket)
}

// append adds the packet from its first byte after the link layer. It allocates
// nothing but room in b: the garbage of millions of packets would be the peak of the
// process that measures others.
func (p *packet) append(b []byte) []byte {
	var room [maxOptions]byte
	options := p.options(room[:0])
	size := tcpHeader + len(options) + p.size
	var src, dst [16]byte
	n := p.addresses(&src, &dst)
	if p.form == IPv4 {
		b = p.ipv4(b, src[:n], dst[:n], size)
	} else {
		b = p.ipv6(b, src[:], dst[:], size)
	}
	from := len(b)
	b = p.tcp(b, options)
	if !p.wrongSum {
		sum := adding(adding(uint32(size)+uint32(p.proto), src[:n]), dst[:n])
		be.PutUint16(b[from+16:], folded(adding(sum, b[from:])))
	}
	return b
}

func (p *packet) ipv4(b []byte, src, dst []byte, size int) []byte {
	from := len(b)
	b = append(b, 0x45, p.class)
	b = be.AppendUint16(b, p.lengthField(size+20))
	b = be.AppendUint16(b, p.id)
	b = be.AppendUint16(b, p.fragment)
	b = append(b, p.ttl, p.proto, 0, 0)
	b = append(append(b, src...), dst...)
	be.PutUint16(b[from+10:], folded(adding(0, b[from:])))
	return b
}

// ipv6 adds the header; where a raw socket left it out, what the sniffer makes
// up: the source and the length alone are true.
func (p *packet) ipv6(b []byte, src, dst []byte, size int) []byte {
	b = be.AppendUint32(b, 6<<28|uint32(p.class)<<20|p.label)
	b = be.AppendUint16(b, p.lengthField(size))
	if p.form == NoHeader {
		b = append(b, 255, 0) // unknown
		b = append(b, src...)
		return append(b, unspecified[:]...)
	}
	b = append(b, p.proto, p.ttl)
	return append(append(b, src...), dst...)
}

var unspecified [16]byte

func (p *packet) lengthField(size int) uint16 {
	switch {
	case p.offload:
		return 0
	case p.length != 0:
		return p.length
	}
	return uint16(size)
}

// addresses fills in both, and returns how many bytes of them there are.
func (p *packet) addresses(src, dst *[16]byte) (n int) {
	if p.form == IPv4 {
		be.PutUint32(src[:], 10<<24|uint32(p.src)&0xFFFFFF)
		be.PutUint32(dst[:], 10<<24|uint32(p.dst)&0xFFFFFF)
		return 4
	}
	be.PutUint64(src[:], 0x2001_0DB8<<32)
	be.PutUint64(src[8:], p.src)
	be.PutUint64(dst[:], 0x2001_0DB8<<32)
	be.PutUint64(dst[8:], p.dst)
	return 16
}

// tcpHeader and maxOptions are the sizes of a TCP header without options, and of all
// of those, bytes; payload is what the longest packet has.
const (
	tcpHeader  = 20
	maxOptions = 40
)

var payload [1400]byte

// tcp adds the segment, its checksum field as it is stated or 0.
func (p *packet) tcp(b, options []byte) []byte {
	b = be.AppendUint16(b, p.srcport)
	b = be.AppendUint16(b, p.dstport)
	b = be.AppendUint32(b, p.seq)
	b = be.AppendUint32(b, p.ack)
	offset := 5 + len(options)/4 + p.extra
	b = append(b, byte(offset)<<4, p.flags)
	b = be.AppendUint16(b, p.window)
	b = be.AppendUint16(b, p.sum)
	b = be.AppendUint16(b, p.urgent)
	b = append(b, options...)
	return append(b, payload[:p.size]...)
}

func (p *packet) options(b []byte) []byte {
	b = append(b, 1, 1, 8, 10)
	b = be.AppendUint32(b, p.tsval)
	b = be.AppendUint32(b, p.tsecr)
	if p.hasMSS {
		b = be.AppendUint16(append(b, 2, 4), p.mss)
	}
	if p.hasScale {
		b = append(b, 1, 3, 3, p.scale)
	}
	if n := min(p.blocks, (36-len(b))/8); n > 0 {
		b = append(b, 1, 1, 5, byte(2+8*n))
		for _, edge := range p.sacks[:2*n] {
			b = be.AppendUint32(b, edge)
		}
	}
	return b
}

// adding adds b to the sum of RFC 1071, and folded is its checksum.
func adding(sum uint32, b []byte) uint32 {
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(be.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	return sum
}

func folded(sum uint32) uint16 {
	for sum>>16 != 0 {
		sum = sum&0xFFFF + sum>>16
	}
	return ^uint16(sum)
}
