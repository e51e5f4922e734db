package infer

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// With nothing but wrong candidates no destination may be answered, however
// many packets there are.
func TestWrongCandidatesOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		s := cacheOf([]netip.Addr{host})
		for range n {
			s.DestinationCache = append(s.DestinationCache, Destination{Destination: randomAddr(r, "2a00:1450::")})
		}
		var list []sent
		for i := range 4000 {
			peer := randomAddr(r, "2600:9000::")
			switch i % 4 {
			case 0:
				list = append(list, tcpTo(host, peer, uint16(30000+i), 443, r.Uint32(), 0, flagSYN, nil))
			case 1:
				list = append(list, udpTo(host, peer, uint16(30000+i), 53, bytesOf(r, 40)))
			case 2:
				list = append(list, icmpTo(host, peer, header.ICMPEchoRequest, 0, bytesOf(r, 40)))
			case 3:
				list = append(list, sent{host, peer, 253, bytesOf(r, 40+r.IntN(100))}) // experimental
			}
		}
		got := count(list, inferAll(New(Options{Snapshot: s}), hideAll(list)))
		if got.dstWrong != 0 || got.nextWrong != 0 {
			t.Errorf("%d wrong candidates: got %v, want none wrong", n, got)
		}
	}
}

func TestRandomDataAreNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	s := cacheOf([]netip.Addr{host})
	for range 10_000 {
		s.DestinationCache = append(s.DestinationCache, Destination{Destination: randomAddr(r, "2a00:1450::")})
	}
	n := 200_000
	if testing.Short() {
		n = 20_000
	}
	list := make([]sent, n)
	for i := range list {
		list[i] = sent{randomAddr(r, "2600:9000::"), host, 253, bytesOf(r, 20+r.IntN(60))}
	}
	if got := count(list, inferAll(New(Options{Snapshot: s}), hideAll(list))); got.dstWrong+got.nextWrong != 0 || got.dst != 0 {
		t.Errorf("random data: got %v, want no answer", got)
	}
}

// Tables that know only some of the destinations, and colliding and
// translated ones beside them.
func TestPartialTables(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	peers := plan(60, func(i int) string {
		if i%3 == 0 {
			return fmt.Sprintf("2001:db8:%x::%x", i%9+1, i/9+1)
		}
		return randomAddr(r, "2a00:1450::").String()
	})
	var oneWay []sent // only the host's half, so that tables alone can answer
	for _, s := range traffic(r, peers) {
		if s.src == host {
			oneWay = append(oneWay, s)
		}
	}
	for _, known := range []int{0, 15, 30, 45, 60} {
		s := cacheOf([]netip.Addr{host}, peers[:known]...)
		got := count(oneWay, inferAll(New(Options{Snapshot: s}), hideAll(oneWay)))
		t.Logf("%d of %d destinations known: %v", known, len(peers), got)
		if got.dstWrong != 0 || got.nextWrong != 0 {
			t.Errorf("%d known: got %v, want none wrong", known, got)
		}
		// A third of the peers collide among themselves and may stay open. While
		// other destinations are seen to be missing from the tables, one that is in
		// them fits by chance too often to be answered.
		if known == len(peers) && got.dst < got.packets/2 {
			t.Errorf("%d known: got %d destinations, want at least half of %d", known, got.dst, got.packets)
		}
	}
}

// Prefix translation keeps the sum (RFC 6296): the inner and the outer address
// of one host can't be told apart by a checksum.
func TestPrefixTranslation(t *testing.T) {
	r := rand.New(rand.NewPCG(47, 48))
	inner := addr("fd01:203:405:1::1234")
	outer := addr("2001:db8:1:d550::1234") // of RFC 6296, section 3.5
	if header.ResidueOf([16]byte(inner.As16())) != header.ResidueOf([16]byte(outer.As16())) {
		t.Fatal("the addresses of the RFC have different sums")
	}
	s := udpTo(host, inner, 5000, 7000, bytesOf(r, 30))
	a := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, inner, outer)}), []*Packet{s.hidden()})[0]
	if a.Destination != netip.IPv6Unspecified() || a.NextHeader != 17 {
		t.Errorf("got %v, next header %d, want none and 17", a.Destination, a.NextHeader)
	}
}

