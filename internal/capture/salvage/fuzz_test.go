package salvage

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// salvaged is what a Reader with on gives of a file.
type salvaged struct {
	blocks  []capture.Block
	damages Damages
	odd     []Odd
	err     error // of NewReader
}

// salvage reads a whole file in batches of a size, and checks what is promised
// of any: every byte is in a block that was delivered or in one place of
// damage, and neither overlaps.
func salvage(t testing.TB, data []byte, opts capture.ReaderOptions) salvaged {
	t.Helper()
	r, err := NewReader(bytes.NewReader(data), Options{ReaderOptions: opts})
	if err != nil {
		needFormatError(t, err)
		return salvaged{err: err}
	}
	var s salvaged
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("got error %v in spite of salvage", err)
		}
		if limit := 2 * (r.in.MaxBlock() + 2*lookahead); b.Size() > limit {
			t.Fatalf("a batch takes %d bytes, limit %d", b.Size(), limit)
		}
		for _, block := range b.Blocks {
			block.Raw = bytes.Clone(block.Raw)
			block.Data = bytes.Clone(block.Data)
			block.Options = bytes.Clone(block.Options)
			s.blocks = append(s.blocks, block)
		}
		b.Release()
	}
	s.damages, s.odd = r.Damage(), r.Odd()
	s.account(t, r)
	return s
}

// account goes through blocks and damage in the order of the file.
func (s *salvaged) account(t testing.TB, r *Reader) {
	t.Helper()
	at, next := int64(0), 0
	frame := int64(0)
	var gaps []Damage
	mended := func(offset int64) bool {
		return slices.ContainsFunc(s.damages.List, func(d Damage) bool {
			return !d.Lost && d.Offset <= offset && offset < d.Offset+d.Length
		})
	}
	for _, d := range s.damages.List {
		if d.Lost {
			gaps = append(gaps, d)
		}
		if d.Err == nil || d.Length < 0 {
			t.Fatalf("damage without a reason: %+v", d)
		}
	}
	if s.damages.Total != int64(len(s.damages.List)) {
		return // the rest is only counted
	}
	over := func() {
		for next < len(gaps) && gaps[next].Offset == at {
			at += gaps[next].Length
			next++
		}
	}
	for i := range s.blocks {
		b := &s.blocks[i]
		if b.Kind == capture.Packet {
			if frame++; b.Frame != frame {
				t.Fatalf("frame %d follows %d", b.Frame, frame-1)
			}
			if b.Interface == nil {
				t.Fatalf("frame %d has no interface", b.Frame)
			}
		}
		if b.Made || b.Kind == capture.Iface && b.Pcap {
			continue
		}
		over()
		if b.Offset != at {
			t.Fatalf("block %d of kind %d is at %d, want %d", i, b.Kind, b.Offset, at)
		}
		size := int64(len(b.Raw))
		if mended(b.Offset) { // its bytes may be fewer than those in the file
			size = s.extent(i, gaps[next:], r.in.Offset()) - at
		}
		at += size
	}
	over()
	if at != r.in.Offset() || r.Consumed() != at {
		t.Fatalf("blocks and damage end at %d, the file at %d, consumed %d", at, r.in.Offset(), r.Consumed())
	}
}

// extent is where the block that a mended one takes ends in the file: where the
// next thing begins.
func (s *salvaged) extent(i int, gaps []Damage, end int64) int64 {
	for _, b := range s.blocks[i+1:] {
		if !b.Made && !(b.Kind == capture.Iface && b.Pcap) {
			end = b.Offset
			break
		}
	}
	for _, g := range gaps {
		if g.Length > 0 && g.Offset > s.blocks[i].Offset {
			return min(end, g.Offset)
		}
	}
	return end
}

func FuzzSalvage(f *testing.F) {
	addSeeds(f)
	for _, d := range damagedFiles() {
		f.Add(d)
	}
	for _, d := range damagedCompressed(f) {
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		small := salvage(t, data, fuzzLimit)
		large := salvage(t, data, capture.ReaderOptions{MaxBlock: fuzzLimit.MaxBlock})
		if (small.err == nil) != (large.err == nil) || len(small.blocks) != len(large.blocks) ||
			small.damages.Total != large.damages.Total || small.damages.Lost != large.damages.Lost {
			t.Fatalf("batches of other sizes differ: %d blocks, %+v, %v; %d blocks, %+v, %v", len(small.blocks), small.damages, small.err,
				len(large.blocks), large.damages, large.err)
		}
		for i := range small.blocks {
			if a, b := &small.blocks[i], &large.blocks[i]; a.Offset != b.Offset || !bytes.Equal(a.Raw, b.Raw) || a.Kind != b.Kind {
				t.Fatalf("block %d differs by the size of the batches: %+v, %+v", i, *a, *b)
			}
		}
		sameAsStrict(t, data, &large)
		if len(small.blocks) == 0 {
			return
		}
		// What was rescued is a capture without damage.
		out := write(t, copyAll(small.blocks))
		again := mustRead(t, out)
		if got, want := len(packets(again)), len(packets(small.blocks)); got != want {
			t.Fatalf("wrote %d packets, read %d again", want, got)
		}
	})
}

