package infer

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

var (
	host   = addr("2001:db8:1::10")
	server = addr("2001:db8:77::443")
	hostLL = addr("fe80::10")
)

// traffic returns conversations of host with n peers of an address plan: TCP,
// UDP and echo.
func traffic(r *rand.Rand, peers []netip.Addr) []sent {
	var list []sent
	for i, peer := range peers {
		port := uint16(40000 + i)
		list = append(list, conversation(r, host, peer, port, 443, 3)...)
		list = append(list, udpTo(host, peer, port, 53, bytesOf(r, 30)), udpTo(peer, host, 53, port, bytesOf(r, 90)))
		echo := bytesOf(r, 40)
		list = append(list, icmpTo(host, peer, header.ICMPEchoRequest, 0, echo), icmpTo(peer, host, header.ICMPEchoReply, 0, echo))
	}
	return list
}

func plan(n int, address func(i int) string) []netip.Addr {
	list := make([]netip.Addr, n)
	for i := range list {
		list[i] = addr(address(i))
	}
	return list
}

func TestAddressPlans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	random := plan(60, func(int) string { return randomAddr(r, "2a00:1450::").String() })
	plans := []struct {
		name  string
		peers []netip.Addr
		wide  bool // in so many networks that the host shows itself
	}{
		{"random", random, false},
		{"dense /64", plan(60, func(i int) string { return fmt.Sprintf("2001:db8:1::%x", i+0x20) }), false},
		{"subnets", plan(60, func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i+2) }), true},
		{"colliding", plan(64, func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i%8+1, i/8+1) }), true},
		{"translated", append(plan(20, func(i int) string { return fmt.Sprintf("fd00:1:2:5::%x", i+1) }),
			plan(20, func(i int) string { return fmt.Sprintf("fd00:1:3:4::%x", i+1) })...), false},
	}
	for _, p := range plans {
		for _, tables := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/tables=%v", p.name, tables), func(t *testing.T) {
				list := traffic(r, p.peers)
				var o Options
				if tables {
					o.Snapshot = cacheOf([]netip.Addr{host}, p.peers...)
				}
				all, answers := concluded(New(o), hideAll(list))
				wantAll(t, list, answers)
				var want []netip.Addr
				if tables || p.wide {
					want = []netip.Addr{host}
				}
				if got := all.Local(); !slices.Equal(got, want) {
					t.Errorf("local addresses: got %v, want %v", got, want)
				}
			})
		}
	}
}

// What all conversations share may be the server, when the host has several
// addresses: then nobody is proved to be the host.
func TestServerIsNotTakenForTheHost(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	var list []sent
	for i := range 8 {
		own := addr(fmt.Sprintf("2001:db8:1::%x", 0x1000+i))
		list = append(list, conversation(r, own, server, uint16(50000+i), 443, 4)...)
	}
	all, _ := concluded(New(Options{}), hideAll(list))
	if got := all.Local(); len(got) != 0 {
		t.Errorf("local addresses: got %v, want none", got)
	}
}

func TestLateKnowledgeHelpsEarlyPackets(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	list := conversation(r, host, server, 50000, 443, 4)
	// Everything that the server sent comes last.
	slices.SortStableFunc(list, func(a, b sent) int { return a.src.Compare(b.src) })
	answers := inferAll(New(Options{}), hideAll(list))
	wantAll(t, list, answers)
	if got := answers[0].Evidence; got != ByReverseFlow {
		t.Errorf("evidence: got %q, want %q", got, ByReverseFlow)
	}
	if !answers[0].ChecksumVerified {
		t.Error("checksum: got not verified, want verified")
	}
}

