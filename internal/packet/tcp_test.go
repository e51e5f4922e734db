package packet

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// tcpWith returns a header with the options given, padded to whole words.
func tcpWith(options ...byte) []byte {
	for len(options)%4 != 0 {
		options = append(options, optEnd)
	}
	h := append([]byte(nil), segment[:20]...)
	h[12] = byte(5+len(options)/4) << 4
	return append(h, options...)
}

func TestParseTCP(t *testing.T) {
	of := func(change func(*tcp.Segment)) tcp.Segment {
		want := tcp.Segment{Seq: 0x01020304, Ack: 0x05060708, Bits: 0x18, Window: 0x1000, Sum: 0xABCD, WindowShift: -1}
		change(&want)
		return want
	}
	stamped := func(h *tcp.Segment) { h.HasTS, h.TSval, h.TSecr = true, 9, 7 }
	none := func(*tcp.Segment) {}
	block, acked := []byte{0, 0, 0, 1, 0, 0, 0, 2}, tcp.Range{Left: 1, Right: 2}
	sack := append([]byte{5, 26}, join(block, block, block)...)
	for _, c := range []struct {
		name string
		seg  []byte
		wire int
		want tcp.Segment
	}{
		{"no options", tcpWith(), 20, of(none)},
		{"aligned timestamps, payload", segment, 36, of(func(h *tcp.Segment) { stamped(h); h.Len = 4 })},
		{"cut in the payload", segment[:33], 1452, of(func(h *tcp.Segment) { stamped(h); h.Len = 1420 })},
		{"cut in the options", segment[:31], 36, of(func(h *tcp.Segment) { h.Len = 4 })},
		{"cut behind the fixed header", segment[:20], 36, of(func(h *tcp.Segment) { h.Len = 4 })},
		{"SYN", tcpWith(2, 4, 5, 0xB4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 3, 3, 7), 40,
			of(func(h *tcp.Segment) { stamped(h); h.MSS, h.SACKPermitted, h.WindowShift = 1460, true, 7 })},
		{"shift too large", tcpWith(3, 3, 200, 1), 24, of(func(h *tcp.Segment) { h.WindowShift = 14 })},
		{"three SACK blocks", tcpWith(append([]byte{1, 1}, sack...)...), 48, of(func(h *tcp.Segment) {
			h.SACKs = 3
			h.SACK = [4]tcp.Range{acked, acked, acked}
		})},
		{"four SACK blocks", tcpWith(append([]byte{5, 34}, join(block, block, block, block)...)...), 56, of(func(h *tcp.Segment) {
			h.SACKs = 4
			h.SACK = [4]tcp.Range{acked, acked, acked, acked}
		})},
		{"a shorter SACK replaces one", tcpWith(join([]byte{5, 18}, block, block, []byte{5, 10}, block)...), 48,
			of(func(h *tcp.Segment) { h.SACKs, h.SACK[0] = 1, acked })},
		{"SACK without blocks passed", tcpWith(join([]byte{5, 10}, block, []byte{5, 2})...), 32,
			of(func(h *tcp.Segment) { h.SACKs, h.SACK[0] = 1, acked })},
		{"SACK of half a block", tcpWith(5, 6, 0, 0, 0, 1, 4, 2), 28, of(func(h *tcp.Segment) { h.SACKPermitted = true })},
		{"unknown option passed", tcpWith(254, 4, 1, 2, 4, 2), 28, of(func(h *tcp.Segment) { h.SACKPermitted = true })},
		{"known option of another length passed", tcpWith(2, 3, 5, 4, 2), 28, of(func(h *tcp.Segment) { h.SACKPermitted = true })},
		{"nothing behind the end", tcpWith(0, 1, 4, 2), 24, of(none)},
		{"length 0 ends", tcpWith(254, 0, 4, 2), 24, of(none)},
		{"length 1 ends", tcpWith(254, 1, 4, 2), 24, of(none)},
		{"length beyond the header ends", tcpWith(2, 5, 5, 0xB4), 24, of(none)},
		{"kind without length", tcpWith(1, 1, 1, 2), 24, of(none)},
	} {
		got := tcp.Segment{MSS: 1, SACKs: 4}
		if !ParseTCP(&got, c.seg, c.wire) {
			t.Errorf("%s: got false, want true", c.name)
		}
		if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestParseTCPBits(t *testing.T) {
	seg := tcpWith()
	seg[12], seg[13] = 0x5F, 0xFF
	var h tcp.Segment
	if ParseTCP(&h, seg, 20); h.Bits != 0x0FFF {
		t.Errorf("control and reserved bits: got %#x, want 0xfff", h.Bits)
	}
}

func TestParseTCPRefuses(t *testing.T) {
	small := tcpWith()
	small[12] = 4 << 4
	for _, c := range []struct {
		name string
		seg  []byte
		wire int
	}{
		{"19 bytes captured", segment[:19], 36},
		{"nothing", nil, 0},
		{"data offset 4", small, 20},
		{"data offset beyond the segment", segment, 28},
	} {
		var h tcp.Segment
		if ParseTCP(&h, c.seg, c.wire) {
			t.Errorf("%s: got true, want false", c.name)
		}
	}
}
