package packet

import (
	"bytes"
	"testing"
)

// ext is an extension header of 8 bytes with a padding option.
func ext(next uint8) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }

// frag is a Fragment header; place is the word of offset and M flag.
func frag(next uint8, place uint16) []byte {
	return []byte{next, 0, byte(place >> 8), byte(place), 0, 0, 0, 1}
}

// jumbo is a Hop-by-Hop Options header with a Jumbo Payload option.
func jumbo(next uint8, n int) []byte {
	return []byte{next, 0, 0xC2, 4, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

func TestExtensionHeaders(t *testing.T) { runDecode(t, extensionCases()) }

func extensionCases() []decodeCase {
	proto := func(v View, p uint8) View { v.Proto = p; return v }
	partial := func(v *View) { v.Partial = true }
	long := append([]byte{ProtoTCP, 1}, zeros(14)...)
	ah := append([]byte{ProtoTCP, 4}, zeros(22)...) // (4+2)*4 bytes
	many := bytes.Repeat(ext(ProtoDestOpts), maxExtensions+1)
	return []decodeCase{
		{name: "hop-by-hop", link: Raw, data: ip6(0, 44, ext(6), segment), want: whole6(0, 48, 36)},
		{name: "all in the recommended order", link: Raw,
			data: ip6(0, 108, ext(60), ext(43), ext(44), frag(51, 0), []byte{60, 4}, zeros(22), long, segment),
			want: whole6(0, 112, 36)},
		{name: "AH", link: Raw, data: ip6(51, 60, ah, segment), want: whole6(0, 64, 36)},
		{name: "two units", link: Raw, data: ip6(60, 52, long, segment), want: whole6(0, 56, 36)},
		{name: "atomic fragment", link: Raw, data: ip6(44, 44, frag(6, 0), segment), want: whole6(0, 48, 36)},
		{name: "first fragment", link: Raw, data: ip6(44, 44, frag(6, 1), segment),
			want: with(whole6(0, 48, 36), partial)},
		{name: "later fragment stops", link: Raw, data: ip6(44, 44, frag(60, 0x0100), segment),
			want: proto(with(whole6(0, 48, 36), func(v *View) { v.Partial, v.Fragment = true, true }), 60)},
		{name: "ESP stops", link: Raw, data: ip6(60, 44, ext(50), segment), want: proto(whole6(0, 48, 36), 50)},
		{name: "no next header", link: Raw, data: ip6(60, 44, ext(59), segment), want: proto(whole6(0, 48, 36), 59)},
		{name: "mobility message", link: Raw, data: ip6(135, 8, ext(59)), want: proto(whole6(0, 40, 8), 135)},
		{name: "HIP message", link: Raw, data: ip6(139, 8, ext(59)), want: proto(whole6(0, 40, 8), 139)},
		{name: "Shim6 control message", link: Raw, data: ip6(140, 8, ext(59)), want: proto(whole6(0, 40, 8), 140)},
		{name: "Shim6 payload header", link: Raw, data: ip6(140, 44, ext(6), segment), want: whole6(0, 48, 36)},
		{name: "longer than the packet", link: Raw, data: ip6(0, 12, []byte{6, 1}, zeros(10)),
			want: proto(whole6(0, 40, 12), 0)},
		{name: "longer than the packet, padding behind", link: Ethernet,
			data: ethernet(0x86DD, ip6(0, 12, []byte{6, 1}, zeros(30))), want: proto(whole6(14, 54, 12), 0)},
		{name: "cut behind its first bytes", link: Raw, data: ip6(60, 52, long[:6]), wire: 92,
			want: with(whole6(0, 46, 36), func(v *View) { v.End = 46 })},
		{name: "cut in its first bytes", link: Raw, data: ip6(60, 44, []byte{6}), wire: 84,
			want: proto(with(whole6(0, 40, 44), func(v *View) { v.End = 41 }), 60)},
		{name: "too many", link: Raw, data: ip6(60, len(many), many),
			want: proto(whole6(0, 40+8*maxExtensions, 8), 60)},
	}
}

func TestIPv6Lengths(t *testing.T) { runDecode(t, lengthCases()) }

func lengthCases() []decodeCase {
	huge := ip6(0, 0, jumbo(6, 70044), segment, zeros(70000))
	return []decodeCase{
		{name: "padding", link: Ethernet, data: ethernet(0x86DD, ip6(6, 36, segment), zeros(6)),
			want: whole6(14, 54, 36)},
		{name: "cut by the snap length", link: Raw, data: ip6(6, 36, segment)[:50], wire: 76,
			want: with(whole6(0, 40, 36), func(v *View) { v.End = 50 })},
		{name: "cut before it was recorded", link: Raw, data: ip6(6, 36, segment)[:50],
			want: with(whole6(0, 40, 36), func(v *View) { v.End = 50 })},
		{name: "header cut", link: Raw, data: ip6(6, 36)[:39], wire: 76},
		{name: "jumbogram", link: Raw, data: huge, want: whole6(0, 48, 70036)},
		{name: "jumbogram cut", link: Raw, data: huge[:100], wire: len(huge),
			want: with(whole6(0, 48, 70036), func(v *View) { v.End = 100 })},
		{name: "jumbogram, other options first", link: Raw,
			data: ip6(0, 0, []byte{6, 1, 0, 0, 5, 2, 0, 0, 1, 0, 0xC2, 4, 0, 1, 0x11, 0xA4}, segment, zeros(70000)),
			want: whole6(0, 56, 70036)},
		{name: "jumbo option cut off by another", link: Raw, data: ip6(0, 0, []byte{6, 0, 5, 5, 0xC2, 4, 0, 1}, segment),
			want: lengthless(whole6(0, 48, 36))},
		{name: "jumbo length too small", link: Raw, data: ip6(0, 0, jumbo(17, 0xFFFF), segment),
			want: with(whole6(0, 48, 0), func(v *View) { v.Proto = 17 })},
		{name: "jumbo length not believed", link: Raw, data: ip6(0, 0, jumbo(6, 0x7FFFFFFF), segment),
			want: lengthless(whole6(0, 48, 36))},
		{name: "offload", link: Ethernet, data: ethernet(0x86DD, ip6(6, 0, segment, zeros(65000))),
			want: lengthless(whole6(14, 54, 65036))},
		{name: "offload behind an extension header", link: Raw, data: ip6(60, 0, ext(6), segment),
			want: lengthless(whole6(0, 48, 36))},
		{name: "offload cut", link: Raw, data: ip6(6, 0, segment), wire: 60000,
			want: with(whole6(0, 40, 36), func(v *View) { v.UpperLen, v.Lengthless = 59960, true })},
		{name: "no payload", link: Raw, data: ip6(59, 0), want: with(whole6(0, 40, 0), func(v *View) { v.Proto = 59 })},
		{name: "no payload under TCP", link: Raw, data: ip6(6, 0), want: whole6(0, 40, 0)},
		{name: "no payload, padding", link: Ethernet, data: ethernet(0x86DD, ip6(17, 0), zeros(6)),
			want: with(whole6(14, 54, 0), func(v *View) { v.Proto = 17 })},
	}
}

// lengthless is the view of a packet that offload left without a length.
func lengthless(v View) View {
	v.Lengthless = true
	return v
}

// stub is the View of a stub with n bytes of data and Next Header next.
func stub(net, upper, n int, next uint8) View {
	v := whole6(net, upper, n)
	v.Form, v.Proto, v.Dst = Stub, next, Addr{}
	return v
}

func TestStub(t *testing.T) { runDecode(t, stubCases()) }

func stubCases() []decodeCase {
	st := func(next uint8, length int, rest ...[]byte) []byte { return header6(Addr{}, next, length, rest...) }
	mapped := stub(0, 40, 36, 255)
	mapped.Dst = dst6
	return []decodeCase{
		{name: "RAW", link: Raw, data: st(255, 36, segment), want: stub(0, 40, 36, 255)},
		{name: "IPV6", link: IPv6, data: st(255, 36, segment), want: stub(0, 40, 36, 255)},
		{name: "NULL", link: Null, data: append([]byte{30, 0, 0, 0}, st(255, 36, segment)...), want: stub(4, 44, 36, 255)},
		{name: "LOOP", link: Loop, data: append([]byte{0, 0, 0, 24}, st(255, 36, segment)...), want: stub(4, 44, 36, 255)},
		{name: "Ethernet, padding", link: Ethernet, data: ethernet(0x86DD, st(255, 4, segment[:4]), zeros(2)),
			want: stub(14, 54, 4, 255)},
		{name: "59 with data", link: Raw, data: st(59, 36, segment), want: stub(0, 40, 36, 255)},
		{name: "59 without data", link: Raw, data: st(59, 0), want: stub(0, 40, 0, 59)},
		{name: "next header known", link: Raw, data: st(6, 36, segment), want: stub(0, 40, 36, 6)},
		{name: "destination known", link: Raw, data: ip6(255, 36, segment), want: mapped},
		{name: "extension header recorded", link: Raw, data: st(60, 44, ext(6), segment), want: stub(0, 48, 36, 6)},
		{name: "unknown behind an extension header", link: Raw, data: st(60, 44, ext(59), segment),
			want: stub(0, 48, 36, 255)},
		{name: "payload length 0", link: Raw, data: st(255, 0, segment), want: stub(0, 40, 36, 255)},
		{name: "payload length counts the header", link: Raw, data: st(255, 76, segment), want: stub(0, 40, 36, 255)},
		{name: "cut by the snap length", link: Raw, data: st(255, 2000, segment), wire: 2040,
			want: with(stub(0, 40, 36, 255), func(v *View) { v.UpperLen = 2000 })},
		{name: "more than 64 KiB", link: Raw, data: st(255, 0, zeros(70000)), want: stub(0, 40, 70000, 255)},
	}
}

func TestAppendFilled(t *testing.T) {
	st := func(next uint8, length int, rest ...[]byte) []byte { return header6(Addr{}, next, length, rest...) }
	filled := func(next uint8, length int, rest ...[]byte) []byte {
		h := header6(dst6, next, length, rest...)
		h[7] = 255
		return h
	}
	class := st(255, 36, segment)
	class[1] = 0x2A
	keeps := filled(6, 36)
	keeps[1] = 0x2A
	for _, c := range []struct {
		name string
		data []byte
		wire int
		want []byte
	}{
		{"plain", st(255, 36, segment), 0, filled(6, 36)},
		{"traffic class and flow label stay", class, 0, keeps},
		{"payload length 0", st(255, 0, segment), 0, filled(6, 36)},
		{"payload length 0, cut by the snap length", st(255, 0, segment), 1040, filled(6, 1000)},
		{"more than 64 KiB", st(255, 0, zeros(70000)), 0, filled(6, 0)},
		{"wrong payload length stays", st(255, 76, segment), 0, filled(6, 76)},
		{"extension header", st(60, 0, ext(255), segment), 0, filled(60, 44, ext(6))},
		{"two extension headers", st(0, 52, ext(60), ext(59), segment), 0, filled(0, 52, ext(60), ext(6))},
		{"extension header cut", st(60, 52, []byte{255, 1, 0, 0}), 92, filled(60, 52, []byte{6, 1, 0, 0})},
	} {
		data := append(ethernet(0x86DD), c.data...)
		wire := 0
		if c.wire > 0 {
			wire = c.wire + 14
		}
		before := bytes.Clone(data)
		var v View
		Decode(&v, Ethernet, data, wire, LayoutAuto)
		got := AppendFilled([]byte("abc"), data, &v, 6, 255, dst6)
		if want := append([]byte("abc"), c.want...); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %x\nwant %x", c.name, got, want)
		}
		if !bytes.Equal(data, before) {
			t.Errorf("%s: the captured bytes were changed to %x", c.name, data)
		}
	}
}

func TestAppendIPv6(t *testing.T) {
	got := AppendIPv6(nil, IPv6Header{PayloadLength: 0x0102, NextHeader: 6, HopLimit: 64, Src: src6, Dst: dst6})
	want := join([]byte{0x60, 0, 0, 0, 1, 2, 6, 64}, src6[:], dst6[:])
	if !bytes.Equal(got, want) {
		t.Errorf("header:\n got %x\nwant %x", got, want)
	}
}
