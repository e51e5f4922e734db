package analysis

import (
	"math/rand/v2"

	"github.com/mendcap/mendcap/internal/tcp"
)

// walk is a random walk of one connection: each segment is likely to meet the
// conditions of some flag, because its fields are chosen near what the rules
// compare them with.
type walk struct {
	r      *rand.Rand
	flow   uint64
	now    int64
	shift  [2]int8
	high   [2]tcp.Seq // highest end sent
	acked  [2]tcp.Seq // latest ACK number sent
	window [2]uint16
	last   [2]tcp.Segment
}

func pick[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// walks makes n connections of m segments each, one after the other.
func walks(seed uint64, n, m int) (segments []tcp.Segment) {
	r := rand.New(rand.NewPCG(seed, 4))
	for flow := range n {
		w := newWalk(r, uint64(flow))
		if r.IntN(4) > 0 {
			segments = append(segments, w.handshake()...)
		}
		for range m {
			s := w.next()
			w.sent(&s)
			segments = append(segments, s)
		}
	}
	return segments
}

func newWalk(r *rand.Rand, flow uint64) *walk {
	w := &walk{r: r, flow: flow, now: 1_700_000_000_000_000_000}
	for d := range w.high {
		w.high[d] = pick(r, tcp.Seq(r.Uint32()), 0xFFFFFF00, 0xFFFFFF38, 1, 1000, 0x7FFFFF00)
		w.window[d] = 1000
		w.shift[d] = pick[int8](r, -1, 0, 1, 2, 3, 15)
	}
	w.acked[0], w.acked[1] = w.high[1], w.high[0]
	return w
}

func (w *walk) handshake() []tcp.Segment {
	rtt := pick[int64](w.r, 0, 1_000_000, 40_000_000)
	syn, synAck, ack := w.plain(0), w.plain(1), w.plain(0)
	syn.Bits, syn.Ack, syn.WindowShift = tcp.SYN, 0, w.shift[0]
	syn.Seq--
	synAck.Bits, synAck.WindowShift, synAck.Stamp = tcp.SYN|tcp.ACK, w.shift[1], w.now+rtt/2
	synAck.Seq--
	ack.Stamp += rtt
	w.now += rtt
	return []tcp.Segment{syn, synAck, ack}
}

// plain is an ACK that says nothing new.
func (w *walk) plain(dir uint8) tcp.Segment {
	return tcp.Segment{
		Stamp: w.now, Flow: w.flow, Dir: dir, Bits: tcp.ACK, WindowShift: -1,
		Seq: w.high[dir], Ack: w.acked[dir], Window: w.window[dir],
	}
}

// gaps are the times between segments: at the rules' limits, and on both sides
// of them.
var gaps = []int64{
	0, 1000, 100_000, 1_000_000, 2_999_999, 3_000_000, 5_000_000,
	19_999_999, 20_000_000, 50_000_000, 250_000_000,
}

func (w *walk) next() tcp.Segment {
	r := w.r
	w.now += pick(r, gaps...)
	if r.IntN(40) == 0 {
		w.now -= pick[int64](r, 1, 1000, 5_000_000, 1_000_000_000)
	}
	s := w.plain(uint8(r.IntN(2)))
	switch n := r.IntN(30); {
	case n < 13:
		w.data(&s)
	case n < 21:
		w.answer(&s)
	case n < 25 && r.IntN(3) == 0:
		w.control(&s)
	}
	if r.IntN(3) == 0 && s.Bits == tcp.ACK {
		w.sack(&s)
	}
	return s
}

// data makes it a segment with payload: new, beyond a hole, repeated, after.
func (w *walk) data(s *tcp.Segment) {
	r := w.r
	s.Len = pick[uint32](r, 0, 1, 2, 50, 100, 100, 200)
	if r.IntN(200) == 0 {
		s.Len = 70_000 // segmentation offload
	}
	switch r.IntN(8) {
	case 0:
		s.Seq += tcp.Seq(pick(r, 1, 100, 200))
	case 1:
		s.Seq, s.Len = w.last[s.Dir].Seq, w.last[s.Dir].Len
	case 2:
		s.Seq -= tcp.Seq(pick(r, 1, 2, 100, 200, 300))
	case 3:
		s.Seq = w.acked[1-s.Dir]
	case 4:
		s.Seq--
	}
}

// answer changes what the segment says of the other direction, or runs into
// the edge of its window.
func (w *walk) answer(s *tcp.Segment) {
	r := w.r
	switch r.IntN(6) {
	case 0, 1:
		s.Ack = w.high[1-s.Dir]
	case 2:
		s.Ack += tcp.Seq(pick(r, 1, 100, 150))
	case 3:
		s.Ack = w.high[1-s.Dir].Add(pick[uint32](r, 1, 100))
	case 4:
		s.Window = pick[uint16](r, 0, 0, 100, 200, 1000)
	case 5:
		edge := uint32(w.window[1-s.Dir])
		if w.shift[0] >= 0 && w.shift[1] >= 0 {
			edge <<= min(w.shift[1-s.Dir], 14)
		}
		s.Len = min(uint32(w.acked[1-s.Dir].Add(edge)-s.Seq), 40_000)
	}
}

// control sets SYN, FIN or RST, at expected numbers and at others.
func (w *walk) control(s *tcp.Segment) {
	r := w.r
	switch r.IntN(4) {
	case 0:
		s.Bits |= pick(r, tcp.FIN, tcp.RST, tcp.PSH)
		s.Len = pick[uint32](r, 0, 0, 100)
	case 1:
		s.Bits, s.Ack = tcp.SYN, 0
	case 2:
		s.Bits = tcp.SYN | tcp.ACK
	case 3:
		s.Bits = pick(r, tcp.RST, tcp.PSH, tcp.FIN, tcp.SYN|tcp.FIN, tcp.SYN|tcp.RST, tcp.FIN|tcp.ACK, 0)
		s.Ack = pick(r, 0, s.Ack)
	}
	if s.Bits&tcp.SYN != 0 {
		s.WindowShift = w.shift[s.Dir]
		s.Seq = pick(r, s.Seq, s.Seq-1, w.last[s.Dir].Seq, tcp.Seq(r.Uint32()))
	} else if r.IntN(4) == 0 {
		s.WindowShift = 4 // out of place there
	}
}

// sack adds blocks above the ACK number, and now and then one that tells of a
// duplicate: below it, across it, or inside the next one.
func (w *walk) sack(s *tcp.Segment) {
	for range 1 + w.r.IntN(tcp.MaxSACK) {
		left := s.Ack.Add(pick[uint32](w.r, 0, 100, 200, 300))
		s.SACK[s.SACKs] = tcp.Range{Left: left, Right: left.Add(pick[uint32](w.r, 100, 200, 300))}
		s.SACKs++
	}
	if w.r.IntN(3) == 0 {
		s.SACK[0].Left = s.Ack - tcp.Seq(pick[uint32](w.r, 0, 1, 50, 100, 200))
		s.SACK[0].Right = s.SACK[0].Left.Add(pick[uint32](w.r, 1, 50, 100, 300))
	}
}

// sent takes the segment into the walk's own idea of the connection.
func (w *walk) sent(s *tcp.Segment) {
	if w.high[s.Dir].Less(s.End()) || s.Bits&tcp.SYN != 0 {
		w.high[s.Dir] = s.End()
	}
	w.acked[s.Dir], w.window[s.Dir] = s.Ack, s.Window
	w.last[s.Dir] = *s
}
