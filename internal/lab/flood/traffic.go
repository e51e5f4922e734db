package flood

import "math/rand/v2"

// packet is a TCP segment with all that surrounds it.
type packet struct {
	// pcapng's.
	iface     uint32
	time      uint64 // microseconds since 1970
	orig      uint32 // original length where it is not the true one, 0 otherwise
	direction uint32 // of epb_flags, 0 without
	dropped   uint64 // of epb_dropcount, 0 without
	simple    bool   // a Simple Packet Block, which has no time

	// IP's.
	form              Form
	class, ttl, proto uint8
	length            uint16 // where it is not the true one, 0 otherwise
	offload           bool   // the length field holds 0
	id, fragment      uint16
	label             uint32
	src, dst          uint64 // low bits of the addresses

	// TCP's.
	srcport, dstport, window, urgent, mss, sum uint16
	wrongSum                                   bool // sum holds
	seq, ack, tsval, tsecr                     uint32
	flags, scale                               uint8
	sacks                                      [8]uint32
	blocks, size                               int // SACK blocks, and bytes of payload
	hasMSS, hasScale                           bool
	extra                                      int // words that the data offset has more than there are
}

// The bits of flags.
const (
	syn = 2
	psh = 8
	ack = 16
)

// Traffic begins in the year 2023, and a packet follows another after 10
// microseconds.
const (
	beginning = 1_700_000_000_000_000
	interval  = 10
)

// traffic is a connection whose ends send in turns, ten bytes each time.
type traffic struct {
	form   Form
	oneWay bool
	// acksFirst is how many bare ACKs of one end come before the data of the other,
	// which they acknowledge.
	acksFirst int
	sent      int
	seq       [2]uint32
	started   bool
}

// next returns the next packet.
func (t *traffic) next() packet {
	if !t.started {
		t.started, t.seq = true, [2]uint32{1000, 5000}
	}
	dir := t.sent % 2
	switch {
	case t.oneWay:
		dir = 0
	case t.acksFirst > 0:
		dir = 0
		if t.sent >= t.acksFirst {
			dir = 1
		}
	}
	p := packet{
		form: t.form, time: beginning + uint64(t.sent)*interval, proto: 6, ttl: 64, id: uint16(t.sent), src: 1, dst: 2,
		srcport: 40_000, dstport: 80, window: 60_000, flags: ack | psh, seq: t.seq[dir], ack: t.seq[1-dir], size: 10,
		tsval: uint32(t.sent / 100), tsecr: uint32(t.sent / 100),
	}
	if t.acksFirst > 0 && dir == 0 {
		p.size, p.flags, p.ack = 0, ack, p.ack+uint32(10*(t.sent+1))
	}
	if dir == 1 { // what is received has met a router
		p.src, p.dst, p.srcport, p.dstport, p.ttl = p.dst, p.src, p.dstport, p.srcport, 57
	}
	t.seq[dir] += uint32(p.size)
	t.sent++
	return p
}

// jump lets both senders leave bytes out.
func (t *traffic) jump(bytes uint32) {
	t.seq[0] += bytes
	t.seq[1] += bytes
}

// disorder returns packets whose order shows what a raw socket does: packets are
// exchanged with their neighbours, and keep the times of their places.
func (t *traffic) disorder(r *rand.Rand, n int) []packet {
	list := make([]packet, n)
	for i := range list {
		list[i] = t.next()
	}
	for i := 8; i+3 < n; i += 4 {
		r.Shuffle(4, func(a, b int) {
			p, q := &list[i+a], &list[i+b]
			p.time, q.time = q.time, p.time
			*p, *q = *q, *p
		})
	}
	return list
}
