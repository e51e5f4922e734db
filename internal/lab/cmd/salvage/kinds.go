package salvage

import (
	"bytes"
	"math/rand/v2"
	"slices"
)

// kind is one way in which files break. It returns the broken file and which
// packets can be recovered: those whose bytes are all still there.
type kind struct {
	name   string
	damage func(*rand.Rand, *file, *file) ([]byte, []packet)
}

func kinds() []kind {
	return []kind{
		{"disordered, not damaged", disordered},
		{"cut at the end", cutEnd},
		{"cut at the start", cutStart},
		{"bytes missing", missing},
		{"bytes inserted", inserted},
		{"zeroed range", func(r *rand.Rand, f, _ *file) ([]byte, []packet) { return overwritten(r, f, 1, zeroes) }},
		{"random range", func(r *rand.Rand, f, _ *file) ([]byte, []packet) { return overwritten(r, f, 1, noise) }},
		{"many ranges", func(r *rand.Rand, f, _ *file) ([]byte, []packet) { return overwritten(r, f, 8, noise) }},
		{"bad lengths", func(r *rand.Rand, f, _ *file) ([]byte, []packet) { return badLengths(r, f, false) }},
		{"bad lengths, both", func(r *rand.Rand, f, _ *file) ([]byte, []packet) { return badLengths(r, f, true) }},
		{"wrong magic", wrongMagic},
		{"file header gone", headerGone},
		{"section header gone", sectionGone},
		{"interface gone", interfaceGone},
		{"interface numbers", interfaceNumbers},
		{"two captures pasted", pasted},
		{"two cut captures pasted", pastedCut},
		{"mixed byte orders", mixedOrders},
		{"garbage times", garbageTimes},
		{"text transfer, LF to CRLF", toCRLF},
		{"text transfer, CRLF to LF", toLF},
	}
}

// disordered lets times jump backward and forward, as good captures do.
func disordered(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	packets := slices.Clone(f.packets)
	for range 8 {
		packets[r.IntN(len(packets))].micros -= uint64(r.IntN(3_600_000_000))
	}
	for range 8 {
		i := r.IntN(len(packets) - 1)
		packets[i], packets[i+1] = packets[i+1], packets[i]
	}
	return layAs(f, packets).buf, packets
}

// layAs lays out packets in the form of another file.
func layAs(f *file, packets []packet) *file {
	if f.ng {
		return layPcapng(f.name, f.order, f.link(), packets)
	}
	return layPcap(f.name, f.order, f.link(), packets)
}

func (f *file) link() uint16 {
	if f.ng {
		return f.order.Uint16(f.buf[sectionHeader+8:])
	}
	return uint16(f.order.Uint32(f.buf[20:]))
}

// untouched are the packets of which no byte lies in a range.
func untouched(f *file, from, to int) []packet {
	var left []packet
	for i, rec := range f.records {
		if rec.to <= from || rec.from >= to {
			left = append(left, f.packets[i])
		}
	}
	return left
}

func cutEnd(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	at := f.head() + r.IntN(len(f.buf)-f.head())
	return f.buf[:at], untouched(f, at, len(f.buf))
}

func cutStart(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	at := 1 + r.IntN(len(f.buf)/3)
	return f.buf[at:], untouched(f, 0, at)
}

func missing(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	at := f.head() + r.IntN(len(f.buf)-f.head())
	end := min(at+1+r.IntN(3000), len(f.buf))
	return slices.Concat(f.buf[:at], f.buf[end:]), untouched(f, at, end)
}

func inserted(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	at := f.head() + r.IntN(len(f.buf)-f.head())
	extra := make([]byte, 1+r.IntN(3000))
	noise(r, extra)
	return slices.Concat(f.buf[:at], extra, f.buf[at:]), slices.DeleteFunc(untouched(f, 0, 0), func(p packet) bool {
		for i, rec := range f.records {
			if rec.from < at && at < rec.to {
				return &p.data[0] == &f.packets[i].data[0]
			}
		}
		return false
	})
}

func zeroes(_ *rand.Rand, p []byte) { clear(p) }

func noise(r *rand.Rand, p []byte) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
}

// overwritten overwrites ranges after the file header.
func overwritten(r *rand.Rand, f *file, ranges int, fill func(*rand.Rand, []byte)) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	var hit [][2]int
	for range ranges {
		at := f.head() + r.IntN(len(buf)-f.head())
		end := min(at+1+r.IntN(4096/ranges), len(buf))
		fill(r, buf[at:end])
		hit = append(hit, [2]int{at, end})
	}
	var left []packet
	for i, rec := range f.records {
		if !slices.ContainsFunc(hit, func(h [2]int) bool { return rec.to > h[0] && rec.from < h[1] }) {
			left = append(left, f.packets[i])
		}
	}
	return buf, left
}

