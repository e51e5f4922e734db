package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// All candidates that fit are listed where nothing separates them, the likeliest
// first, with posteriors that come to one.
func TestTiesAreListed(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	for _, n := range []int{2, 3, 40, 200} {
		var known []netip.Addr
		for i := range n {
			known = append(known, addr(fmt.Sprintf("2001:db8:%x::%x", 1+i, 0x1000-i)))
		}
		list := oneWayTo(r, known)
		answers := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, known...)}), hideAll(list))
		for i, a := range answers {
			sum, addresses := 0.0, 0
			for _, c := range a.Candidates {
				sum += c.Posterior
				if slices.Contains(known, c.Destination) {
					addresses++
				}
			}
			if a.DestinationOrigin != NotKnown || addresses != min(n, maxListed) || len(a.Candidates)+a.Unlisted < n+1 {
				t.Fatalf("%d addresses, packet %d: got %d of them, %d unlisted: %+v, want all of them listed up to %d, and the rest counted", n, i, addresses, a.Unlisted, a, maxListed)
			}
			if n < maxListed && math.Abs(sum-1) > 1e-6 {
				t.Errorf("%d addresses, packet %d: posteriors come to %v, want 1", n, i, sum)
			}
		}
	}
}

// modelled makes a capture of what the host sends to addresses of a plan in which
// they collide: to each two connections that the table names, and one that it
// doesn't.
func modelled(r *rand.Rand, portOf, timeOf func(i, flow int) int64) (list []sent, hidden []*Packet, s *Snapshot, rest []int) {
	var known []netip.Addr
	for _, n := range r.Perm(16 * 16)[:160] {
		known = append(known, addr(fmt.Sprintf("2001:db8:%x::%x", 1+n%16, 1+n/16)))
	}
	s = cacheOf([]netip.Addr{host}, known...)
	sums := map[header.Residue]int{}
	for _, to := range known {
		sums[header.ResidueOf(packet.AddrOf(to))]++
	}
	for i, to := range known {
		for flow := range 3 {
			local := uint16(10_000 + 3*i + flow)
			port := uint16(portOf(i, flow))
			p := tcpTo(host, to, local, port, r.Uint32(), 7, flagACK, bytesOf(r, 30))
			h := p.hidden()
			h.Stamp = 1e18 + timeOf(i, flow)
			if flow < 2 {
				s.TCPConnections = append(s.TCPConnections, Connection{Local: Endpoint{host, local}, Remote: Endpoint{to, port}})
			} else if sums[header.ResidueOf(packet.AddrOf(to))] > 1 {
				rest = append(rest, len(list))
			}
			list, hidden = append(list, p), append(hidden, h)
		}
	}
	return list, hidden, s, rest
}

// Ties are separated by what the host's other flows show, as far as that says
// something: by ports that are usual for an address, and by flows that begin
// together. Where neither does, nothing is chosen. Those chosen are right as often
// as their posteriors say.
func TestTiesAreSeparated(t *testing.T) {
	const second = int64(1e9)
	hash := func(i, flow int) int64 {
		return int64(rand.New(rand.NewPCG(uint64(i), uint64(flow))).Uint32())
	}
	same := func(i, _ int) int64 { return 1000 + hash(i, 0)%40 }
	other := func(i, flow int) int64 { return 1000 + hash(i, flow)%40 }
	near := func(i, flow int) int64 { return hash(i, 0)%3000*second + int64(flow)*second/10 }
	apart := func(i, flow int) int64 { return hash(i, 100+flow) % 3000 * second }
	tests := []struct {
		name           string
		portOf, timeOf func(i, flow int) int64
		least, most    int // chosen in a hundred
	}{
		{"neither says anything", other, apart, 0, 1},
		{"one port for all", func(int, int) int64 { return 443 }, apart, 0, 1},
		{"each address has its port", same, apart, 60, 100},
		{"flows begin together", other, near, 60, 100},
		{"both", same, near, 80, 100},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chosen, total, wrong := 0, 0, 0
			expected, variance := 0.0, 0.0
			for seed := range uint64(10) {
				list, hidden, s, rest := modelled(rand.New(rand.NewPCG(seed, 93)), test.portOf, test.timeOf)
				answers := inferAll(New(Options{Snapshot: s}), hidden)
				for _, i := range rest {
					a := &answers[i]
					if total++; a.Destination.IsUnspecified() {
						continue
					}
					chosen++
					expected += 1 - a.Posterior
					variance += a.Posterior * (1 - a.Posterior)
					if a.Destination != list[i].dst {
						wrong++
					}
					if a.DestinationOrigin == Likely && len(a.Candidates) < 3 {
						t.Errorf("got %+v, want all that fit listed", a)
					}
				}
			}
			t.Logf("%d of %d chosen, %d wrong, by their posteriors %.1f", chosen, total, wrong, expected)
			if 100*chosen < test.least*total || 100*chosen > test.most*total {
				t.Errorf("got %d of %d chosen, want between %d and %d %%", chosen, total, test.least, test.most)
			}
			if most := expected + 3*math.Sqrt(variance) + 1; float64(wrong) > most {
				t.Errorf("got %d of %d wrong, want at most %.1f", wrong, chosen, most)
			}
		})
	}
}

