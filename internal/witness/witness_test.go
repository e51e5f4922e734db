package witness

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

func address(n int) packet.Addr { return packet.Addr{0: 0x20, 14: byte(n >> 8), 15: byte(n)} }

// made is traffic with its events: packets of a few lengths from one host to many, of which
// checksums tell or don't.
type made struct {
	rng     *rand.Rand
	events  []Event
	packets []Packet // Fit by a function of the claims, later
	truth   []Claim  // of each packet
	checked []bool
	lost    []bool // the packet's event is
}

type plan struct {
	packets      int
	between      int64 // nanoseconds from one packet to the next, on average
	hosts, sizes int
	offset       int64
	drift        float64
	late         int64   // after its event, on average
	lost         float64 // of events
	dropped      float64 // of packets
	unchecked    float64 // of packets
}

func (p plan) make(seed uint64) *made {
	m := &made{rng: rand.New(rand.NewPCG(seed, 1))}
	at := int64(1_700_000_000 * second)
	start := at
	for range p.packets {
		at += int64(m.rng.ExpFloat64() * float64(p.between))
		claim := Claim{address(m.rng.IntN(p.hosts)), []uint8{6, 17, 58}[m.rng.IntN(3)]}
		length := uint32(20 + m.rng.IntN(p.sizes))
		lost, dropped := m.rng.Float64() < p.lost, m.rng.Float64() < p.dropped
		if !lost {
			time := at + p.offset + int64(p.drift*float64(at-start))
			m.events = append(m.events, Event{Source: address(1000), Destination: claim.Destination, Protocol: claim.Protocol, Length: length, Time: time, Socket: 1})
		}
		if !dropped {
			stamp := at + int64(m.rng.ExpFloat64()*float64(p.late))
			m.packets = append(m.packets, Packet{Source: address(1000), Length: length, Stamp: stamp, Frame: int64(len(m.packets) + 1)})
			m.truth = append(m.truth, claim)
			m.checked = append(m.checked, m.rng.Float64() >= p.unchecked)
			m.lost = append(m.lost, lost)
		}
	}
	return m
}

// match matches, and counts what is right, wrong, and of no event.
func (m *made) match() (r Result, right, wrong, ofLost int) {
	x := New(m.events)
	for i := range m.packets {
		p := m.packets[i]
		for _, c := range x.Claims(p.Source, p.Length) {
			fit := Open
			if m.checked[i] {
				fit = Contradicted
				if c == m.truth[i] {
					fit = Fits
				}
			}
			p.Fit = append(p.Fit, fit)
		}
		x.Add(&p)
	}
	r = x.Match()
	for i := range m.packets {
		c, ok := x.Of(m.packets[i].Frame)
		switch {
		case !ok:
		case c != m.truth[i]:
			wrong++
		case m.lost[i]:
			ofLost++
		default:
			right++
		}
	}
	return r, right, wrong, ofLost
}

// Clocks are fitted whatever they differ by, over a minute and over a day.
func TestClocksAreFitted(t *testing.T) {
	for _, offset := range []int64{0, second, -7200 * second, 100 * 86400 * second} {
		for _, drift := range []float64{0, 50e-6, -50e-6, 150e-6} {
			for _, span := range []int64{60, 3600, 86400} {
				t.Run(fmt.Sprint(offset/second, drift, span), func(t *testing.T) {
					p := plan{packets: 6000, between: span * second / 6000, hosts: 30, sizes: 40, offset: offset, drift: drift, late: millisecond / 5, lost: .1, dropped: .02}
					r, right, wrong, _ := p.make(3).match()
					if d := math.Abs(r.Clock.Drift - drift); !r.Clock.Known || d > 1e-6 {
						t.Errorf("got %+v, want a drift of %v", r.Clock, drift)
					}
					if d := abs(r.Clock.Offset - offset); d > 3*millisecond {
						t.Errorf("got an offset %d ns from %d", d, offset)
					}
					if wrong > 0 || right < 5000 {
						t.Errorf("got %d right, %d wrong", right, wrong)
					}
				})
			}
		}
	}
}

