package tcp

import (
	"math"
	"strings"
	"testing"
	"unsafe"
)

// step is a segment of a hand-built conversation and the flags it must get.
// Sequence and ACK numbers count from the sender's and the receiver's initial
// sequence number.
type step struct {
	at   int64 // microseconds
	dir  uint8
	bits Bits
	seq  int
	len  uint32
	ack  int
	win  uint16
	want Analysis
}

const (
	client, server = 0, 1
	ms             = 1000
)

// handshake is a connection set up in 40 ms without window scaling, both
// windows 1000.
var handshake = []step{
	{0, client, SYN, 0, 0, 0, 1000, 0},
	{20 * ms, server, SYN | ACK, 0, 0, 1, 1000, 0},
	{40 * ms, client, ACK, 1, 0, 1, 1000, 0},
}

// segment places a step on the circle of sequence numbers.
func (p step) segment(isn [2]Seq) *Segment {
	s := &Segment{
		Stamp: p.at * 1000, Dir: p.dir, Bits: p.bits, Len: p.len, Window: p.win, WindowShift: -1,
		Seq: isn[p.dir] + Seq(p.seq), Ack: isn[p.dir^1] + Seq(p.ack),
	}
	if p.bits&ACK == 0 {
		s.Ack = 0
	}
	return s
}

func name(a Analysis) string { return "[" + strings.Join(a.Names(), " ") + "]" }

// play runs steps through an analyser and compares each one's flags.
func play(t *testing.T, isn [2]Seq, steps []step) {
	t.Helper()
	a := NewAnalyser()
	for i, p := range steps {
		if got := a.Add(p.segment(isn)); got != p.want {
			t.Errorf("numbers from %#x, segment %d: got %s, want %s", uint32(isn[0]), i+1, name(got), name(p.want))
		}
	}
}

var conversations = []struct {
	name  string
	steps []step // after the handshake
}{
	{"in order", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{60 * ms, server, ACK, 1, 200, 101, 1000, 0},
		{70 * ms, client, ACK | FIN, 101, 0, 201, 1000, 0},
		{80 * ms, server, ACK | FIN, 201, 0, 102, 1000, 0},
		{90 * ms, client, ACK, 102, 0, 202, 1000, 0},
	}},
	{"retransmission after the initial round trip", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 101, 100, 1, 1000, 0},
		{91 * ms, client, ACK, 1, 100, 1, 1000, Retransmission},
	}},
	{"out of order within it, also at the very stamp", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 201, 100, 1, 1000, LostSegment},
		{51 * ms, client, ACK, 101, 100, 1, 1000, OutOfOrder},
		{52 * ms, client, ACK, 401, 100, 1, 1000, LostSegment},
		{92*ms - 1, client, ACK, 301, 100, 1, 1000, OutOfOrder},
	}},
	{"a backward stamp is no reordering", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 201, 100, 1, 1000, LostSegment},
		{51*ms - 1, client, ACK, 101, 100, 1, 1000, Retransmission},
	}},
	{"the highest segment again is no reordering", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 1, 100, 1, 1000, Retransmission},
	}},
	{"fast retransmission after two duplicate ACKs", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 101, 100, 1, 1000, 0},
		{52 * ms, client, ACK, 201, 100, 1, 1000, 0},
		{70 * ms, server, ACK, 1, 0, 1, 1000, DuplicateAck},
		{71 * ms, server, ACK, 1, 0, 1, 1000, DuplicateAck},
		{91*ms - 1, client, ACK, 1, 100, 1, 1000, FastRetransmission | Retransmission},
		{91 * ms, client, ACK, 1, 100, 1, 1000, OutOfOrder},
		{91 * ms, client, ACK, 101, 100, 1, 1000, OutOfOrder},
	}},
	{"one duplicate ACK is too few", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, client, ACK, 101, 100, 1, 1000, 0},
		{100 * ms, server, ACK, 1, 0, 1, 1000, DuplicateAck},
		{101 * ms, client, ACK, 1, 100, 1, 1000, Retransmission},
	}},
	{"spurious: acknowledged before", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{60 * ms, server, ACK, 1, 0, 101, 1000, 0},
		{61 * ms, client, ACK, 1, 100, 1, 1000, SpuriousRetransmission | Retransmission},
	}},
	{"ACK of a segment never seen, told once", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{51 * ms, server, ACK, 1, 0, 201, 1000, AckLostSegment},
		{52 * ms, server, ACK, 1, 0, 301, 1000, 0},
		{53 * ms, client, ACK, 301, 100, 1, 1000, LostSegment},
	}},
	{"keep-alives and their ACKs", []step{
		{50 * ms, client, ACK, 1, 100, 1, 1000, 0},
		{60 * ms, server, ACK, 1, 0, 101, 1000, 0},
		{9000 * ms, client, ACK, 100, 0, 1, 1000, KeepAlive},
		{9020 * ms, server, ACK, 1, 0, 101, 1000, KeepAliveAck},
		{19000 * ms, client, ACK, 100, 1, 1, 1000, KeepAlive},
		{19020 * ms, server, ACK, 1, 0, 101, 1000, KeepAliveAck},
		{19030 * ms, client, ACK, 101, 100, 1, 1000, 0},
	}},
	{"window update", []step{
		{50 * ms, server, ACK, 1, 0, 1, 2000, WindowUpdate},
		{51 * ms, server, ACK, 1, 0, 1, 2000, DuplicateAck},
	}},
	{"window full, closed, probed, open again", []step{
		{50 * ms, client, ACK, 1, 900, 1, 1000, 0},
		{51 * ms, client, ACK, 901, 100, 1, 1000, WindowFull},
		{60 * ms, server, ACK, 1, 0, 1001, 0, ZeroWindow},
		{300 * ms, client, ACK, 1001, 1, 1, 1000, ZeroWindowProbe},
		{320 * ms, server, ACK, 1, 0, 1001, 0, ZeroWindow | ZeroWindowProbeAck},
		{400 * ms, server, ACK, 1, 0, 1001, 1000, WindowUpdate},
		{401 * ms, client, ACK, 1001, 100, 1, 1000, 0},
	}},
	{"the SYN again, and a SYN with another number", []step{
		{1000 * ms, client, SYN, 0, 0, 0, 1000, Retransmission},
		{2000 * ms, client, SYN, 5000, 0, 0, 1000, ReusedPorts},
		{2020 * ms, server, SYN | ACK, 7000, 0, 5001, 1000, 0},
		{2040 * ms, client, ACK, 5001, 0, 7001, 1000, 0},
		{2050 * ms, client, ACK, 5001, 100, 7001, 1000, 0},
	}},
	{"a SYN/ACK with another number", []step{
		{1000 * ms, server, SYN | ACK, 7000, 0, 1, 1000, ReusedPorts | LostSegment},
	}},
	{"a SYN/ACK and a FIN again are plain retransmissions", []step{
		{1000 * ms, server, SYN | ACK, 0, 0, 1, 1000, Retransmission},
		{1100 * ms, client, FIN | ACK, 1, 0, 1, 1000, 0},
		{1120 * ms, server, ACK, 1, 0, 2, 1000, 0},
		{1300 * ms, client, FIN | ACK, 1, 0, 1, 1000, Retransmission},
	}},
	{"an RST beyond all is not told as a loss", []step{
		{50 * ms, server, RST, 500, 0, 0, 0, 0},
	}},
}

