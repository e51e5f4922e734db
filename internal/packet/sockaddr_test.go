package packet

import (
	"net/netip"
	"testing"
)

// First two bytes of a sockaddr_in6 and of a sockaddr_in.
const (
	windows6 = 23 << 8
	linux6   = 10 << 8
	netBSD6  = 28<<8 | 24
	freeBSD6 = 28<<8 | 28
	macOS6   = 28<<8 | 30
	other4   = 2 << 8
	bsd4     = 16<<8 | 2
)

func TestSockaddr6(t *testing.T) { runDecode(t, sockaddr6Cases()) }

func sockaddr6Cases() []decodeCase {
	want := View{Form: Sockaddr6, Version: 6, Proto: NoNextHeaderKnown, Src: src6, Upper: 28, End: 64, UpperLen: 36}
	of := func(first uint16) []byte { return sockaddr6(first, src6, 0, segment) }
	change := func(at int, to byte) []byte {
		data := of(windows6)
		data[at] = to
		return data
	}
	local := AddrOf(netip.MustParseAddr("fe80::1"))
	changed := func(at int, to byte) View {
		v := want
		if at >= 8 {
			v.Src[at-8] = to
		}
		return v
	}
	return []decodeCase{
		{name: "Windows", link: User0, data: of(windows6), want: want},
		{name: "Linux", link: User15, data: of(linux6), want: want},
		{name: "NetBSD", link: 150, data: of(netBSD6), want: want},
		{name: "FreeBSD", link: 150, data: of(freeBSD6), want: want},
		{name: "macOS", link: 150, data: of(macOS6), want: want},
		{name: "scope", link: User0, data: sockaddr6(windows6, local, 12, segment),
			want: with(want, func(v *View) { v.Src, v.Zone = local, 12 })},
		{name: "cut by the snap length", link: User0, data: of(linux6), wire: 1528,
			want: with(want, func(v *View) { v.UpperLen = 1500 })},
		{name: "without data", link: User0, data: of(linux6)[:28],
			want: with(want, func(v *View) { v.End, v.UpperLen = 28, 0 })},
		{name: "source ::", link: User0, data: sockaddr6(linux6, Addr{}, 0, segment),
			want: with(want, func(v *View) { v.Src = Addr{} })},
		{name: "sockaddr cut", link: User0, data: of(windows6)[:27]},
		{name: "AF_INET6 of no system", link: User0, data: of(25 << 8)},
		{name: "BSD's length wrong", link: User0, data: of(27<<8 | 30)},
		{name: "with a port", link: User0, data: change(2, 80)},
		{name: "protocol for a port", link: User0, data: change(3, 58), want: want},
		{name: "flow label too long", link: User0, data: change(4, 0x60)},
		{name: "multicast source", link: User0, data: change(8, 0xFF)},
		{name: "reserved source", link: User0, data: change(8, 0x40)},
		{name: "stated", link: User0, data: change(8, 0x40), layout: LayoutWindows, want: changed(8, 0x40)},
		{name: "stated otherwise", link: User0, data: of(windows6), layout: LayoutLinux},
		{name: "stated BSD", link: User0, data: of(macOS6), layout: LayoutBSD, want: want},
		{name: "stated none", link: User0, data: of(windows6), layout: LayoutNone},
		{name: "below the user range", link: User0 - 1, data: of(windows6)},
		{name: "above the user range", link: User15 + 1, data: of(windows6)},
	}
}

func TestSockaddr4(t *testing.T) { runDecode(t, sockaddr4Cases()) }

func sockaddr4Cases() []decodeCase {
	p := ip4(ProtoTCP, 56, 0, nil, segment)
	want := whole4(0, 36, 36)
	want.Form = Sockaddr4
	return []decodeCase{
		{name: "Windows and Linux", link: User0, data: sockaddr4(other4, src4, p), want: want},
		{name: "BSD", link: User0, data: sockaddr4(bsd4, src4, p), want: want},
		{name: "cut by the snap length", link: User0, data: sockaddr4(other4, src4, p[:40]), wire: 72,
			want: with(want, func(v *View) { v.End = 56 })},
		{name: "offload", link: User0, data: sockaddr4(other4, src4, ip4(ProtoTCP, 0, 0, nil, segment)), want: want},
		{name: "another source", link: User0, data: sockaddr4(other4, dst4, p)},
		{name: "another length", link: User0, data: sockaddr4(other4, src4, p, zeros(1))},
		{name: "with a port", link: User0, data: join(sockaddr4(other4, src4)[:2], []byte{80}, sockaddr4(other4, src4, p)[3:])},
		{name: "no IPv4 packet", link: User0, data: sockaddr4(other4, src4, ip6(6, 36, segment))},
		{name: "cut", link: User0, data: sockaddr4(other4, src4, p)[:35], wire: 72},
		{name: "stated", link: User0, data: sockaddr4(other4, dst4, p), layout: LayoutLinux, want: want},
		{name: "stated, no IPv4 packet", link: User0, data: sockaddr4(other4, src4, segment), layout: LayoutLinux},
		{name: "stated otherwise", link: User0, data: sockaddr4(bsd4, src4, p), layout: LayoutLinux},
	}
}

func TestParseLayout(t *testing.T) {
	for _, want := range []Layout{LayoutAuto, LayoutWindows, LayoutLinux, LayoutBSD, LayoutNone} {
		if got, err := ParseLayout(want.String()); got != want || err != nil {
			t.Errorf("layout %q: got %v, %v, want %v", want.String(), got, err, want)
		}
	}
	if _, err := ParseLayout("solaris"); err == nil {
		t.Error("layout solaris: got no error")
	}
}

func TestAddrNetip(t *testing.T) {
	for _, want := range []string{"192.0.2.1", "2001:db8::1", "::"} {
		if got := AddrOf(netip.MustParseAddr(want)).Netip().String(); got != want {
			t.Errorf("address there and back: got %s, want %s", got, want)
		}
	}
}
