package clocks

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

const ms = int64(1e6)

// clockTraffic is made-up traffic: what the host sends is seen on interface 0,
// what the peer sends on interface 1.
type clockTraffic struct {
	rng  *rand.Rand
	now  int64
	wire []sent
}

type sent struct {
	seg   reorder.Segment
	iface int
	stamp int64
}

func newClockTraffic() *clockTraffic {
	return &clockTraffic{rng: rand.New(rand.NewPCG(1, 2)), now: 1e18}
}

func (c *clockTraffic) add(flow uint64, dir uint8, bits tcp.Bits, seq, ack tcp.Seq, length uint32) {
	side := tcp.Out
	if dir == 1 {
		side = tcp.In
	}
	seg := reorder.Segment{Flow: flow, Dir: dir, Bits: bits, Seq: seq, Ack: ack, Len: length, Outbound: side}
	c.wire = append(c.wire, sent{seg, int(dir), c.now})
}

// exchange adds a request, its ACK after a round trip, the answer, and the
// host's ACK for that at once.
func (c *clockTraffic) exchange(flow uint64, at tcp.Seq, roundTrip int64) {
	c.add(flow, 0, tcp.ACK, at, at, 100)
	c.now += roundTrip + c.rng.Int64N(roundTrip)
	c.add(flow, 1, tcp.ACK, at, at+100, 0)
	c.now += ms + c.rng.Int64N(ms)
	c.add(flow, 1, tcp.ACK, at, at+100, 100)
	c.now += 1000 + c.rng.Int64N(50_000)
	c.add(flow, 0, tcp.ACK, at+100, at+100, 0)
	c.now += ms + c.rng.Int64N(ms)
}

// exchanges of one flow, n of them.
func exchanges(n int) *clockTraffic {
	c := newClockTraffic()
	for i := range n {
		c.exchange(0, tcp.Seq(math.MaxUint32-500)+tcp.Seq(i*100), 10*ms)
	}
	return c
}

// wrong gives the stamps of interface 1 another clock.
func (c *clockTraffic) wrong(offset, ppb int64) []sent {
	list := append([]sent(nil), c.wire...)
	for i := range list {
		if list[i].iface == 1 {
			list[i].stamp += offset + proportion(list[i].stamp-1e18, ppb, billion)
		}
	}
	return list
}

// surveyed returns what is found of interface 1 against 0.
func surveyed(t *testing.T, list []sent) Clock {
	t.Helper()
	s := NewSurvey(0)
	for i := range list {
		s.Add(list[i].iface, list[i].stamp, &list[i].seg)
	}
	found := s.Result()
	if len(found) > 1 {
		t.Fatalf("clocks: got %d, want at most one", len(found))
	}
	if len(found) == 0 {
		return Clock{}
	}
	return found[0]
}

func wantOffset(t *testing.T, c Clock, want int64) {
	t.Helper()
	if d := c.Offset - want; max(d, -d) > c.Uncertainty {
		t.Errorf("offset: got %d ± %d, want %d", c.Offset, c.Uncertainty, want)
	}
}

func TestClocksDiffer(t *testing.T) {
	traffic := exchanges(3000)
	span := traffic.now - int64(1e18)
	for _, c := range []struct{ offset, ppb int64 }{
		{5 * ms, 0}, {-25 * ms, 0}, {10_000 * ms, 200_000}, {-10_000 * ms, -200_000}, {86_400_000 * ms, 40_000},
	} {
		got := surveyed(t, traffic.wrong(c.offset, c.ppb))
		if got.State != Differs || !got.Apart {
			t.Errorf("%+v: state: got %d, apart %v, want that they differ", c, got.State, got.Apart)
			continue
		}
		wantOffset(t, got, c.offset+proportion(got.At-1e18, c.ppb, billion))
		if d := got.SkewPPB - c.ppb; max(d, -d) > 5000 {
			t.Errorf("%+v over %d s: skew: got %d ppb", c, span/billion, got.SkewPPB)
		}
	}
}

// Within the smallest round trip no offset contradicts one clock.
func TestClocksAreAlignedAsFarAsCanBeTold(t *testing.T) {
	traffic := exchanges(300)
	for _, offset := range []int64{0, -3 * ms, -9 * ms} {
		c := surveyed(t, traffic.wrong(offset, 0))
		if c.State != Aligned || c.Apart {
			t.Errorf("offset %d: got state %d, apart %v, want aligned", offset, c.State, c.Apart)
		}
		wantOffset(t, c, offset)
	}
}