func TestFlags(t *testing.T) {
	numbers := map[string][2]Seq{
		"plain":     {1000, 500_000},
		"wrap":      {math.MaxUint32 - 50, math.MaxUint32 - 3},
		"half turn": {1<<31 - 150, 1<<31 - 1},
	}
	for _, c := range conversations {
		for circle, isn := range numbers {
			t.Run(c.name+"/"+circle, func(t *testing.T) {
				play(t, isn, append(append([]step(nil), handshake...), c.steps...))
			})
		}
	}
}

func TestMidFlow(t *testing.T) {
	play(t, [2]Seq{1000, 9000}, []step{
		{0, client, ACK, 1, 100, 1, 1000, 0},
		{10 * ms, server, ACK, 1, 0, 101, 1000, 0},
		{20 * ms, client, ACK, 201, 100, 1, 1000, LostSegment},
		{23*ms - 1, client, ACK, 101, 100, 1, 1000, OutOfOrder}, // 3 ms without a handshake
		{24 * ms, client, ACK, 301, 100, 1, 1000, 0},
		{25 * ms, client, ACK, 501, 100, 1, 1000, LostSegment},
		{28 * ms, client, ACK, 401, 100, 1, 1000, Retransmission},
		{29 * ms, client, ACK, 601, 501, 1, 1000, 0}, // to the edge of a window of unknown scale
	})
}

func TestWindowScale(t *testing.T) {
	for _, c := range []struct {
		name         string
		client, serv int8 // options of the SYNs
		edge         uint32
	}{
		{"both", 2, 3, 8000},
		{"neither", -1, -1, 1000},
		{"SYN alone", 2, -1, 1000},
		{"SYN/ACK alone", -1, 3, 1000},
		{"beyond 14 counts as 14", 2, 15, 1000 << 14},
	} {
		a := NewAnalyser()
		isn := [2]Seq{1, 2}
		for i, p := range handshake {
			s := p.segment(isn)
			s.WindowShift = []int8{c.client, c.serv, -1}[i]
			a.Add(s)
		}
		a.Add(step{45 * ms, server, ACK, 1, 0, 1, 1000, 0}.segment(isn))
		for _, length := range []uint32{c.edge - 1, c.edge} {
			p := step{100 * ms, client, ACK, 1, length, 1, 1000, 0}
			got, want := a.Add(p.segment(isn))&WindowFull != 0, length == c.edge
			if got != want {
				t.Errorf("%s, %d bytes: got window full %v, want %v", c.name, length, got, want)
			}
		}
	}
}