// Two addresses with one residue are told apart by the flow's own evidence or
// not at all, and many packets are no more evidence than one.
func TestCollision(t *testing.T) {
	one, two := addr("2001:db8:1::2"), addr("2001:db8:2::1")
	own := []netip.Addr{host}
	outbound := func(r *rand.Rand, n int) (list []sent) {
		for i := range n {
			list = append(list, tcpTo(host, one, 50000, 443, uint32(1000+i*10), 5000, flagPSH, bytesOf(r, 10)))
		}
		return list
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 500} {
		answers := inferAll(New(Options{Snapshot: cacheOf(own, one, two)}), hideAll(outbound(r, n)))
		a := answers[0]
		if a.Destination != netip.IPv6Unspecified() || a.DestinationOrigin != NotKnown {
			t.Fatalf("%d packets: got destination %v, want none", n, a.Destination)
		}
		if a.NextHeader != packet.ProtoTCP || a.Evidence != ByChecksum {
			t.Errorf("%d packets: got next header %d by %q, want 6 by checksum", n, a.NextHeader, a.Evidence)
		}
		if len(a.Candidates) < 2 || a.Candidates[0].Posterior > 0.6 {
			t.Errorf("%d packets: got candidates %v, want two of about equal posterior", n, a.Candidates)
		}
	}

	table := cacheOf(own, one, two)
	table.TCPConnections = []Connection{{Local: Endpoint{host, 50000}, Remote: Endpoint{one, 443}, State: "ESTABLISHED"}}
	list := outbound(r, 3)
	answers := inferAll(New(Options{Snapshot: table}), hideAll(list))
	wantAll(t, list, answers)
	if answers[0].Evidence != ByConnection {
		t.Errorf("with the connection table: got %q, want %q", answers[0].Evidence, ByConnection)
	}

	list = append(outbound(r, 3), tcpTo(one, host, 443, 50000, 5000, 1010, flagPSH, bytesOf(r, 20)))
	wantAll(t, list, inferAll(New(Options{Snapshot: cacheOf(own, one, two)}), hideAll(list)))
}

func TestConnectionTableBothDirections(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	s := &Snapshot{TCPConnections: []Connection{{Local: Endpoint{host, 50000}, Remote: Endpoint{server, 443}}}}
	for _, p := range []sent{
		tcpTo(host, server, 50000, 443, 1, 1, flagPSH, bytesOf(r, 9)),
		tcpTo(server, host, 443, 50000, 1, 1, flagPSH, bytesOf(r, 9)),
	} {
		answers := inferAll(New(Options{Snapshot: s}), []*Packet{p.hidden()})
		wantAll(t, []sent{p}, answers)
		if answers[0].Evidence != ByConnection {
			t.Errorf("%v > %v: got evidence %q, want %q", p.src, p.dst, answers[0].Evidence, ByConnection)
		}
	}
}

func TestEvidenceNames(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	private := randomAddr(r, "2001:db8:1::")
	to := udpTo(host, private, 5000, 7000, bytesOf(r, 20))
	from := udpTo(server, host, 7000, 5000, bytesOf(r, 20))
	own := []Interface{{Addresses: []netip.Addr{host}}}
	tests := []struct {
		name string
		s    Snapshot
		p    sent
		want Evidence
	}{
		{"cache", Snapshot{Interfaces: own, DestinationCache: []Destination{{Destination: private}}}, to, ByCache},
		{"neighbor", Snapshot{Interfaces: own, Neighbors: []Neighbor{{Address: private}}}, to, ByNeighbor},
		{"local", Snapshot{Interfaces: own}, from, ByLocal},
	}
	for _, test := range tests {
		a := inferAll(New(Options{Snapshot: &test.s}), []*Packet{test.p.hidden()})[0]
		if a.Evidence != test.want || a.Destination != test.p.dst || a.NextHeader != 17 {
			t.Errorf("%s: got %v, next header %d by %q, want %v, 17 by %q", test.name, a.Destination, a.NextHeader, a.Evidence, test.p.dst, test.want)
		}
	}
}

// The protocol alone is proved by a need that stays while the data change.
func TestProtocolWithoutDestination(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	var changing, same, broken []sent
	for i := range 5 {
		changing = append(changing, udpTo(host, server, 5000, 7000, bytesOf(r, 20+i)))
		same = append(same, udpTo(host, server, 5000, 7000, []byte("the same")))
		b := udpTo(host, server, 5000, 7000, bytesOf(r, 20+i))
		binary.BigEndian.PutUint16(b.data[6:], uint16(r.Uint32())|1)
		broken = append(broken, b)
	}
	tests := []struct {
		name string
		list []sent
		want uint8
	}{{"changing data", changing, 17}, {"the same data", same, Unknown}, {"no checksum that fits", broken, Unknown}}
	for _, test := range tests {
		for i, a := range inferAll(New(Options{}), hideAll(test.list)) {
			if a.NextHeader != test.want || a.Destination != netip.IPv6Unspecified() {
				t.Errorf("%s, packet %d: got %d, %v, want %d and no destination", test.name, i, a.NextHeader, a.Destination, test.want)
			}
			if test.want == 17 && (a.Evidence != ByChecksum || a.Candidates != nil) {
				t.Errorf("%s: got evidence %q, candidates %v, want %q and none", test.name, a.Evidence, a.Candidates, ByChecksum)
			}
		}
	}
}