// The order in the file does not matter, only that of each interface.
func TestClocksInAnyFileOrder(t *testing.T) {
	list := exchanges(500).wrong(-7000*ms, 0)
	want := surveyed(t, list)
	var first, second []sent
	for _, s := range list {
		if s.iface == 0 {
			first = append(first, s)
		} else {
			second = append(second, s)
		}
	}
	for _, other := range [][]sent{append(append([]sent(nil), first...), second...), append(append([]sent(nil), second...), first...)} {
		got := surveyed(t, other)
		got.Inverted = want.Inverted
		if got != want {
			t.Errorf("one interface behind the other: got %+v, want %+v", got, want)
		}
	}
	if want.Inverted != 0 {
		t.Errorf("true order: got %d inverted samples, want none", want.Inverted)
	}
	if got := surveyed(t, append(second, first...)); got.Inverted == 0 {
		t.Error("answers first: got no inverted samples")
	}
}

// Answers in one direction bound the offset on one side, and nothing is proved
// but that, perhaps, the clocks are apart.
func TestClocksOneSided(t *testing.T) {
	for _, test := range []struct {
		name          string
		answers       uint8 // direction of the ACKs that are there
		offset        int64
		apart, atLeas bool
	}{
		{"host's answers, ahead", 0, 4 * ms, true, true},
		{"host's answers, behind", 0, -4 * ms, false, true},
		{"peer's answers, ahead", 1, 400 * ms, false, false},
		{"peer's answers, behind", 1, -400 * ms, true, false},
	} {
		var list []sent
		for _, s := range exchanges(200).wrong(test.offset, 0) {
			if s.seg.Dir == test.answers && s.seg.Len > 0 || s.seg.Dir != test.answers && s.seg.Len == 0 {
				continue
			}
			if s.seg.Dir != test.answers {
				s.seg.Bits = 0 // no ACK number
			}
			list = append(list, s)
		}
		c := surveyed(t, list)
		if c.State != OneSided || c.Apart != test.apart || c.AtLeast != test.atLeas {
			t.Errorf("%s: got state %d, apart %v, at least %v, want one-sided, %v, %v", test.name, c.State, c.Apart, c.AtLeast, test.apart, test.atLeas)
		}
		if c.AtLeast && c.Offset > test.offset || !c.AtLeast && c.Offset < test.offset {
			t.Errorf("%s: bound: got %d, which excludes %d", test.name, c.Offset, test.offset)
		}
	}
}

// Where nothing can be told, nothing is.
func TestClocksUnknown(t *testing.T) {
	few := exchanges(fewestSamples-1).wrong(5000*ms, 0)
	retransmitted := exchanges(100).wrong(5000*ms, 0)
	for i := range retransmitted {
		retransmitted[i].seg.Seq, retransmitted[i].seg.Ack = 1, 101 // the same bytes again and again
	}
	sameInterface := exchanges(100).wrong(0, 0)
	for i := range sameInterface {
		sameInterface[i].iface = 0
	}
	for name, list := range map[string][]sent{"few samples": few, "retransmissions": retransmitted, "one interface": sameInterface, "none": nil} {
		if c := surveyed(t, list); c.State != Unknown || c.Apart {
			t.Errorf("%s: got state %d, apart %v, want unknown", name, c.State, c.Apart)
		}
	}
}

// A clock that is set in mid-capture fits no line: on one interface the stamps
// can't be compared, on both they can but around the step.
func TestClockSetInMidCapture(t *testing.T) {
	list := exchanges(400).wrong(0, 0)
	for i := len(list) / 2; i < len(list); i++ {
		if list[i].iface == 1 {
			list[i].stamp -= 2000 * ms
		}
	}
	if c := surveyed(t, list); c.State != Unknown || !c.Apart {
		t.Errorf("set on one interface: got state %d, apart %v, want unknown and apart", c.State, c.Apart)
	}
	list = exchanges(400).wrong(0, 0)
	for i := len(list)/2 + 1; i < len(list); i++ { // between data and its ACK
		list[i].stamp -= 2000 * ms
	}
	if c := surveyed(t, list); c.Apart || c.State == Differs {
		t.Errorf("set on both: got state %d, apart %v, want that nothing is claimed", c.State, c.Apart)
	}
}

// The survey's memory is bounded, and what it leaves out does not spoil the rest.
func TestSurveyIsBounded(t *testing.T) {
	s := NewSurvey(0)
	data := reorder.Segment{Dir: 1, Bits: tcp.ACK, Len: 1}
	for i := range uint32(10 * maxSightings) { // none is ever acknowledged
		data.Flow, data.Seq = uint64(i%100), tcp.Seq(i)
		s.Add(1, int64(i), &data)
	}
	if n := len(s.open); n >= maxSightings {
		t.Errorf("sightings that wait: got %d, want less than %d", n, maxSightings)
	}
	for _, p := range exchanges(20_000).wrong(3000*ms, 0) {
		p.seg.Flow = 200
		s.Add(p.iface, p.stamp, &p.seg)
	}
	c := s.Result()[0]
	if c.State != Differs {
		t.Errorf("state behind many sightings: got %d, want that they differ", c.State)
	}
	wantOffset(t, c, 3000*ms)
	for iface, p := range s.pairs {
		if n := max(len(p.most.windows), len(p.least.windows)); n > maxWindows {
			t.Errorf("windows of interface %d: got %d, want at most %d", iface, n, maxWindows)
		}
	}
	s = NewSurvey(0)
	for iface := range 10 * maxClocks {
		s.Add(iface, 0, &data)
	}
	if n := len(s.clocks); n > maxClocks {
		t.Errorf("clocks: got %d, want at most %d", n, maxClocks)
	}
}