// Packets of equal lengths in bursts, half of them without a checksum that tells: what is
// given is right, and each whose checksum tells has its event.
func TestBurstsOfEqualLengths(t *testing.T) {
	for _, between := range []int64{10_000, 200_000, 20 * millisecond, second} {
		for _, lost := range []float64{0, .1} {
			p := plan{packets: 5000, between: between, hosts: 20, sizes: 3, offset: second, drift: 50e-6, late: millisecond / 5, lost: lost, dropped: .02, unchecked: .5}
			m := p.make(9)
			r, right, wrong, _ := m.match()
			want := 0
			for i := range m.packets {
				if m.checked[i] && !m.lost[i] {
					want++
				}
			}
			t.Logf("every %d us, %.0f%% lost: %d right, %d wrong of %d, %d unchecked", between/1000, 100*lost, right, wrong, len(m.packets), r.Unchecked)
			if right < want || !r.Clock.Known {
				t.Errorf("every %d us: got %d right, want the %d whose checksum tells", between/1000, right, want)
			}
			if most := r.Unchecked / 50; wrong > most {
				t.Errorf("every %d us: got %d wrong, want at most %d, which are given as likely", between/1000, wrong, most)
			}
		}
	}
}

// A trace of another time or host is not taken for the capture's.
func TestStrangeTraceIsNotUsed(t *testing.T) {
	p := plan{packets: 3000, between: 20 * millisecond, hosts: 30, sizes: 40, late: millisecond / 5}
	m, other := p.make(1), p.make(2)
	m.events = other.events
	if r, right, wrong, _ := m.match(); r.Clock.Known {
		t.Errorf("got %+v, %d right, %d wrong", r, right, wrong)
	}
}

// Packets have the events of a socket in turn. What they may have however the turns are
// taken is told, and nothing else: here packets are open to all claims, or one fits.
func TestTurns(t *testing.T) {
	const open, stall = -1, 300 * millisecond
	type packet struct {
		fits int32 // a claim, or open
		late int64
	}
	for _, test := range []struct {
		name    string
		packets []packet
		events  []int32 // claims, 10 ms one after the other
		at      []int64 // of packets, by whose events they are
		want    []int32 // -1: may be several; nil: no turn
	}{
		{"one for each", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 1, 3}, []int64{0, 1, 2}, []int32{2, 1, 3}},
		{"a stall", []packet{{open, 0}, {1, stall}, {open, stall}}, []int32{2, 1, 3}, []int64{0, 1, 2}, []int32{2, 1, 3}},
		{"one was dropped", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{4, 2, 1, 3}, []int64{1, 2, 3}, []int32{-1, 1, 3}},
		{"one was dropped, of the same claim", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 2, 1, 3}, []int64{1, 2, 3}, []int32{2, 1, 3}},
		{"one event is missing", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 1}, []int64{0, 1, 2}, nil},
		{"another's events", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 3, 2}, []int64{0, 1, 2}, nil},
	} {
		all := claimSet{1<<8 - 1}
		c := Clock{Known: true, Late: 2 * millisecond, Early: 2 * millisecond}
		var packets []*seen
		for i, p := range test.packets {
			s := &seen{stamp: test.at[i]*10*millisecond + p.late, frame: int64(i), fitting: [maxFitting]int32{p.fits, -1, -1, -1}, result: -1}
			if p.fits == open {
				s.open = &all
			}
			packets = append(packets, s)
		}
		var events []*heard
		for i, claim := range test.events {
			events = append(events, &heard{time: int64(i) * 10 * millisecond, claim: claim})
		}
		claims := inTurns(packets, events, &c)
		var got []int32
		for _, s := range packets {
			if claim, ok := claims[s]; ok {
				got = append(got, claim)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