func TestRecordedFieldsStay(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	server := randomAddr(r, "2001:db8:77::")
	s := udpTo(host, server, 5000, 7000, bytesOf(r, 20))
	other := addr("2001:db8:9::9")
	tests := []struct {
		name           string
		next           uint8
		dst            netip.Addr
		want           Answer
		candidateWrong bool
	}{
		{"both", 17, server, Answer{NextHeader: 17, Destination: server, NextHeaderOrigin: AsCaptured, DestinationOrigin: AsCaptured, ChecksumVerified: true, HopLimit: 64}, false},
		{"destination", Unknown, server, Answer{NextHeader: 17, Destination: server, NextHeaderOrigin: Inferred, DestinationOrigin: AsCaptured, Evidence: ByChecksum, ChecksumVerified: true, HopLimit: 64}, false},
		{"contradicting destination", Unknown, other, Answer{NextHeader: Unknown, Destination: other, DestinationOrigin: AsCaptured, HopLimit: 64}, false},
		{"other protocol", 132, netip.Addr{}, Answer{NextHeader: 132, Destination: netip.IPv6Unspecified(), NextHeaderOrigin: AsCaptured, HopLimit: 64}, false},
	}
	for _, test := range tests {
		p := s.hidden()
		p.NextHeader, p.Destination = test.next, test.dst
		got := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, server)}), []*Packet{p})[0]
		got.Candidates = nil
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}

	p := s.hidden()
	p.NextHeader = 17
	got := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, server)}), []*Packet{p})[0]
	if got.Destination != server || got.NextHeaderOrigin != AsCaptured || got.DestinationOrigin != Inferred {
		t.Errorf("next header recorded: got %+v, want destination %v inferred", got, server)
	}
	// A destination recorded once speaks for the flow's other packets.
	recorded := s.hidden()
	recorded.Destination = server
	rest := udpTo(host, server, 5000, 7000, bytesOf(r, 33))
	if got := inferAll(New(Options{}), []*Packet{recorded, rest.hidden()})[1]; got.Destination != server {
		t.Errorf("flow with a recorded destination: got %v, want %v", got.Destination, server)
	}
}

func TestWholePacketsHelp(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	s := tcpTo(host, server, 50000, 443, 1, 1, flagPSH, bytesOf(r, 40))
	e := New(Options{})
	e.ObserveFlow(server, host, packet.ProtoTCP, 443, 50000)
	a := inferAll(e, []*Packet{s.hidden()})[0]
	if a.Destination != server || a.Evidence != ByReverseFlow {
		t.Errorf("got %v by %q, want %v by %q", a.Destination, a.Evidence, server, ByReverseFlow)
	}
}

// Truncated data have no checksum to verify: only names answer.
func TestTruncated(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	cut := func(s sent) *Packet {
		p := s.hidden()
		p.Data = p.Data[:min(len(p.Data), 40)]
		return p
	}
	var list []*Packet
	talk := conversation(r, host, server, 50000, 443, 4)
	for _, s := range talk {
		list = append(list, cut(s))
	}
	long := udpTo(host, server, 5000, 7000, bytesOf(r, 500))
	list = append(list, cut(long))
	named := &Snapshot{TCPConnections: []Connection{{Local: Endpoint{host, 50000}, Remote: Endpoint{server, 443}}}}
	for _, s := range []*Snapshot{nil, named} {
		answers := inferAll(New(Options{Snapshot: s}), list)
		wantAll(t, talk, answers[:len(talk)])
		if got := answers[len(talk)]; got.Destination != netip.IPv6Unspecified() {
			t.Errorf("truncated UDP that nothing names: got %v, want none", got.Destination)
		}
		if a := answers[len(talk)-1]; a.ChecksumVerified {
			t.Errorf("truncated %+v: got checksum verified, want not", a)
		}
	}
	// A second server on the same ports with the same numbers, and no packet that
	// is whole: neither.
	list = nil
	for _, s := range talk {
		if len(s.data) > 40 {
			list = append(list, cut(s))
			if s.src == server {
				twin := cut(s)
				twin.Source = addr("2001:db8:78::1")
				list = append(list, twin)
			}
		}
	}
	for i, a := range inferAll(New(Options{}), list) {
		if list[i].Source == host && a.Destination != netip.IPv6Unspecified() {
			t.Errorf("packet %d, two sources with its ports: got %v, want none", i, a.Destination)
		}
	}
}

