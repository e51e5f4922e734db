package packet

import (
	"bytes"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

func FuzzDecode(f *testing.F) {
	for _, cases := range [][]decodeCase{linkCases(), ipv4Cases(), extensionCases(), lengthCases(), stubCases(),
		sockaddr6Cases(), sockaddr4Cases(), encapsulationCases()} {
		for _, c := range cases {
			if len(c.data) < 4096 {
				f.Add(uint16(c.link), c.data, uint32(c.wire), uint8(c.layout), uint16(60))
			}
		}
	}
	f.Fuzz(func(t *testing.T, link uint16, data []byte, wire uint32, layout uint8, cut uint16) {
		wireLen := max(int(wire&0x3FFFFFFF), len(data))
		before := bytes.Clone(data)
		var v View
		Decode(&v, LinkType(link), data, wireLen, Layout(layout%5))
		if !bytes.Equal(data, before) {
			t.Fatalf("bytes were changed: got %x, want %x", data, before)
		}
		checkView(t, &v, data)
		if n := int(cut); n >= v.Upper && n <= len(data) && v.Form != NoIP {
			checkCut(t, v, LinkType(link), data[:n], wireLen, Layout(layout%5))
		}
		if v.Form == Stub && v.Proto == NoNextHeaderKnown {
			checkFilled(t, &v, data, wireLen)
		}
	})
}

// checkView holds a View to its own promises.
func checkView(t *testing.T, v *View, data []byte) {
	t.Helper()
	if v.Form == NoIP {
		if *v != (View{Outgoing: v.Outgoing}) {
			t.Errorf("no IP: got %+v, want nothing said", v)
		}
		return
	}
	if v.Net < 0 || v.Net > v.Upper || v.Upper > v.End || v.End > len(data) {
		t.Errorf("positions out of order in %d bytes: got %+v", len(data), v)
	}
	if v.UpperLen < v.End-v.Upper {
		t.Errorf("length on the wire: got %d, want at least the %d captured", v.UpperLen, v.End-v.Upper)
	}
	if want := v.Form == Whole || v.Form == Sockaddr4; v.Version == 4 && !want || v.Version != 4 && v.Version != 6 {
		t.Errorf("version: got %d in form %d", v.Version, v.Form)
	}
}

// checkCut checks that a snap length after the headers changes nothing but
// the end.
func checkCut(t *testing.T, v View, link LinkType, data []byte, wireLen int, layout Layout) {
	t.Helper()
	var got View
	Decode(&got, link, data, wireLen, layout)
	v.End = min(v.End, len(data))
	if got != v {
		t.Errorf("cut to %d bytes:\n got %+v\nwant %+v", len(data), got, v)
	}
}

// checkFilled checks that a stub with its header filled in is a whole packet
// that says what was filled in.
func checkFilled(t *testing.T, v *View, data []byte, wireLen int) {
	t.Helper()
	filled := AppendFilled(nil, data, v, ProtoUDP, 1, dst6)
	if len(filled) != v.Upper-v.Net {
		t.Fatalf("filled header: got %d bytes, want %d", len(filled), v.Upper-v.Net)
	}
	var got View
	Decode(&got, Raw, append(filled, data[v.Upper:]...), wireLen-v.Net, LayoutAuto)
	if got.Form != Whole || got.Proto != ProtoUDP || got.TTL != 1 || got.Dst != dst6 || got.Upper != v.Upper-v.Net {
		t.Errorf("filled stub %x:\n got %+v\nfrom %+v", filled, got, v)
	}
}

func FuzzExtensionHeaders(f *testing.F) {
	for _, c := range append(extensionCases(), lengthCases()...) {
		if len(c.data) >= ipv6Len && len(c.data) < 4096 && c.link == Raw {
			f.Add(c.data[6], c.data[ipv6Len:])
		}
	}
	f.Fuzz(func(t *testing.T, next uint8, body []byte) {
		w := walk{next: next}
		w.run(body, len(body))
		proto, left, last := passHeaders(next, body, maxExtensions)
		if w.next != proto || w.pos != len(body)-len(left) || w.fragment != last {
			t.Errorf("headers from %d in %x: got %d at %d, later fragment %v, want %d at %d, %v",
				next, body, w.next, w.pos, w.fragment, proto, len(body)-len(left), last)
		}
		if w.jumbo != 0 && (w.jumbo <= 0xFFFF || w.jumbo > maxJumbo) {
			t.Errorf("jumbo length: got %d, want 0 or a believable one", w.jumbo)
		}
	})
}

// passHeaders is the walk said once more, by recursion: the upper-layer
// protocol, the bytes from there on, and whether a later fragment ended it.
func passHeaders(next uint8, b []byte, budget int) (proto uint8, left []byte, last bool) {
	units := map[uint8]func(n int) int{
		ProtoHopByHop: func(n int) int { return 8 + 8*n },
		ProtoRouting:  func(n int) int { return 8 + 8*n },
		ProtoDestOpts: func(n int) int { return 8 + 8*n },
		ProtoFragment: func(int) int { return 8 },
		ProtoAH:       func(n int) int { return 8 + 4*n },
		ProtoMobility: func(n int) int { return 8 + 8*n },
		ProtoHIP:      func(n int) int { return 8 + 8*n },
		ProtoShim6:    func(n int) int { return 8 + 8*n },
	}
	size := units[next]
	if size == nil || budget == 0 || len(b) < 8 || size(int(b[1])) > len(b) {
		return next, b, false
	}
	if next >= ProtoMobility && b[0] == ProtoNoNext {
		return next, b, false
	}
	rest := b[size(int(b[1])):]
	if next == ProtoFragment && be16(b[2:])>>3 != 0 {
		return b[0], rest, true
	}
	return passHeaders(b[0], rest, budget-1)
}

func FuzzTCPOptions(f *testing.F) {
	f.Add(segment[20:32], uint8(12))
	f.Add([]byte{2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 7}, uint8(20))
	f.Add(append([]byte{1, 1, 5, 26}, zeros(24)...), uint8(28))
	f.Add([]byte{254, 0, 4, 2}, uint8(3))
	f.Fuzz(func(t *testing.T, options []byte, captured uint8) {
		seg := tcpWith(options[:min(len(options), 40)]...)
		cut := seg[:20+min(int(captured), len(seg)-20)]
		got := tcp.Segment{SACKs: 4, MSS: 1}
		if !ParseTCP(&got, cut, len(seg)) {
			t.Fatalf("segment %x: got false, want true", seg)
		}
		want := tcp.Segment{WindowShift: -1}
		lastOptions(&want, cut[20:])
		if got.MSS != want.MSS || got.WindowShift != want.WindowShift || got.SACKPermitted != want.SACKPermitted ||
			got.HasTS != want.HasTS || got.TSval != want.TSval || got.TSecr != want.TSecr ||
			got.SACKs != want.SACKs || got.SACK != want.SACK {
			t.Errorf("options %x:\n got %+v\nwant %+v", cut[20:], got, want)
		}
	})
}

// lastOptions reads options once more, by recursion.
func lastOptions(h *tcp.Segment, b []byte) {
	if len(b) == 0 || b[0] == 0 {
		return
	}
	if b[0] == 1 {
		lastOptions(h, b[1:])
		return
	}
	if len(b) < 2 || b[1] < 2 || int(b[1]) > len(b) {
		return
	}
	switch v := b[2:b[1]]; [2]byte{b[0], b[1]} {
	case [2]byte{2, 4}:
		h.MSS = be16(v)
	case [2]byte{3, 3}:
		h.WindowShift = int8(min(v[0], 14))
	case [2]byte{4, 2}:
		h.SACKPermitted = true
	case [2]byte{8, 10}:
		h.HasTS, h.TSval, h.TSecr = true, be32(v), be32(v[4:])
	case [2]byte{5, 10}, [2]byte{5, 18}, [2]byte{5, 26}, [2]byte{5, 34}:
		h.SACKs, h.SACK = uint8(len(v)/8), [4]tcp.Range{}
		for i := range len(v) / 8 {
			h.SACK[i] = tcp.Range{Left: tcp.Seq(be32(v[8*i:])), Right: tcp.Seq(be32(v[8*i+4:]))}
		}
	}
	lastOptions(h, b[b[1]:])
}