// Until its first ACK the window of the SYN counts, and that is not scaled.
func TestWindowOfSYNIsNotScaled(t *testing.T) {
	a, isn := NewAnalyser(), [2]Seq{1, 2}
	for _, p := range handshake {
		s := p.segment(isn)
		if s.Bits&SYN != 0 {
			s.WindowShift = 4
		}
		a.Add(s)
	}
	p := step{50 * ms, client, ACK, 1, 1000, 1, 1000, 0}
	if got := a.Add(p.segment(isn)); got != WindowFull {
		t.Errorf("1000 bytes into the SYN/ACK's window of 1000: got %s, want %s", name(got), name(WindowFull))
	}
}

func TestFlowsAreApart(t *testing.T) {
	a, isn := NewAnalyser(), [2]Seq{1, 2}
	for _, flow := range []uint64{0, 7, 3} {
		for i, p := range handshake {
			s := p.segment(isn)
			s.Flow = flow
			if got := a.Add(s); got != 0 {
				t.Errorf("flow %d, segment %d: got %s, want none", flow, i+1, name(got))
			}
		}
	}
}

// A segment costs the same whatever came before: an end is a fixed number of
// bytes and Add allocates nothing.
func TestMillionCopies(t *testing.T) {
	a, isn := NewAnalyser(), [2]Seq{1000, 2000}
	for _, p := range handshake {
		a.Add(p.segment(isn))
	}
	s := step{50 * ms, client, ACK, 1, 100, 1, 1000, 0}.segment(isn)
	a.Add(s)
	for i := range 1_000_000 {
		if got := a.Add(s); got != Retransmission {
			t.Fatalf("copy %d: got %s, want %s", i+1, name(got), name(Retransmission))
		}
	}
	if got := testing.AllocsPerRun(1000, func() { a.Add(s) }); got != 0 {
		t.Errorf("one more copy: got %v allocations, want 0", got)
	}
	if got := unsafe.Sizeof(conversation{}); got > 160 {
		t.Errorf("memory of a flow: got %d bytes, want at most 160", got)
	}
	n := 0
	if a.conversations.Each(func(uint64, *conversation) { n++ }); n != 1 {
		t.Errorf("conversations: got %d, want 1", n)
	}
}

func TestNamesFollowOrder(t *testing.T) {
	all := Analysis(analysisEnd - 1).Names()
	if got, want := strings.Join(all, " "), strings.Join(AnalysisNames(), " "); got != want {
		t.Errorf("all flags: got %s, want %s", got, want)
	}
}

// BenchmarkAnalyser runs bulk transfers over 1024 flows with a loss and its
// repair in every 16 segments.
func BenchmarkAnalyser(b *testing.B) {
	const flows = 1024
	a := NewAnalyser()
	cycle := bulk()
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		s := cycle[i/flows%len(cycle)]
		s.Flow = uint64(i % flows)
		s.Seq += Seq(i / flows / len(cycle) * 1600)
		a.Add(&s)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

func bulk() (cycle []Segment) {
	for i := range 16 {
		p := step{int64(i) * ms, client, ACK, 1 + 100*i, 100, 1, 1000, 0}
		switch {
		case i == 5:
			p.seq += 100
		case i == 9:
			p.seq = 501
		case i%3 == 2:
			p = step{int64(i) * ms, server, ACK, 1, 0, min(100*i, 501), 1000, 0}
		}
		cycle = append(cycle, *p.segment([2]Seq{0, 0}))
	}
	return cycle
}

func TestDuplicateSACK(t *testing.T) {
	const ack = 1000
	block := func(left, right int) Range { return Range{Left: Seq(ack + left), Right: Seq(ack + right)} }
	for _, c := range []struct {
		name      string
		blocks    []Range
		flag, rfc bool // Wireshark's flag; RFC 2883's predicate, which evidence rests on
	}{
		{"no block", nil, false, false},
		{"a hole", []Range{block(100, 200)}, false, false},
		{"below the ACK", []Range{block(-200, -100)}, true, true},
		{"up to the ACK", []Range{block(-100, 0)}, true, true},
		{"across the ACK", []Range{block(-100, 100)}, false, false},
		{"inside the second", []Range{block(200, 300), block(100, 400)}, true, true},
		{"the second itself", []Range{block(100, 400), block(100, 400)}, true, true},
		{"beside the second", []Range{block(400, 500), block(100, 400)}, false, false},
		{"into the second", []Range{block(100, 300), block(200, 400)}, true, false},
		{"out of the second", []Range{block(200, 500), block(100, 400)}, false, false},
		{"in the third", []Range{block(600, 700), block(100, 400), block(500, 800)}, false, false},
	} {
		s := Segment{Bits: ACK, WindowShift: -1, Window: 1, Ack: ack, SACKs: uint8(len(c.blocks))}
		copy(s.SACK[:], c.blocks)
		if got := NewAnalyser().Add(&s)&DuplicateSACK != 0; got != c.flag {
			t.Errorf("%s: got flag %v, want %v", c.name, got, c.flag)
		}
		if got := s.DSACK(); got != c.rfc {
			t.Errorf("%s: by RFC 2883 got %v, want %v", c.name, got, c.rfc)
		}
	}
}