func TestCorrectUndoesTheClock(t *testing.T) {
	const at = int64(1e18)
	for _, c := range []Clock{
		{At: at}, {At: at, Offset: 5}, {At: at, Offset: -1e10, SkewPPB: 200_000}, {At: at, Offset: 1e10, SkewPPB: -maxSkew},
	} {
		for _, since := range []int64{0, 1, -1, 1e9, -1e12, 1e15, 86_400e9} {
			shown := at + since + c.Offset + proportion(since, c.SkewPPB, billion)
			if d := c.Correct(shown) - (at + since); max(d, -d) > 1 {
				t.Errorf("%+v: %d ns from At: got %d off, want at most 1", c, since, d)
			}
		}
		for _, extreme := range []int64{math.MinInt64, math.MaxInt64} {
			c.Correct(extreme) // no panic
		}
	}
}

func TestProportionIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	number := func() int64 {
		size := rng.Int64() >> rng.IntN(63)
		if rng.IntN(2) == 0 {
			return -size
		}
		return size
	}
	for range 20_000 {
		a, b, c := number(), number(), max(1, number())
		product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b))
		want := new(big.Int).Div(product, big.NewInt(c)) // Euclidean: rounds down, as c > 0
		switch got := proportion(a, b, c); {
		case want.IsInt64() && got != want.Int64():
			t.Fatalf("%d*%d/%d: got %d, want %v", a, b, c, got, want)
		case !want.IsInt64() && got != math.MaxInt64 && got != math.MinInt64:
			t.Fatalf("%d*%d/%d = %v: got %d, want an end of int64", a, b, c, want, got)
		}
	}
}

// Whatever the stamps are, the survey ends.
func FuzzSurvey(f *testing.F) {
	f.Add(int64(0), int64(1), int64(-5), uint8(3))
	f.Add(int64(math.MinInt64), int64(math.MaxInt64), int64(1), uint8(200))
	f.Fuzz(func(t *testing.T, start, step, other int64, n uint8) {
		s := NewSurvey(0)
		for i := range int64(n) {
			at := tcp.Seq(i * 10)
			s.Add(0, start+i*step, &reorder.Segment{Dir: 0, Bits: tcp.ACK, Seq: at, Ack: at, Len: 10})
			s.Add(1, other-i*step, &reorder.Segment{Dir: 1, Bits: tcp.ACK, Seq: at, Ack: at + 10, Len: 10})
		}
		for _, c := range s.Result() {
			c.Correct(start)
			c.Correct(other)
			if c.State == Differs && max(c.SkewPPB, -c.SkewPPB) > maxSkew {
				t.Errorf("skew: got %d ppb, want at most %d", c.SkewPPB, maxSkew)
			}
		}
	})
}

// Numbers of a connection that made way are not taken for those of the one that has its
// place: no sample comes of the two, and the younger one's own are all there.
func TestNumbersOfAnotherConnectionAreNoSample(t *testing.T) {
	s := NewSurvey(0)
	of := func(flow uint64, dir uint8, seq, ack tcp.Seq, length uint32) {
		seg := reorder.Segment{Flow: flow, Dir: dir, Bits: tcp.ACK, Seq: seq, Ack: ack, Len: length, Outbound: tcp.Out}
		s.Add(int(dir), 1e18, &seg)
	}
	samples := func() (n int64) {
		for _, p := range s.pairs {
			n += p.most.samples + p.least.samples
		}
		return n
	}
	of(3, 0, 1, 1, 1)
	of(3, 0, 2, 1, 100) // it is acknowledged by nobody
	of(3+tcp.MaxFlows, 1, 1, 102, 0)
	if n := samples(); n != 0 {
		t.Errorf("data of one connection and an ACK of another: got %d samples, want none", n)
	}
	of(3+tcp.MaxFlows, 0, 101, 1, 1)
	of(3+tcp.MaxFlows, 0, 102, 1, 100)
	of(3+tcp.MaxFlows, 1, 1, 202, 0)
	if n := samples(); n != 1 {
		t.Errorf("data and its ACK: got %d samples, want 1", n)
	}
}
