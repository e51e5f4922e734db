package packet

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
)

// part4 and part6 are fragments of a packet with the identification id.
func part4(id uint16, proto uint8, offset int, more bool, data []byte) []byte {
	place := uint16(offset / 8)
	if more {
		place |= 0x2000
	}
	h := ip4(proto, ipv4Len+len(data), place, nil, data)
	h[4], h[5] = byte(id>>8), byte(id)
	return h
}

func part6(id uint16, next uint8, offset int, more bool, data []byte) []byte {
	h := []byte{next, 0, byte(offset >> 8), byte(offset), 0, 0, byte(id >> 8), byte(id)}
	if more {
		h[3] |= 1
	}
	return ip6(ProtoFragment, len(h)+len(data), h, data)
}

// add decodes a packet, and gives it to an assembler where it is a fragment.
func add(a *Assembler, data []byte) []byte {
	var v View
	Decode(&v, Raw, data, len(data), LayoutAuto)
	if !v.Partial {
		return nil
	}
	whole, _ := a.Add(&v, data, 1, false)
	return whole
}

func TestAssembler(t *testing.T) {
	data := make([]byte, 40)
	for i := range data {
		data[i] = byte(i)
	}
	spoilt := bytes.Repeat([]byte{0xFF}, 40)
	a, b, c := part4(7, ProtoUDP, 0, true, data[:16]), part4(7, ProtoUDP, 16, true, data[16:32]), part4(7, ProtoUDP, 32, false, data[32:])
	d, e := part6(7, ProtoUDP, 0, true, data[:24]), part6(7, ProtoUDP, 24, false, data[24:])
	options := ip6(ProtoDestOpts, 8+8+16, []byte{ProtoFragment, 0, 1, 4, 0, 0, 0, 0}, []byte{ProtoUDP, 0, 0, 1, 0, 0, 0, 7}, data[:16])
	optionsEnd := ip6(ProtoDestOpts, 8+8+24, []byte{ProtoFragment, 0, 1, 4, 0, 0, 0, 0}, []byte{ProtoUDP, 0, 0, 16, 0, 0, 0, 7}, data[16:])
	whole4 := ip4(ProtoUDP, 60, 0, nil, data)
	whole4[4], whole4[5] = 0, 7
	whole6 := ip6(ProtoUDP, 40, data)
	for _, tc := range []struct {
		name  string
		parts [][]byte
		last  int    // the part that completes the packet, from 1; 0 where none does
		want  []byte // whole4 where it is nil
	}{
		{name: "in order", parts: [][]byte{a, b, c}, last: 3},
		{name: "backwards", parts: [][]byte{c, b, a}, last: 3},
		{name: "the first comes last", parts: [][]byte{b, c, a}, last: 3},
		{name: "one twice", parts: [][]byte{a, a, b, b, c, c}, last: 5},
		{name: "one is missing", parts: [][]byte{a, c, c}},
		{name: "the last is missing", parts: [][]byte{a, b, b}},
		{name: "of another packet", parts: [][]byte{a, b, part4(8, ProtoUDP, 32, false, data[32:])}},
		{name: "of another protocol", parts: [][]byte{a, b, part4(7, ProtoTCP, 32, false, data[32:])}},
		{name: "what was there before stays", parts: [][]byte{a, part4(7, ProtoUDP, 0, true, spoilt[:16]), b, c}, last: 4},
		{name: "a longer one at the same place", parts: [][]byte{a, part4(7, ProtoUDP, 0, true, join(spoilt[:16], data[16:32])), c}, last: 3},
		{name: "the lower offset counts", parts: [][]byte{part4(7, ProtoUDP, 8, true, join(spoilt[:8], data[16:32])), a, c}, last: 3},
		{name: "beyond the end", parts: [][]byte{a, c, part4(7, ProtoUDP, 16, true, join(data[16:32], data[32:], spoilt[:8]))}, last: 3},
		{name: "two ends", parts: [][]byte{a, c, part4(7, ProtoUDP, 16, false, data[16:32])}, last: 3},
		{name: "cut by the snap length", parts: [][]byte{a, b[:30], c}},
		{name: "empty", parts: [][]byte{a, b, part4(7, ProtoUDP, 32, false, nil)}},
		{name: "IPv6", parts: [][]byte{d, e}, last: 2, want: whole6},
		{name: "IPv6, backwards", parts: [][]byte{e, d}, last: 2, want: whole6},
		{name: "IPv6, what the last says comes next", parts: [][]byte{e, part6(7, ProtoTCP, 0, true, data[:24]), d}, last: 2, want: ip6(ProtoTCP, 40, data)},
		{name: "IPv6, options before", parts: [][]byte{options, optionsEnd}, last: 2, want: ip6(ProtoDestOpts, 8+40, []byte{ProtoUDP, 0, 1, 4, 0, 0, 0, 0}, data)},
		{name: "IPv6, not divided", parts: [][]byte{part6(7, ProtoUDP, 0, false, data)}},
		{name: "IPv6, cut in the Fragment header", parts: [][]byte{d[:45], e}},
		{name: "too long", parts: [][]byte{part4(7, ProtoUDP, 0, true, zeros(65512)), part4(7, ProtoUDP, 65512, false, zeros(8))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var as Assembler
			want := tc.want
			if want == nil {
				want = whole4
			}
			for i, part := range tc.parts {
				before := bytes.Clone(part)
				got := add(&as, part)
				if !bytes.Equal(part, before) {
					t.Fatal("bytes were changed")
				}
				if (got != nil) != (i+1 == tc.last) {
					t.Errorf("part %d: complete: got %v, want %v", i+1, got != nil, i+1 == tc.last)
				}
				if got != nil && !bytes.Equal(got, want) {
					t.Errorf("got %x, want %x", got, want)
				}
			}
		})
	}
}