// Where many send from the ports that a cut packet goes to, their addresses are no
// sign; what a table names for it is, whatever their number.
func TestTruncatedAmongManyOfItsPorts(t *testing.T) {
	r := rand.New(rand.NewPCG(94, 95))
	request := udpTo(host, server, 5000, 5000, bytesOf(r, 500))
	request.data = request.data[:40]
	for _, others := range []int{maxTwins - 1, maxTwins + 1} {
		list := []*Packet{{Source: host, NextHeader: Unknown, Data: request.data, Length: 508}}
		for i := range others {
			list = append(list, udpTo(addr(fmt.Sprintf("2001:db8:5::%x", i+1)), addr("2001:db8:6::1"), 5000, 5000, bytesOf(r, 20)).hidden())
		}
		named := &Snapshot{UDPEndpoints: []Connection{{Local: Endpoint{host, 5000}, Remote: Endpoint{server, 5000}}}}
		if a := inferAll(New(Options{Snapshot: named}), list)[0]; a.Destination != server || a.Evidence != ByConnection {
			t.Errorf("%d others: got %v by %q, want %v by %q", others, a.Destination, a.Evidence, server, ByConnection)
		}
		if a := inferAll(New(Options{}), list)[0]; a.Destination != netip.IPv6Unspecified() {
			t.Errorf("%d others, no table: got %v by %q, want none", others, a.Destination, a.Evidence)
		}
	}
}

// Segments that the receiver coalesced have the checksum of their first part:
// their flow and their numbers answer.
func TestCoalescedSegment(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	list := conversation(r, host, server, 50000, 443, 4)
	stale := slices.Clone(list[4].data)
	stale = append(stale, bytesOf(r, 1000)...)
	list = append(list, sent{list[4].src, list[4].dst, packet.ProtoTCP, stale})
	answers := inferAll(New(Options{}), hideAll(list))
	wantAll(t, list, answers)
	if a := answers[len(list)-1]; a.ChecksumVerified || a.Evidence != ByFlow {
		t.Errorf("got %+v, want by %q without a verified checksum", a, ByFlow)
	}
	// With other numbers it is another conversation's.
	strange := slices.Clone(stale)
	strange[4] ^= 0x40
	list[len(list)-1].data = strange
	if a := inferAll(New(Options{}), hideAll(list))[len(list)-1]; a.Destination != netip.IPv6Unspecified() {
		t.Errorf("sequence number far away: got %v, want none", a.Destination)
	}
}

// An offloaded checksum is answered where a table or the payload names the
// destination, and never otherwise.
func TestOffloadedChecksum(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	named := cacheOf([]netip.Addr{host}, server)
	named.TCPConnections = []Connection{{Local: Endpoint{host, 50000}, Remote: Endpoint{server, 443}}}
	var list []sent
	for i := range 50 {
		list = append(list, offload(tcpTo(host, server, 50000, 443, uint32(i*100), 7, flagPSH, bytesOf(r, 100))))
	}
	answers := inferAll(New(Options{Snapshot: named}), hideAll(list))
	wantAll(t, list, answers)
	if a := answers[0]; a.Evidence != ByConnection || a.ChecksumVerified {
		t.Errorf("got %+v, want by %q without a verified checksum", a, ByConnection)
	}
	mdns := offload(udpTo(hostLL, addr("ff02::fb"), 5353, 5353, bytesOf(r, 50)))
	wantAll(t, []sent{mdns}, inferAll(New(Options{}), []*Packet{mdns.hidden()}))
	if got := count(list, inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{host}, server)}), hideAll(list))); got.dstWrong+got.nextWrong != 0 {
		t.Errorf("without the connection: got %v, want none wrong", got)
	}
}

