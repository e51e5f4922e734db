package reorder

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// traffic makes up what a host sees of several connections through a network
// that loses, swaps and duplicates: in true order, as real stacks answer.
type traffic struct {
	rng              *rand.Rand
	rough            float64 // share of segments that the network loses, swaps or duplicates
	sack, timestamps bool
	counted          bool // IPv4 with one counter for the host
	out              []tcp.Segment
	id               uint16
}

// connection is one flow while it is made up. End 0 is the host.
type connection struct {
	*traffic
	flow   uint64
	now    int64
	isn    [2]tcp.Seq
	next   [2]tcp.Seq // what each end sends next
	end    [2]receiver
	clock  [2]uint32 // offsets of the timestamp clocks
	serial uint16
}

// receiver is one end's receiving half.
type receiver struct {
	next   tcp.Seq
	beyond []tcp.Range // most recent first
	dup    tcp.Range   // to be told as D-SACK
	recent uint32      // TS.Recent (RFC 7323)
}

const roundTrip = 10 * ms

// conversations returns the packets of so many connections of so many rounds.
func (m *traffic) conversations(flows, rounds int) []tcp.Segment {
	for flow := range flows {
		c := &connection{traffic: m, flow: uint64(flow), now: 1e18 + m.rng.Int64N(5*ms)}
		for end := range c.isn {
			c.isn[end], c.clock[end] = tcp.Seq(m.rng.Uint32()), m.rng.Uint32()
			c.next[end] = c.isn[end] + 1
			c.end[1-end].next = c.isn[end] + 1
		}
		c.open()
		for range rounds {
			if m.rng.IntN(2) == 0 {
				c.download(1 + m.rng.IntN(6))
			} else {
				c.upload(1 + m.rng.IntN(5))
			}
			c.now += m.rng.Int64N(3 * ms)
		}
	}
	slices.SortStableFunc(m.out, func(a, b tcp.Segment) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range m.out {
		m.out[i].Frame = int64(i + 1)
		if m.counted && m.out[i].Outbound == tcp.Out {
			m.id++
			m.out[i].IPID = m.id
		}
	}
	return m.out
}

// say adds a packet that the host sees now.
func (c *connection) say(end uint8, bits tcp.Bits, seq tcp.Seq, length uint32, side *receiver) *tcp.Segment {
	c.serial++
	seg := tcp.Segment{
		Stamp: c.now, Flow: c.flow, Dir: end, Bits: bits, WindowShift: 0, Window: 65535, HasIPID: c.counted,
		Seq: seq, Ack: side.next, Len: length, Sum: c.serial, Outbound: tcp.Out, SACKPermitted: c.sack && bits.Has(tcp.SYN),
	}
	if end == 1 {
		seg.Outbound = tcp.In
	}
	if c.timestamps {
		seg.HasTS, seg.TSval, seg.TSecr = true, uint32(c.now/ms)+c.clock[end], side.recent
	}
	c.out = append(c.out, seg)
	return &c.out[len(c.out)-1]
}

func (c *connection) open() {
	none := &receiver{}
	c.say(0, tcp.SYN, c.isn[0], 0, none)
	c.now += roundTrip
	c.end[1].recent = c.out[len(c.out)-1].TSval
	c.say(1, tcp.SYN|tcp.ACK, c.isn[1], 0, &c.end[1])
	c.end[0].recent = c.out[len(c.out)-1].TSval
	c.now += ms / 50
	c.say(0, tcp.ACK, c.next[0], 0, &c.end[0])
	c.now += ms
}

// arrivals is what a network makes of segments in a row: their order at the
// other end, some of them missing or there twice.
func (m *traffic) arrivals(segs []tcp.Segment) (there, lost []tcp.Segment) {
	for _, s := range segs {
		switch {
		case m.rng.Float64() >= m.rough:
			there = append(there, s)
		case m.rng.IntN(3) == 0:
			lost = append(lost, s)
		case m.rng.IntN(2) == 0:
			there = append(there, s, s)
		default:
			there = append(there, s)
			if k := len(there); k > 1 {
				there[k-1], there[k-2] = there[k-2], there[k-1]
			}
		}
	}
	return there, lost
}

// download has the peer send a burst, and again what was lost of it.
func (c *connection) download(segments int) {
	var burst []tcp.Segment
	for range segments {
		burst = append(burst, tcp.Segment{Seq: c.next[1], Len: 1000, TSval: uint32(c.now/ms) + c.clock[1]})
		c.next[1] += 1000
	}
	for len(burst) > 0 {
		there, lost := c.arrivals(burst)
		for i, s := range there {
			c.now += 1000 + c.rng.Int64N(ms/10)
			seg := c.say(1, tcp.ACK, s.Seq, s.Len, &c.end[1])
			if c.timestamps {
				seg.TSval = s.TSval
			}
			mustAnswer := c.end[0].receive(seg) || i%2 == 1 || i == len(there)-1
			if mustAnswer {
				c.now += 1000 + c.rng.Int64N(ms/50)
				c.answer(0)
			}
		}
		c.now += roundTrip
		burst = lost
		for i := range burst {
			burst[i].TSval = uint32(c.now/ms) + c.clock[1]
		}
	}
}

// upload has the host send a burst, and again what was lost of it.
func (c *connection) upload(segments int) {
	var burst []tcp.Segment
	for range segments {
		burst = append(burst, tcp.Segment{Seq: c.next[0], Len: 1000})
		c.next[0] += 1000
	}
	for len(burst) > 0 {
		for i := range burst {
			burst[i] = *c.say(0, tcp.ACK, burst[i].Seq, burst[i].Len, &c.end[0])
			c.now += 500 + c.rng.Int64N(ms/50)
		}
		c.now += roundTrip
		there, lost := c.arrivals(burst)
		for i := range there {
			if c.end[1].receive(&there[i]) || i%2 == 1 || i == len(there)-1 {
				c.answer(1)
				c.end[0].recent = c.out[len(c.out)-1].TSval
			}
			c.now += 1000 + c.rng.Int64N(ms/10)
		}
		c.now += 2 * ms
		burst = lost
	}
}

// receive takes a segment in and reports whether it has to be answered at once:
// it leaves or fills a hole, or is there twice (RFC 5681, section 4.2).
func (r *receiver) receive(s *tcp.Segment) bool {
	got := tcp.Range{Left: s.Seq, Right: s.End()}
	holes := len(r.beyond) > 0
	switch {
	case got.Right.AtMost(r.next), slices.ContainsFunc(r.beyond, func(b tcp.Range) bool { return b.Contains(got) }):
		r.dup = got
		return true
	case r.next.Less(got.Left):
		r.join(got)
		return true
	}
	r.next, r.recent = got.Right, s.TSval
	r.beyond = slices.DeleteFunc(r.beyond, func(b tcp.Range) bool {
		if b.Left == r.next {
			r.next = b.Right
			return true
		}
		return false
	})
	return holes
}

// join adds a block, merged with its neighbours, in front.
func (r *receiver) join(got tcp.Range) {
	r.beyond = slices.DeleteFunc(r.beyond, func(b tcp.Range) bool {
		switch {
		case b.Right == got.Left:
			got.Left = b.Left
			return true
		case b.Left == got.Right:
			got.Right = b.Right
			return true
		}
		return false
	})
	r.beyond = slices.Insert(r.beyond, 0, got)
}

// answer is a bare ACK with SACK blocks, as many as there is room for.
func (c *connection) answer(end uint8) {
	r := &c.end[end]
	seg := c.say(end, tcp.ACK, c.next[end], 0, r)
	if !c.sack {
		return
	}
	room := tcp.MaxSACK
	if c.timestamps {
		room--
	}
	if r.dup != (tcp.Range{}) {
		seg.SACK[0], seg.SACKs = r.dup, 1
		r.dup = tcp.Range{}
	}
	for _, b := range r.beyond {
		if int(seg.SACKs) < room {
			seg.SACK[seg.SACKs] = b
			seg.SACKs++
		}
	}
}

// sniffer is what a raw socket and its reader do to true packets.
type sniffer struct {
	rng           *rand.Rand
	responseFirst float64 // share of inbound batches queued after what the host sends meanwhile
	threads       bool    // at a completion port: stamps and file in any order
	tick          int64   // of the clock, nanoseconds
	drops         float64 // share, in bursts
}

// record returns what it writes of the packets.
func (d *sniffer) record(truth []tcp.Segment) []tcp.Segment {
	out := d.read(d.drop(d.queue(truth)))
	for i := range out {
		if d.tick > 0 {
			out[i].Stamp -= out[i].Stamp % d.tick
		}
	}
	return out
}

func (d *sniffer) queue(truth []tcp.Segment) (queue []tcp.Segment) {
	for i := 0; i < len(truth); {
		n := 1
		if d.rng.Float64() < d.responseFirst {
			span := d.rng.Int64N(ms / 2)
			for i+n < len(truth) && n < 12 && truth[i+n].Stamp-truth[i].Stamp < span {
				n++
			}
		}
		batch := slices.Clone(truth[i : i+n])
		last := batch[n-1].Stamp
		slices.SortStableFunc(batch, func(a, b tcp.Segment) int { return cmp.Compare(b.Outbound, a.Outbound) })
		for k := range batch {
			if batch[k].Outbound == tcp.In {
				batch[k].Stamp = last
			}
		}
		queue = append(queue, batch...)
		i += n
	}
	return queue
}

func (d *sniffer) drop(queue []tcp.Segment) []tcp.Segment {
	left := 0
	return slices.DeleteFunc(queue, func(tcp.Segment) bool {
		if left == 0 && d.rng.Float64() < d.drops/4 {
			left = 1 + d.rng.IntN(7)
		}
		left = max(-1, left-1)
		if left < 0 {
			left = 0
			return false
		}
		return true
	})
}

// read stamps the packets: one reader in turn, threads each as it likes.
func (d *sniffer) read(queue []tcp.Segment) []tcp.Segment {
	written := make([]int64, len(queue))
	order := make([]int, len(queue))
	last := int64(0)
	for i := range queue {
		late := d.rng.Int64N(ms / 20)
		if d.rng.IntN(30) == 0 {
			late *= 6
		}
		order[i] = i
		queue[i].Stamp += late
		if !d.threads {
			queue[i].Stamp = max(queue[i].Stamp, last+500)
			last = queue[i].Stamp
		}
		written[i] = queue[i].Stamp
		if d.threads {
			written[i] += d.rng.Int64N(ms / 50)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(written[a], written[b]) })
	out := make([]tcp.Segment, len(queue))
	for i, k := range order {
		out[i] = queue[k]
	}
	return out
}