// Fragments in several VLANs are not mixed where addresses are private; the weights of those that make up a packet are
// added, copies and all.
func TestAssemblerTellsApart(t *testing.T) {
	var as Assembler
	first, last := part4(7, ProtoUDP, 0, true, zeros(16)), part4(7, ProtoUDP, 16, false, zeros(8))
	for i, c := range []struct {
		data   []byte
		vlan   uint16
		weight int
		all    int // 0 where the packet is not complete
	}{{first, 1, 1, 0}, {last, 2, 10, 0}, {first, 1, 100, 0}, {last, 1, 1000, 1101}, {first, 2, 1, 11}, {last, 1, 1, 0}} {
		tagged := ethernet(0x8100, []byte{0xE0, byte(c.vlan), 8, 0}, c.data)
		copy(tagged[18+16:], []byte{192, 168, 2, 1})
		var v View
		Decode(&v, Ethernet, tagged, len(tagged), LayoutAuto)
		whole, all := as.Add(&v, tagged, c.weight, false)
		if all != c.all || (whole != nil) != (c.all > 0) {
			t.Errorf("fragment %d: got a weight of %d and %d bytes, want %d", i, all, len(whole), c.all)
		}
	}
}

// Once a first fragment has shown that the others are of no interest, what they weigh is
// settled as they come.
func TestAssemblerSettles(t *testing.T) {
	var as Assembler
	for i, c := range []struct {
		offset, weight int
		settled        int
	}{{16, 1, 0}, {24, 10, 0}, {0, 100, 111}, {40, 1000, 1000}, {24, 1, 1}} {
		data := part4(7, ProtoUDP, c.offset, true, zeros(8))
		var v View
		Decode(&v, Raw, data, len(data), LayoutAuto)
		if whole, settled := as.Add(&v, data, c.weight, c.offset == 0); whole != nil || settled != c.settled {
			t.Errorf("fragment %d: got %d settled, %d bytes, want %d, 0", i, settled, len(whole), c.settled)
		}
	}
}