// sameAsStrict holds that a file that a strict reader takes whole is given as
// that gives it, but for what a strict reader believes too easily.
func sameAsStrict(t *testing.T, data []byte, s *salvaged) {
	strict, err := readAll(bytes.NewReader(data), capture.ReaderOptions{MaxBlock: fuzzLimit.MaxBlock}, off)
	if err != nil {
		if s.err == nil && s.damages.Total == 0 {
			t.Fatalf("no damage found where a strict reader ends with %v", err)
		}
		return
	}
	if slices.ContainsFunc(strict, tooEasy) {
		return
	}
	if s.err != nil || s.damages.Total != 0 || len(s.blocks) != len(strict) {
		t.Fatalf("a good file of %d blocks: got %d, %+v, %v", len(strict), len(s.blocks), s.damages, s.err)
	}
}

// tooEasy says whether salvage may take a block for damaged that a strict reader
// gives: a record of pcap, whose length is all that it has; a packet on no
// interface, or overwritten by zeros; names in the other byte order.
func tooEasy(b capture.Block) bool {
	switch b.Kind {
	case capture.Packet:
		return b.Interface == nil || b.Pcap || b.Type == capture.TypeEPB && hollow(b.Raw, b.Order == bigEndian)
	case capture.Names:
		return b.Odd != 0 && capture.FittingNames(b.Raw[8:len(b.Raw)-capture.TrailerLen], b.Order != bigEndian)
	}
	return false
}

// damagedFiles are small captures, broken in one way each.
func damagedFiles() [][]byte {
	var records []handmade.Record
	f := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
	for i := range 12 {
		data := handmade.IPv4(30+i, byte(i+1))
		copy(data[20:], "a\r\nb\n")
		records = append(records, handmade.RecordOf(1700000000+uint32(i), uint32(i), data))
		f.EPBOf(0, 1700000000000000+uint64(i), data)
	}
	var all [][]byte
	for _, good := range [][]byte{handmade.PcapOf(littleEndian, records...), handmade.PcapOf(bigEndian, records...), f.Buf} {
		all = append(all, good, good[24:], good[28:], good[48:], good[:len(good)-9],
			slices.Concat(good, good), slices.Concat(good[:150], good[170:]), slices.Concat(good[:150], []byte("junk"), good[150:]),
			bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n")), bytes.ReplaceAll(good, []byte("\r\n"), []byte("\n")))
		for at := 100; at < 140; at += 4 {
			broken := bytes.Clone(good)
			clear(broken[at : at+4])
			all = append(all, broken)
		}
	}
	return append(all, slices.Concat(handmade.PcapOf(littleEndian, records...), f.Buf), slices.Concat(f.Buf, handmade.PcapOf(bigEndian, records...)))
}

// damagedCompressed are captures in several members, blocks and streams, one of
// which is broken.
func damagedCompressed(t testing.TB) [][]byte {
	data := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0).Buf
	for i := range 12 {
		data = append(data, (&handmade.File{Order: littleEndian}).EPBOf(0, 1700000000000000+uint64(i), handmade.IPv4(60+i, byte(i))).Buf...)
	}
	all := [][]byte{squeeze.Decoded(t, squeeze.Bzip2Blocks), squeeze.Decoded(t, squeeze.XZBlocks), squeeze.Decoded(t, squeeze.TwoStreams)}
	for _, packed := range squeeze.InMembers(t, data, 400) {
		all = append(all, packed)
	}
	for _, whole := range all[:len(all):len(all)] {
		broken := bytes.Clone(whole)
		broken[len(broken)/2] ^= 0xFF
		all = append(all, broken)
	}
	return all
}

func TestRefuseEndsAtDamage(t *testing.T) {
	_, files := handmade.BrokenPcapng()
	for name, data := range files {
		_, err := readAll(bytes.NewReader(data), capture.ReaderOptions{}, refuse)
		var broken *capture.FormatError
		if !errors.As(err, &broken) {
			t.Errorf("%s: got %v, want a FormatError", name, err)
		}
	}
}
