package etw

import (
	"encoding/binary"
	"math/bits"
	"slices"
)

// hash is FNV-1a of 64 bits over words instead of bytes, with its bits mixed at the end.
// It is the same in every run.
type hash uint64

const fnvPrime = 0x100000001b3

func newHash() hash { return 0xcbf29ce484222325 }

func (h *hash) add(b []byte) {
	v := uint64(*h)
	for ; len(b) >= 8; b = b[8:] {
		v = bits.RotateLeft64(v^binary.LittleEndian.Uint64(b), 29) * fnvPrime
	}
	for _, c := range b {
		v = (v ^ uint64(c)) * fnvPrime
	}
	*h = hash(v)
}

func (h *hash) sum() uint64 {
	v := uint64(*h)
	v = (v ^ v>>33) * 0xff51afd7ed558ccd // MurmurHash3's finalizer
	v = (v ^ v>>33) * 0xc4ceb9fe1a85ec53
	return v ^ v>>33
}

// identify hashes what stays the same of a packet from one layer of the host to the next:
// addresses, protocol and the beginning of the transport header without its checksum,
// which may be filled in on the way; no lengths, as large sends are cut up. near includes
// the hop limit, which only a router changes; far is for comparisons with packets whose IP
// header was made up.
func identify(link uint16, frame []byte) (near, far uint64) {
	h := newHash()
	start, version, ok := ipAt(link, frame)
	if !ok {
		const most = 128
		if _, at, ok := payloadAt(link, frame); ok && at <= len(frame) {
			frame = frame[at-min(at, 2):]
		}
		h.add(frame[:min(len(frame), most)])
		return h.sum(), h.sum()
	}
	header := frame[start:]
	var ttl, protocol byte
	var transport []byte
	if version == 4 {
		ttl, protocol = header[8], header[9]
		h.add(header[12:ipv4Header])
		transport = header[min(len(header), max(ipv4Header, int(header[0]&15)*4)):]
	} else {
		ttl, protocol = header[7], header[6]
		h.add(header[8:ipv6Header])
		transport = header[ipv6Header:]
	}
	h.add([]byte{protocol})
	addTransport(&h, protocol, transport)
	far = h.sum()
	h.add([]byte{ttl})
	return h.sum(), far
}

// addTransport adds the beginning of a transport header.
func addTransport(h *hash, protocol byte, b []byte) {
	const beforeWindow, most = 14, 24
	switch {
	case protocol == protocolTCP:
		h.add(b[:min(len(b), beforeWindow)])
	case protocol == protocolUDP && len(b) >= udpHeader:
		h.add(b[:4])
		h.add(b[udpHeader:min(len(b), most)])
	case len(b) >= 4: // ICMP has its checksum third
		h.add(b[:2])
		h.add(b[4:min(len(b), most)])
	default:
		h.add(b)
	}
}

// sketchSize is how many hashes stand for all of a capture point.
const sketchSize = 256

// sketch keeps the smallest hashes of a set, in order: a sample that is the same whatever
// the order, and in which the members of a subset are found again (bottom-k sketch; Cohen
// and Kaplan, 2007).
type sketch []uint64

func (s *sketch) add(v uint64) {
	full := len(*s) >= sketchSize
	if full && v > (*s)[len(*s)-1] {
		return
	}
	at, found := slices.BinarySearch(*s, v)
	if found {
		return
	}
	if full {
		*s = (*s)[:sketchSize-1]
	}
	*s = slices.Insert(*s, at, v)
}

func (s *sketch) merge(other sketch) {
	for _, v := range other {
		s.add(v)
	}
}

// within estimates which share of the set is in another's: found of the sampled.
func (s sketch) within(other sketch) (found, sampled int) {
	for _, v := range s {
		if len(other) >= sketchSize && v > other[len(other)-1] {
			break // the other can't tell
		}
		sampled++
		if _, ok := slices.BinarySearch(other, v); ok {
			found++
		}
	}
	return found, sampled
}