// Of two addresses with one sum that DNS has given, the one that it gave just
// before the flow is likelier, where other flows begin after their name was looked
// up.
func TestLaterResolutionIsLikelier(t *testing.T) {
	r := rand.New(rand.NewPCG(95, 96))
	early, late := addr("2001:db8:1::1234:5678:9abc:def1"), addr("2001:db8:1::5678:1234:9abc:def1")
	known := []netip.Addr{early, late}
	for range 200 {
		known = append(known, randomAddr(r, "2a00:1450::"))
	}
	for between, want := range map[int]netip.Addr{0: netip.IPv6Unspecified(), 60: late} {
		e := New(Options{Snapshot: cacheOf([]netip.Addr{host}, known...)})
		at := int64(1e18)
		var last Facts
		for i, to := range slices.Concat([]netip.Addr{early}, known[2:2+between], []netip.Addr{late}) {
			at += 1e8
			e.ObserveMention(Mention{to, Resolved}, 0, at)
			if to == early {
				continue
			}
			p := tcpTo(host, to, uint16(50_000+i), 443, 1000, 0, flagSYN, nil).hidden()
			p.Stamp = at + 1e7
			last = Examine(p)
			e.Observe(&last)
		}
		a := e.Conclude().Infer(&last)
		if a.Destination != want || want == late && a.DestinationOrigin != Likely {
			t.Errorf("%d addresses in between: got %+v, want %v, likely", between, a, want)
		}
		if len(a.Candidates) < 3 || want == late && (a.Candidates[0].Destination != late || a.Evidence != ByOthers) {
			t.Errorf("%d addresses in between: got candidates %v by %v, want both, %v first", between, a.Candidates, a.Evidence, want)
		}
	}
}

// TestFewFlowsAreLookedAtBesideOne: in a capture of many flows that tie, and that
// begin at once, each would look at all of the others.
func TestFewFlowsAreLookedAtBesideOne(t *testing.T) {
	for _, c := range []struct{ visits, most, want int }{{50, 50, 50}, {51, 50, 0}, {maxBeside, maxBeside, maxBeside}, {5000, maxBeside, 0}} {
		e := New(Options{})
		e.familiar = &acquaintance{beside: c.most}
		for i := range c.visits {
			e.familiar.visits = append(e.familiar.visits, visit{begun: beside, at: int32(i), fl: &flow{}})
		}
		f := e.familiar.familiarTo(&flow{begun: beside}, true)
		if got := len(f.beside); got != c.want {
			t.Errorf("%d flows, at most %d: got %d beside, want %d", c.visits, c.most, got, c.want)
		}
		if got := cap(f.beside); got > 2*c.most {
			t.Errorf("%d flows, at most %d: gathered %d", c.visits, c.most, got)
		}
	}
}

// TestListsAreBounded holds that what answers list takes no more room than it may,
// and that clusters without a list are counted.
func TestListsAreBounded(t *testing.T) {
	for _, most := range []int{4000, DefaultMaxClusters} {
		r := rand.New(rand.NewPCG(87, 88))
		tables := cacheOf([]netip.Addr{host}, crowdOf(r, 2000, 400)...)
		var list []*Packet
		for i, d := range tables.DestinationCache {
			list = append(list, tcpTo(host, d.Destination, uint16(2000+i), 443, 1, 1, flagPSH, bytesOf(r, 8)).hidden())
		}
		e := New(Options{Snapshot: tables, MaxClusters: most})
		all, answers := concluded(e, list)
		kept, empty := 0, int64(0)
		for _, l := range e.lists {
			kept += len(l.candidates)
		}
		for _, a := range answers {
			if len(a.Candidates) == 0 {
				empty++
			}
		}
		if room := most/listedShare + most; kept == 0 || kept > room {
			t.Errorf("room for %d clusters: got %d candidates in lists, want at most %d", most, kept, room)
		}
		if got := all.GivenUp().Unlisted; got != empty || got > 0 != (most == 4000) {
			t.Errorf("room for %d clusters: got %d without a list, want %d", most, got, empty)
		}
		all.Doubts(10)
	}
}
