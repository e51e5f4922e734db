package infer

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

func cat(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func raw(a netip.Addr) []byte { b := a.As16(); return b[:] }

// quote returns an IPv6 packet as an ICMPv6 error quotes it.
func quote(s sent) []byte {
	h := make([]byte, 8)
	h[0], h[4], h[5], h[6], h[7] = 0x60, byte(len(s.data)>>8), byte(len(s.data)), s.next, 64
	return cat(h, raw(s.src), raw(s.dst), s.data)
}

// multicastAndDiscovery returns packets whose payload dictates where they go.
func multicastAndDiscovery(r *rand.Rand) []sent {
	var (
		zero   = make([]byte, 4)
		lla    = []byte{1, 1, 2, 3, 4, 5, 6, 7} // source link-layer address option
		global = addr("2001:db8:1::ab:cdef")
		all    = addr("ff02::1")
		node   = addr("ff02::1:ffab:cdef")
		group  = addr("ff05::1234")
		any    = netip.IPv6Unspecified()
		router = addr("fe80::1")
	)
	ns := func(src, dst, target netip.Addr) sent {
		return icmpTo(src, dst, header.ICMPNeighborSolicit, 0, cat(zero, raw(target), lla))
	}
	na := func(src, dst, target netip.Addr, flags byte) sent {
		return icmpTo(src, dst, header.ICMPNeighborAdvert, 0, cat([]byte{flags, 0, 0, 0}, raw(target), lla))
	}
	mld := func(kind uint8, src, dst, about netip.Addr) sent {
		return icmpTo(src, dst, kind, 0, cat(zero, raw(about)))
	}
	return []sent{
		ns(hostLL, node, global),
		ns(hostLL, global, global), // unicast probe
		ns(any, node, global),      // duplicate address detection
		na(global, hostLL, global, 0x60),
		na(hostLL, all, hostLL, 0x20),
		icmpTo(hostLL, addr("ff02::2"), header.ICMPRouterSolicit, 0, cat(zero, lla)),
		icmpTo(router, all, header.ICMPRouterAdvert, 0, cat(make([]byte, 12), lla)),
		icmpTo(router, hostLL, header.ICMPRouterAdvert, 0, cat([]byte{64}, make([]byte, 11), lla)),
		mld(header.ICMPMLDQuery, router, all, any),
		mld(header.ICMPMLDQuery, router, group, group),
		mld(header.ICMPMLDReport, hostLL, group, group),
		mld(header.ICMPMLDDone, hostLL, addr("ff02::2"), group),
		icmpTo(hostLL, addr("ff02::16"), header.ICMPMLDv2Report, 0, cat([]byte{0, 0, 0, 1, 4, 0, 0, 0}, raw(group))),
		udpTo(hostLL, addr("ff02::1:2"), 546, 547, bytesOf(r, 60)),
		udpTo(hostLL, addr("ff02::fb"), 5353, 5353, bytesOf(r, 60)),
		udpTo(hostLL, addr("ff02::1:3"), 51000, 5355, bytesOf(r, 30)),
		udpTo(hostLL, addr("ff02::c"), 51001, 1900, bytesOf(r, 120)),
		udpTo(host, addr("ff05::c"), 51001, 1900, bytesOf(r, 120)),
		udpTo(router, hostLL, 547, 546, bytesOf(r, 80)), // the answer of a DHCPv6 server
		icmpTo(router, host, header.ICMPUnreachable, 0, cat(zero, quote(udpTo(host, server, 5000, 33434, bytesOf(r, 30))))),
	}
}

func TestPayloadDictatesDestination(t *testing.T) {
	r := rand.New(rand.NewPCG(31, 32))
	list := multicastAndDiscovery(r)
	answers := inferAll(New(Options{}), hideAll(list))
	wantAll(t, list, answers)
	for i, a := range answers {
		want := uint8(64)
		if s := list[i]; s.next == packet.ProtoICMPv6 {
			switch kind := s.data[0]; {
			case kind >= header.ICMPRouterSolicit && kind <= header.ICMPRedirect:
				want = 255
			case kind >= header.ICMPMLDQuery && kind <= header.ICMPMLDDone, kind == header.ICMPMLDv2Report:
				want = 1
			}
		}
		if a.HopLimit != want {
			t.Errorf("packet %d: got Hop Limit %d, want %d", i, a.HopLimit, want)
		}
	}
}

// Each alone, so that nothing but the payload can answer; what depends on
// another packet must stay open.
func TestPayloadAlone(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	answered := 0
	for i, s := range multicastAndDiscovery(r) {
		a := inferAll(New(Options{}), []*Packet{s.hidden()})[0]
		switch a.Destination {
		case s.dst:
			answered++
			if a.Evidence != ByPayload || a.NextHeader != s.next {
				t.Errorf("packet %d: got next header %d by %q, want %d by %q", i, a.NextHeader, a.Evidence, s.next, ByPayload)
			}
		case netip.IPv6Unspecified():
		default:
			t.Errorf("packet %d: got %v, want %v or none", i, a.Destination, s.dst)
		}
	}
	// Three need who asked: a solicited advertisement, a unicast Router
	// Advertisement, the DHCPv6 server's answer.
	if want := 17; answered != want {
		t.Errorf("answered alone: got %d, want %d", answered, want)
	}
}

// The flow that an ICMPv6 error quotes is known by it.
func TestQuotedPacketNamesItsFlow(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 36))
	probe := udpTo(host, server, 5000, 33434, bytesOf(r, 30))
	list := []sent{probe, icmpTo(addr("2001:db8:5::1"), host, 3, 0, cat(make([]byte, 4), quote(probe)))}
	wantAll(t, list, inferAll(New(Options{}), hideAll(list)))
}

// A payload that is contradicted by the checksum answers nothing, even where
// some candidate fits.
func TestDictatedButNotByChecksum(t *testing.T) {
	s := icmpTo(hostLL, server, header.ICMPRouterSolicit, 0, make([]byte, 4))
	a := inferAll(New(Options{Snapshot: cacheOf([]netip.Addr{hostLL}, server)}), []*Packet{s.hidden()})[0]
	if a.Destination != netip.IPv6Unspecified() {
		t.Errorf("Router Solicitation to %v: got %v, want none", server, a.Destination)
	}
}