// badLengths gives some records a wrong length: in pcap the captured one, or
// both; in pcapng that at the start of the block, or both.
func badLengths(r *rand.Rand, f *file, both bool) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	for range 4 {
		rec := f.records[r.IntN(len(f.records))]
		at := f.lengthAt(rec)
		was := f.order.Uint32(buf[at:])
		v := []uint32{0, was / 2, was + 1 + r.Uint32N(200), 0xFFFFFFFF, r.Uint32(), was + r.Uint32N(1<<20)}[r.IntN(6)]
		f.order.PutUint32(buf[at:], v)
		switch {
		case both && f.ng:
			f.order.PutUint32(buf[rec.to-4:], v)
		case both:
			f.order.PutUint32(buf[at+4:], v)
		}
	}
	return buf, f.packets
}

// wrongMagic overwrites the first bytes; of pcapng also, or instead, the
// byte-order magic.
func wrongMagic(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	switch {
	case f.ng && r.IntN(2) == 0:
		noise(r, buf[8:12])
	default:
		noise(r, buf[:4])
	}
	return buf, f.packets
}

// headerGone overwrites all that is before the first packet.
func headerGone(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	noise(r, buf[:f.head()])
	return buf, f.packets
}

// sectionGone takes the section header, or the file header, away.
func sectionGone(_ *rand.Rand, f, _ *file) ([]byte, []packet) {
	if f.ng {
		return f.buf[sectionHeader:], f.packets
	}
	return f.buf[pcapHeader:], f.packets
}

// interfaceGone takes the description of the interface away. A pcap file has
// none.
func interfaceGone(_ *rand.Rand, f, _ *file) ([]byte, []packet) {
	if !f.ng {
		return nil, nil
	}
	return slices.Concat(f.buf[:sectionHeader], f.buf[f.head():]), f.packets
}

// interfaceNumbers puts packets on interfaces that are not described.
func interfaceNumbers(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	if !f.ng {
		return nil, nil
	}
	buf := bytes.Clone(f.buf)
	for range 6 {
		rec := f.records[r.IntN(len(f.records))]
		f.order.PutUint32(buf[rec.from+8:], []uint32{1, 5, r.Uint32()}[r.IntN(3)])
	}
	return buf, f.packets
}

// pasted puts another whole capture after this one.
func pasted(_ *rand.Rand, f, g *file) ([]byte, []packet) {
	return slices.Concat(f.buf, g.buf), slices.Concat(f.packets, g.packets)
}

// pastedCut puts the end of another capture after the start of this one.
func pastedCut(r *rand.Rand, f, g *file) ([]byte, []packet) {
	if f.ng != g.ng || f.order != g.order || f.link() != g.link() {
		g = f
	}
	end := f.head() + r.IntN(len(f.buf)-f.head())
	start := g.head() + r.IntN(len(g.buf)-g.head())
	return slices.Concat(f.buf[:end], g.buf[start:]), slices.Concat(untouched(f, end, len(f.buf)), untouched(g, 0, start))
}

// mixedOrders turns the headers of some packets to the other byte order.
func mixedOrders(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	for _, rec := range f.records {
		if r.IntN(10) > 0 {
			continue
		}
		for at := rec.from; at < rec.data; at += 4 {
			slices.Reverse(buf[at : at+4])
		}
		if f.ng {
			slices.Reverse(buf[rec.to-4 : rec.to])
		}
	}
	return buf, f.packets
}

// garbageTimes overwrites the times of some packets.
func garbageTimes(r *rand.Rand, f, _ *file) ([]byte, []packet) {
	buf := bytes.Clone(f.buf)
	for _, rec := range f.records {
		if r.IntN(20) > 0 {
			continue
		}
		at := rec.from
		if f.ng {
			at += 12
		}
		noise(r, buf[at:at+8])
	}
	return buf, f.packets
}

// toCRLF is what a transfer in FTP's ASCII mode does on its way to Windows.
func toCRLF(_ *rand.Rand, f, _ *file) ([]byte, []packet) {
	return bytes.ReplaceAll(f.buf, []byte("\n"), []byte("\r\n")), f.packets
}

// toLF is what such a transfer does on its way from Windows.
func toLF(_ *rand.Rand, f, _ *file) ([]byte, []packet) {
	return bytes.ReplaceAll(f.buf, []byte("\r\n"), []byte("\n")), f.packets
}
