package lab

import (
	"encoding/binary"
	"net/netip"
)

// Delivered turns what was on the wire into what the host's stack hands to a
// raw socket: IPv6 without extension headers, its fragments reassembled (the
// whole takes the place of the last one). The 40 bytes of the IPv6 header are
// kept as the truth about it. IPv4 stays as it is. Datagrams whose fragments
// are not all there are not delivered.
func Delivered(wire []Packet) []Packet {
	out := make([]Packet, 0, len(wire))
	open := reassembly{}
	for _, p := range wire {
		h, ok := parseIP(p.Data)
		if !ok {
			continue
		}
		if h.version == 4 {
			out = append(out, p)
			continue
		}
		upper := p.Data[h.upper:]
		if h.fragment {
			if upper = open.add(h, upper); upper == nil {
				continue
			}
		}
		p.Data = withUpper(p.Data[:40], h.proto, upper)
		out = append(out, p)
	}
	return out
}

// withUpper builds an IPv6 packet from a header and other upper-layer data. A
// payload length of 0 says that the record came from segmentation offload.
func withUpper(header []byte, proto byte, upper []byte) []byte {
	data := append(append(make([]byte, 0, 40+len(upper)), header...), upper...)
	data[6] = proto
	if len(upper) <= 0xFFFF && binary.BigEndian.Uint16(header[4:]) != 0 {
		binary.BigEndian.PutUint16(data[4:], uint16(len(upper)))
	}
	return data
}

// datagram identifies fragments that belong together (RFC 8200, section 4.5).
type datagram struct {
	src, dst netip.Addr
	id       uint32
}

type reassembly map[datagram][]piece

type piece struct {
	offset int
	more   bool
	data   []byte
}

// add returns the whole upper-layer data once it is complete, else nil.
// Fragments that overlap are not joined: no stack delivers them (RFC 5722).
func (r reassembly) add(h ipHeader, data []byte) []byte {
	key := datagram{h.src, h.dst, h.id}
	r[key] = append(r[key], piece{h.offset, h.more, data})
	var whole []byte
	for range r[key] {
		for _, p := range r[key] {
			if p.offset != len(whole) {
				continue
			}
			whole = append(whole, p.data...)
			if !p.more {
				delete(r, key)
				return whole
			}
			break
		}
	}
	return nil
}