// What is kept is bounded: the packet that was begun longest ago goes.
func TestAssemblerIsBounded(t *testing.T) {
	const size, count = 1400, 2 * maxKept / 1400
	var as Assembler
	for id := range count {
		if add(&as, part4(uint16(id), ProtoUDP, 8, true, zeros(size))) != nil || as.kept > maxKept {
			t.Fatalf("fragment %d: %d bytes are kept, want at most %d", id, as.kept, maxKept)
		}
	}
	if len(as.partial) != as.byAge.Len() || len(as.partial) < count/3 {
		t.Errorf("%d and %d packets are kept, want as many, and more than %d", len(as.partial), as.byAge.Len(), count/3)
	}
	for id, want := range map[int]bool{0: false, count - 1: true} {
		add(&as, part4(uint16(id), ProtoUDP, 0, true, zeros(8)))
		if got := add(&as, part4(uint16(id), ProtoUDP, 8+size, false, zeros(8))) != nil; got != want {
			t.Errorf("packet %d: got %v, want %v", id, got, want)
		}
	}
	for n := range 3 * maxPieces { // as many as there are, of one packet
		add(&as, part4(9, ProtoUDP, 8+n%8000*8, true, zeros(8+n/8000*8)))
	}
	if as.kept > maxKept {
		t.Errorf("%d bytes are kept, want at most %d", as.kept, maxKept)
	}
}

// Whatever fragments come, in whatever order: once all of them were there the packet is,
// and what it says is what they do.
func TestAssemblerAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	data := make([]byte, 2000)
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	for range 200 {
		var parts [][]byte
		length := 1 + rng.IntN(len(data))
		for at := 0; at < length; {
			end := min(length, at+8*(1+rng.IntN(12)))
			parts = append(parts, part6(1, ProtoUDP, at, end < length, data[at:min(end+8*rng.IntN(3), length)]))
			if at = end; at%8 > 0 {
				break
			}
		}
		rng.Shuffle(len(parts), func(i, k int) { parts[i], parts[k] = parts[k], parts[i] })
		var as Assembler
		var whole []byte
		for _, part := range parts {
			if got := add(&as, part); got != nil {
				whole = got
				break // parts that overlap may not all be needed
			}
		}
		if len(parts) > 1 && !bytes.Equal(whole, ip6(ProtoUDP, length, data[:length])) {
			t.Fatalf("%d bytes in %d parts: got %x", length, len(parts), whole)
		}
	}
}

// FuzzAssembler holds that whatever fragments come none makes it fail, what is kept is
// counted, and what is put together is a packet.
func FuzzAssembler(f *testing.F) {
	f.Add(slices.Concat(part4(7, ProtoUDP, 0, true, zeros(16)), part4(7, ProtoUDP, 16, false, zeros(8))))
	f.Add(slices.Concat(part6(7, ProtoUDP, 24, false, zeros(16)), part6(7, ProtoUDP, 0, true, zeros(24))))
	f.Fuzz(func(t *testing.T, data []byte) {
		var as Assembler
		for len(data) > 0 {
			var v View
			Decode(&v, Raw, data, len(data), LayoutAuto)
			if whole, _ := as.Add(&v, data, 1, false); whole != nil {
				var w View
				Decode(&w, Raw, whole, len(whole), LayoutAuto)
				if w.Version != v.Version || w.Src != v.Src || w.Form == Whole && (w.Net != 0 || w.End != len(whole) && w.Proto != ProtoNoNext && !w.Partial) {
					t.Errorf("got %+v of %+v, %x", w, v, whole)
				}
			}
			data = data[max(1, v.End):]
		}
		kept := 0
		for e := as.byAge.Front(); e != nil; e = e.Next() {
			p := e.Value.(*pieces)
			kept += datagramSize + len(p.first.header)
			reach := 0
			for _, one := range p.list {
				kept += pieceSize + len(one.data)
				if one.offset <= reach {
					reach = max(reach, one.end())
				}
			}
			if reach != p.reach || p.complete() {
				t.Errorf("there is no gap up to %d, want %d; of %d bytes", p.reach, reach, p.length)
			}
		}
		if kept != as.kept || len(as.partial) != as.byAge.Len() {
			t.Errorf("kept: counted %d, are %d bytes", as.kept, kept)
		}
	})
}
