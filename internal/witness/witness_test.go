package witness

import (
	"fmt"
	"math"
	"math/rand/v2"
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
	r, right, wrong, ofLost, _ = m.matchCounting()
	return r, right, wrong, ofLost
}

// matchCounting is match, and at how many events it has looked.
func (m *made) matchCounting() (r Result, right, wrong, ofLost int, looks int64) {
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
	return r, right, wrong, ofLost, x.looks()
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
					if d := max(r.Clock.Offset-offset, offset-r.Clock.Offset); d > 3*millisecond {
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

// most is at how many events Match looks for a packet of a flood.
const most = 50

// A flood of packets of one length, all of which any event may be about, is as quickly
// matched as others: nothing is compared with all that is near.
func TestFloodOfEqualPackets(t *testing.T) {
	const packets = 100_000
	for _, unchecked := range []float64{0, .5} {
		for _, sockets := range []int{1, 50} {
			p := plan{packets: packets, between: 10_000, hosts: 1, sizes: 1, late: millisecond / 5, lost: .1, unchecked: unchecked}
			m := p.make(5)
			for i := range m.events {
				m.events[i].Socket = uint64(i % sockets)
			}
			_, _, _, _, looks := m.matchCounting()
			if looks > most*packets {
				t.Errorf("%.0f %% unchecked, %d sockets: got %d looks at events for %d packets, want at most %d for each", 100*unchecked, sockets, looks, packets, most)
			}
		}
	}
}

// Events of another process's socket, which checksums contradict, are left out: also where
// the checksum of a packet fits one by chance.
func TestStrangersAreLeftOut(t *testing.T) {
	const packets, chance = 300, 150
	own := Claim{address(1), 6}
	var events []Event
	for i := range packets {
		at := int64(i+1) * 10 * millisecond
		for socket, claim := range []Claim{own, {address(1000 + i), 17}} {
			events = append(events, Event{Source: address(0), Destination: claim.Destination, Protocol: claim.Protocol, Length: 20, Socket: uint64(socket), Time: at})
		}
	}
	m := New(events)
	for i := range packets {
		p := Packet{Source: address(0), Length: 20, Stamp: int64(i+1)*10*millisecond + 1000, Frame: int64(i + 1)}
		for _, c := range m.Claims(p.Source, p.Length) {
			switch {
			case i == chance && c == own:
				p.Fit = append(p.Fit, Open)
			case i == chance && c.Destination == address(1000+chance) || i != chance && c == own:
				p.Fit = append(p.Fit, Fits)
			default:
				p.Fit = append(p.Fit, Contradicted)
			}
		}
		m.Add(&p)
	}
	if r := m.Match(); r.Matched != packets {
		t.Errorf("got %+v, want all %d matched", r, packets)
	}
	if got, _ := m.Of(chance + 1); got != own {
		t.Errorf("got %+v of the packet that a stranger's event fits, want %+v", got, own)
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

// Where events are missing and packets, too, others' events look like those of packets
// without a checksum; so they do in a trace of another time, of the same few senders and
// receivers. Claims are given only as far as nearly all are right.
func TestEventsThatLookLikeOthers(t *testing.T) {
	type trace struct {
		plan
		other bool // of another time
	}
	given := 0
	for name, p := range map[string]trace{
		"hardly any are missing":                {plan{packets: 4000, between: 20 * millisecond, hosts: 20, sizes: 40, lost: .02, dropped: .02}, false},
		"a tenth, and three of ten packets":     {plan{packets: 4000, between: 20 * millisecond, hosts: 20, sizes: 40, lost: .1, dropped: .3}, false},
		"three of ten, and a tenth of packets":  {plan{packets: 4000, between: 20 * millisecond, hosts: 20, sizes: 40, lost: .3, dropped: .1}, false},
		"three of ten of both":                  {plan{packets: 4000, between: 20 * millisecond, hosts: 2, sizes: 40, lost: .3, dropped: .3}, false},
		"a tenth of both, of few sizes":         {plan{packets: 4000, between: 5 * millisecond, hosts: 2, sizes: 3, lost: .1, dropped: .1}, false},
		"another time, one size":                {plan{packets: 3000, between: 20 * millisecond, hosts: 1, sizes: 1}, true},
		"another time, three sizes":             {plan{packets: 3000, between: 5 * millisecond, hosts: 1, sizes: 3}, true},
		"another time, three sizes, more apart": {plan{packets: 3000, between: 100 * millisecond, hosts: 2, sizes: 3}, true},
	} {
		p.late, p.unchecked = millisecond/5, .5
		m := p.make(9)
		if p.other {
			p.unchecked = .3
			m = p.make(1)
			m.events = p.make(2).events
		}
		r, _, wrong, _ := m.match()
		if given += r.Unchecked; wrong*50 > r.Unchecked {
			t.Errorf("%s: got %d wrong of %d without a checksum, want at most one of 50", name, wrong, r.Unchecked)
		}
	}
	if given < 1800 {
		t.Errorf("got %d given, want those of the trace in which hardly any are missing", given)
	}
}

// A packet that more claims fit than are kept is given none, nor one that is open to it.
func TestTooManyClaimsFit(t *testing.T) {
	const packets, several = 300, maxFitting + 1
	var events []Event
	event := func(length uint32, at int64, c Claim) {
		events = append(events, Event{Source: address(0), Destination: c.Destination, Protocol: c.Protocol, Length: length, Socket: 1, Time: at})
	}
	for i := range packets {
		event(20, int64(i)*100*millisecond, Claim{address(1), 6})
	}
	at := int64(packets * 100 * millisecond)
	for i := range several {
		event(30, at+second*int64(i+1), Claim{address(i), 6})
	}
	event(30, at, Claim{address(1), 50})
	m := New(events)
	for i := range packets + 1 {
		p := Packet{Source: address(0), Length: 20, Stamp: int64(i) * 100 * millisecond, Frame: int64(i + 1), Fit: []Fit{Fits}}
		if i == packets {
			p.Length, p.Fit = 30, nil
			for range several {
				p.Fit = append(p.Fit, Fits)
			}
			p.Fit = append(p.Fit, Open)
		}
		m.Add(&p)
	}
	m.Match()
	if got, ok := m.Of(packets + 1); ok {
		t.Errorf("got %+v, want none", got)
	}
}

// Many packets near many events, none of which may be theirs, take no longer for it.
func TestFloodOfOthersEvents(t *testing.T) {
	const checked, flood = 300, 60_000
	var events []Event
	event := func(length uint32, at int64, c Claim) {
		events = append(events, Event{Source: address(0), Destination: c.Destination, Protocol: c.Protocol, Length: length, Socket: 1, Time: at})
	}
	at := int64(checked * 200 * millisecond)
	for i := range checked {
		event(20, int64(i)*200*millisecond, Claim{address(1), 6})
	}
	for i := range flood {
		event(30, at+int64(i)*600, Claim{address(1), 6})
	}
	event(30, at+300*second, Claim{address(2), 50})
	m := New(events)
	for i := range checked {
		m.Add(&Packet{Source: address(0), Length: 20, Stamp: int64(i) * 200 * millisecond, Frame: int64(i + 1), Fit: []Fit{Fits}})
	}
	for i := range flood {
		m.Add(&Packet{Source: address(0), Length: 30, Stamp: at + int64(i)*600, Frame: int64(checked + i + 1), Fit: []Fit{Contradicted, Open}})
	}
	m.Match()
	// Packets are put in turn four times, by two clocks in the trial and after it.
	if looks, want := m.looks(), int64(4*maxLooks+most*(checked+flood)); looks > want {
		t.Errorf("got %d looks at events for %d packets, want at most %d", looks, checked+flood, want)
	}
}

// Packets without a checksum have what claim every assignment of events gives them that
// gives as many packets an event as any: in turn where one reader wrote them, and else in
// whatever order.
func TestAssignments(t *testing.T) {
	const open, lost, both, stall = -1, -2, -3, 300 * millisecond
	type packet struct {
		fits int32 // a claim, lost: one whose event isn't there, both of 1 and 2, or open to all
		late int64
	}
	for _, test := range []struct {
		name     string
		packets  []packet
		events   []int32 // claims, 10 ms one after the other
		at       []int64 // of packets, by whose events they are
		inTurn   []int32 // claims; -1: none
		whenever []int32
	}{
		{"one for each", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 1, 3}, []int64{0, 1, 2}, []int32{2, 1, 3}, []int32{-1, 1, -1}},
		{"a stall", []packet{{open, 0}, {1, stall}, {open, stall}}, []int32{2, 1, 3}, []int64{0, 1, 2}, []int32{2, 1, 3}, []int32{-1, 1, -1}},
		{"one was dropped", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{4, 2, 1, 3}, []int64{1, 2, 3}, []int32{-1, 1, 3}, []int32{-1, 1, -1}},
		{"one was dropped, of the same claim", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 2, 1, 3}, []int64{1, 2, 3}, []int32{2, 1, 3}, []int32{-1, 1, -1}},
		{"the last event is missing", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 1}, []int64{0, 1, 2}, []int32{2, 1, -1}, []int32{-1, 1, -1}},
		{"one event of two is missing", []packet{{open, 0}, {open, 0}}, []int32{2}, []int64{0, 1}, []int32{-1, -1}, []int32{-1, -1}},
		{"another's events", []packet{{open, 0}, {1, 0}, {open, 0}}, []int32{2, 3, 2}, []int64{0, 1, 2}, []int32{-1, 1, -1}, []int32{-1, 1, -1}},
		{"one claim", []packet{{open, 0}, {open, 0}}, []int32{2, 2, 2}, []int64{0, 1}, []int32{2, 2}, []int32{2, 2}},
		{"what another may have that two claims fit", []packet{{open, 0}, {both, 0}, {2, 0}}, []int32{1, 2}, []int64{-10, 0, 1}, []int32{-1, -1, 2}, []int32{-1, -1, 2}},
		{"what another may have alone", []packet{{1, 0}, {open, 0}}, []int32{1, 2}, []int64{0, 1}, []int32{1, 2}, []int32{1, 2}},
		{"what there was no room for", []packet{{open, 0}}, []int32{-1, 2}, []int64{0}, []int32{-1}, []int32{-1}},
		{"nothing", []packet{{lost, 0}, {open, 0}}, []int32{2}, []int64{0, 1}, []int32{-1, 2}, []int32{-1, 2}},
	} {
		for inTurn, want := range map[bool][]int32{true: test.inTurn, false: test.whenever} {
			all := claimSet{1<<8 - 1}
			var g group
			for i, p := range test.packets {
				s := seen{stamp: test.at[i]*10*millisecond + p.late, frame: int64(i), fitting: [maxFitting]int32{p.fits, -1, -1, -1}, result: p.fits}
				switch p.fits {
				case open:
					s.open = &all
				case lost:
					s.open, s.fitting[0], s.result = &all, 7, -1
				case both:
					s.fitting, s.result = [maxFitting]int32{1, 2, -1, -1}, -1
				}
				g.seen = append(g.seen, s)
			}
			for i, claim := range test.events {
				g.events = append(g.events, heard{time: int64(i) * 10 * millisecond, claim: claim})
			}
			c := Clock{Known: true, Late: stall + 40*millisecond, Early: 100 * millisecond}
			g.claims = make([]Claim, 8)
			g.list()
			m := Matcher{groups: []group{g}}
			if inTurn {
				t := m.rows(&c, m.number(), (*seen).mayHaveSome)
				_, sure := t.sure()
				for i, claim := range sure {
					t.packets[i].result = max(t.packets[i].result, claim)
				}
			} else {
				m.groups[0].decide(&c)
			}
			for i := range g.seen {
				if got := g.seen[i].result; got != want[i] {
					t.Errorf("%s, in turn %t, packet %d: got %d, want %d", test.name, inTurn, i+1, got, want[i])
				}
			}
		}
	}
}
