package infer

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

// mixture makes a capture of any plan, with any part of it lost, offloaded or
// cut, and tables that know any part of it.
func mixture(r *rand.Rand) (list []sent, hidden []*Packet, s *Snapshot) {
	plans := []func(i int) string{
		func(int) string { return randomAddr(r, "2a00:1450::").String() },
		func(i int) string { return fmt.Sprintf("2001:db8:1::%x", i+0x20) },
		func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i%6+1, i/6+1) },
		func(i int) string { return fmt.Sprintf("2a00:1450:400%x:80%x::200%x", i%4, i/4%8, i%3) },
		func(i int) string { return fmt.Sprintf("fd00:1:%x:%x::1%x", i%4, 7-i%4, i/4) },
	}
	n := 1 + r.IntN(48)
	peers := plan(n, plans[r.IntN(len(plans))])
	all := append(traffic(r, peers), multicastAndDiscovery(r)...)
	lost, offloaded, cut, known := r.Float64()*0.7, r.Float64()*0.5, r.Float64()*0.3, r.IntN(n+1)
	halves := r.IntN(3) // 0: only one direction is in the capture
	for _, p := range all {
		if r.Float64() < lost || halves == 0 && p.src != host {
			continue
		}
		if p.src == host && r.Float64() < offloaded {
			p = offload(p)
		}
		h := p.hidden()
		if r.Float64() < cut {
			h.Data = h.Data[:min(len(h.Data), 30+r.IntN(40))]
		}
		list, hidden = append(list, p), append(hidden, h)
	}
	if r.IntN(4) == 0 {
		return list, hidden, nil
	}
	s = cacheOf([]netip.Addr{host}, peers[:known]...)
	if r.IntN(2) == 0 {
		for i, peer := range peers[:known] {
			s.TCPConnections = append(s.TCPConnections, Connection{Local: Endpoint{host, uint16(40000 + i)}, Remote: Endpoint{peer, 443}})
		}
	}
	return list, hidden, s
}

// Whatever is lost, offloaded, cut or unknown: of what is proved at most 1 packet
// in 100,000 and 1 flow in 1,000 have a wrong destination, and none a wrong
// protocol; of the destinations that are likely no more are wrong than their
// posteriors say.
func TestAnswersKeepTheirPromise(t *testing.T) {
	seeds := uint64(1500)
	if testing.Short() {
		seeds = 50
	}
	type flow struct {
		seed  uint64
		dst   netip.Addr
		next  uint8
		ports string
	}
	var all tally
	flows, wrong := map[flow]bool{}, map[flow]bool{}
	likely, missed, expected, variance := map[flow]bool{}, 0, 0.0, 0.0
	for seed := range seeds {
		list, hidden, s := mixture(rand.New(rand.NewPCG(seed, 81)))
		for i, a := range inferAll(New(Options{Snapshot: s}), hidden) {
			p := list[i]
			ports := string(p.data[:4])
			if p.next == packet.ProtoICMPv6 {
				ports = string(p.data[:1])
			}
			of, to := flow{seed, p.dst, p.next, ports}, flow{seed: seed, dst: p.dst}
			flows[of] = true
			if a.DestinationOrigin != Likely {
				all.add(p, a)
				if a.Destination != p.dst && a.Destination != netip.IPv6Unspecified() {
					wrong[of] = true
				}
			} else if !likely[to] {
				likely[to] = true
				expected += 1 - a.Posterior
				variance += a.Posterior * (1 - a.Posterior)
				if a.Destination != p.dst {
					missed++
				}
			}
		}
	}
	t.Logf("%v; %d of %d flows wrong; of %d likely destinations %d wrong, by their posteriors %.1f", all, len(wrong), len(flows), len(likely), missed, expected)
	if all.nextWrong != 0 || all.dstWrong*100_000 > all.packets || len(wrong)*1000 > len(flows) {
		t.Errorf("got %v, %d of %d flows wrong, want at most 1 packet in 100,000 and 1 flow in 1,000, and no protocol", all, len(wrong), len(flows))
	}
	if most := expected + 3*math.Sqrt(variance); float64(missed) > most || len(likely) < int(seeds)/10 {
		t.Errorf("of %d likely destinations %d are wrong, want at most %.1f, and at least one destination in ten captures", len(likely), missed, most)
	}
	if all.dst < all.packets/2 {
		t.Errorf("got %v, want at least half of the destinations", all)
	}
}

// With complete tables and whole checksums no destination may be wrong, and
// next to none open, whatever the plan and whatever was lost.
func TestCompleteTables(t *testing.T) {
	var all tally
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 83))
		peers := plan(1+r.IntN(40), func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i%6+1, i/6+1) })
		s := cacheOf([]netip.Addr{host}, peers...)
		for i, peer := range peers {
			s.TCPConnections = append(s.TCPConnections, Connection{Local: Endpoint{host, uint16(40000 + i)}, Remote: Endpoint{peer, 443}})
		}
		list := traffic(r, peers)
		kept := list[:0]
		for _, p := range list {
			if r.Float64() < 0.99 {
				kept = append(kept, p)
			}
		}
		for i, a := range inferAll(New(Options{Snapshot: s}), hideAll(kept)) {
			all.add(kept[i], a)
		}
	}
	t.Log(all)
	if all.dstWrong+all.nextWrong != 0 || all.dst < all.packets*995/1000 || all.next < all.packets*999/1000 {
		t.Errorf("got %v, want none wrong, 99.5 %% of destinations and 99.9 %% of next headers", all)
	}
}

func TestInferIsConcurrent(t *testing.T) {
	list, hidden, s := mixture(rand.New(rand.NewPCG(1, 85)))
	answers, want := concluded(New(Options{Snapshot: s}), hidden)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range list {
				f := Examine(hidden[i])
				if got := answers.Infer(&f); got.Destination != want[i].Destination || got.NextHeader != want[i].NextHeader {
					t.Errorf("packet %d: got %+v beside others, want %+v", i, got, want[i])
				}
			}
		})
	}
	all.Wait()
}