// Tables of another host must not lead astray.
func TestForeignTables(t *testing.T) {
	r := rand.New(rand.NewPCG(49, 50))
	peers := plan(30, func(int) string { return randomAddr(r, "2a00:1450::").String() })
	s := cacheOf([]netip.Addr{addr("2001:db8:ffff::1")})
	for range 2000 {
		s.DestinationCache = append(s.DestinationCache, Destination{Destination: randomAddr(r, "2400::")})
	}
	list := traffic(r, peers)
	got := count(list, inferAll(New(Options{Snapshot: s}), hideAll(list)))
	if got.dstWrong+got.nextWrong != 0 || got.dst < got.packets*95/100 {
		t.Errorf("got %v, want none wrong and 95 %% right by the other direction", got)
	}
}

// In one /64, numbered from ::1, every packet can also be explained as another
// protocol to a neighbor: TCP to ::50 as UDP to ::45, and so on. The header
// decides; no protocol is wrong, and nothing is answered to the wrong neighbor.
func TestProtocolsInOneNetwork(t *testing.T) {
	r := rand.New(rand.NewPCG(93, 94))
	neighbors := plan(255, func(i int) string { return fmt.Sprintf("2001:db8:1::%x", i+0x100) })
	for _, tables := range []bool{true, false} {
		var list []sent
		for i, peer := range neighbors {
			port := uint16(40000 + i)
			switch i % 3 {
			case 0:
				list = append(list, conversation(r, host, peer, port, 443, 1)...)
			case 1:
				list = append(list, udpTo(host, peer, port, 53, bytesOf(r, 30)), udpTo(peer, host, 53, port, bytesOf(r, 60)))
			case 2:
				echo := bytesOf(r, 40)
				list = append(list, icmpTo(host, peer, header.ICMPEchoRequest, 0, echo), icmpTo(peer, host, header.ICMPEchoReply, 0, echo))
			}
		}
		var o Options
		if tables {
			o.Snapshot = cacheOf([]netip.Addr{host}, neighbors...)
		}
		wantAll(t, list, inferAll(New(o), hideAll(list)))

		var oneWay []sent // the tables' word alone, and that of half of them
		for _, p := range list {
			if p.src == host {
				oneWay = append(oneWay, p)
			}
		}
		if tables {
			o.Snapshot = cacheOf([]netip.Addr{host}, neighbors[:100]...)
		}
		if got := count(oneWay, inferAll(New(o), hideAll(oneWay))); got.nextWrong+got.dstWrong != 0 {
			t.Errorf("one direction, tables=%v: got %v, want none wrong", tables, got)
		}
	}
}

// 1,024 addresses 2001:db8:s::h have 63 sums. Without the other direction none
// of them can be told from the rest: everything but the protocol stays open,
// however few of them are known, and however many packets there are.
func TestNumberedPlanStaysOpen(t *testing.T) {
	r := rand.New(rand.NewPCG(95, 96))
	all := plan(1024, func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i%32+1, i/32+1) })
	for _, known := range []int{1, 2, 10, 100, 1024} {
		var list []sent
		for i := range 300 {
			peer := all[r.IntN(len(all))]
			for range 1 + i%3 {
				list = append(list, udpTo(host, peer, uint16(20000+i), 7000, bytesOf(r, 20)))
			}
		}
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		got := count(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, all[:known]...)}), hideAll(list)))
		if got.dst+got.dstWrong+got.nextWrong != 0 {
			t.Errorf("%d known: got %v, want no destination and no protocol wrong", known, got)
		}
	}
}

// A flow whose checksums the card computes has the same field whatever its data:
// its protocol and its destination are proved by that, cut or not.
func TestOffloadIsLearnt(t *testing.T) {
	r := rand.New(rand.NewPCG(97, 98))
	peer := randomAddr(r, "2a00:1450::")
	var list []sent
	var cut []*Packet
	for i := range 30 {
		s := offload(tcpTo(host, peer, 50000, 443, uint32(i*1000), 7, flagPSH, bytesOf(r, 200+40*i)))
		list = append(list, s)
		p := s.hidden()
		p.Data = p.Data[:60]
		cut = append(cut, p)
	}
	s := cacheOf([]netip.Addr{host}, peer)
	for name, hidden := range map[string][]*Packet{"whole": hideAll(list), "cut": cut} {
		answers := inferAll(New(Options{Snapshot: s}), hidden)
		wantAll(t, list, answers)
		if a := answers[7]; a.ChecksumVerified || !a.Offloaded {
			t.Errorf("%s: got %+v, want offloaded, no whole checksum verified", name, a)
		}
		for i, a := range inferAll(New(Options{}), hidden) { // nobody is known: the protocol alone
			if a.NextHeader != 6 || a.Destination != netip.IPv6Unspecified() {
				t.Fatalf("%s, no candidates, packet %d: got %d to %v, want 6 and no destination", name, i, a.NextHeader, a.Destination)
			}
		}
	}
}