func TestZones(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	// The host has one link-local address on two links. A peer on one has the
	// residue of a peer on the other.
	near, far := addr("fe80::1234:5678:9abc:def1"), addr("fe80::5678:1234:9abc:def1")
	s := &Snapshot{
		Interfaces: []Interface{{Index: 2, Addresses: []netip.Addr{hostLL}}, {Index: 3, Addresses: []netip.Addr{hostLL}}},
		Neighbors:  []Neighbor{{Address: near, Interface: 2}, {Address: far, Interface: 3}},
	}
	one := udpTo(hostLL, near, 5000, 7000, bytesOf(r, 30))
	two := udpTo(hostLL, far, 5000, 7000, bytesOf(r, 30))
	p, q := one.hidden(), two.hidden()
	p.Zone, q.Zone = 2, 3
	wantAll(t, []sent{one, two}, inferAll(New(Options{Snapshot: s}), []*Packet{p, q}))
	p.Zone = 0
	if a := inferAll(New(Options{Snapshot: s}), []*Packet{p})[0]; a.Destination != netip.IPv6Unspecified() {
		t.Errorf("without a zone: got %v, want none of the two that collide", a.Destination)
	}
}

func TestClusterTableIsBounded(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	peers := plan(40, func(int) string { return randomAddr(r, "2a00:1450::").String() })
	list := traffic(r, peers)
	e := New(Options{MaxClusters: 20, Snapshot: cacheOf([]netip.Addr{host}, peers...)})
	conclusion, answers := concluded(e, hideAll(list))
	if conclusion.GivenUp().Packets == 0 {
		t.Error("evicted: got 0, want some beyond 20 clusters")
	}
	if got := e.flows.clusters.len(); got > 20 {
		t.Errorf("clusters: got %d, want at most 20", got)
	}
	// The tables still answer, one by one.
	if all := count(list, answers); all.nextWrong+all.dstWrong != 0 || all.dst < all.packets*99/100 {
		t.Errorf("got %v, want none wrong and 99 %% of the destinations", all)
	}
}

// Results don't depend on the order in which packets were observed.
func TestOrderIndependence(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	peers := plan(49, func(i int) string { return fmt.Sprintf("2001:db8:%x::%x", i%7+1, i/7+1) })
	list := traffic(r, peers)
	for range 60 { // things that stay undecided
		list = append(list, udpTo(host, peers[r.IntN(len(peers))], uint16(r.Uint32()), 9999, bytesOf(r, 20)))
	}
	infer := func(order []int) []Answer {
		hidden := make([]*Packet, len(list))
		for i, j := range order {
			hidden[i] = list[j].hidden()
		}
		shuffled := inferAll(New(Options{}), hidden)
		answers := make([]Answer, len(list))
		for i, j := range order {
			answers[j] = shuffled[i]
		}
		return answers
	}
	want := infer(seq(len(list)))
	for range 5 {
		for i, got := range infer(r.Perm(len(list))) {
			if !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("packet %d: got %+v in another order, want %+v", i, got, want[i])
			}
		}
	}
}

func seq(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// The same link-local address on two interfaces counts once, and a well-known group only where
// a table names it.
func TestCandidatesCountAddresses(t *testing.T) {
	s := &Snapshot{}
	for _, a := range []string{"fe80::1", "2001:db8::1", "2001:db8::2", "ff02::1"} {
		for index := range uint32(2) {
			s.Neighbors = append(s.Neighbors, Neighbor{Interface: 1 + index, Address: addr(a)})
		}
	}
	if got := New(Options{Snapshot: s}).Conclude().Candidates(); got != 4 {
		t.Errorf("got %d, want fe80::1, two others and the group that is named", got)
	}
	if got := New(Options{}).Conclude().Candidates(); got != 0 {
		t.Errorf("got %d without tables, want none", got)
	}
}
