package salvage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// smallRecords are ordinary ones that are mostly zeros and small numbers, which look
// like lengths and times to whoever searches them for records.
func smallRecords(n int) []handmade.Record {
	all := make([]handmade.Record, n)
	for i := range all {
		p := append(handmade.IPv4(40+i*7%31, 0)[:40], bytes.Repeat([]byte("d"), i*7%31)...)
		binary.BigEndian.PutUint32(p[24:], uint32(i*40))
		all[i] = handmade.RecordOf(1700000000+uint32(i/5), uint32(i)*100, p)
	}
	return all
}

// oddRecords are the ways in which a record can be odd, and what is said of it.
var oddRecords = []struct {
	name string
	odd  capture.Oddity
	make func(r *handmade.Record)
}{
	{"original length 0", capture.OddNoOriginal, func(r *handmade.Record) { r.Original = 0 }},
	{"original length 1", capture.OddShortOriginal, func(r *handmade.Record) { r.Original = 1 }},
	{"original length halved", capture.OddShortOriginal, func(r *handmade.Record) { r.Original /= 2 }},
	{"original length just below", capture.OddShortOriginal, func(r *handmade.Record) { r.Original-- }},
	{"original length without a frame check sequence", capture.OddShortOriginal, func(r *handmade.Record) { r.Original -= 4 }},
	{"original length just above 2^30", capture.OddLongOriginal, func(r *handmade.Record) { r.Original = 1<<30 + 1 }},
	{"original length of all ones", capture.OddLongOriginal, func(r *handmade.Record) { r.Original = 0xFFFFFFFF }},
	{"empty", capture.OddEmpty, func(r *handmade.Record) { r.Captured, r.Data = 0, nil }},
	{"empty, without a length", capture.OddEmpty, func(r *handmade.Record) { r.Captured, r.Original, r.Data = 0, 0, nil }},
	{"a second of microseconds", capture.OddFraction, func(r *handmade.Record) { r.Frac = 1e6 }},
	{"fraction of all ones", capture.OddFraction, func(r *handmade.Record) { r.Frac = 0xFFFFFFFF }},
	{"a capture inside, without a length", capture.OddNoOriginal, func(r *handmade.Record) {
		r.Data = slices.Concat(r.Data, handmade.PcapOf(littleEndian, smallRecords(5)...))
		r.Captured, r.Original = uint32(len(r.Data)), 0
	}},
}

// Records that are odd, one of them, a fifth or all, are given as a strict reader
// gives them, and counted: in files of two records and of more than is looked at for
// one decision, in either byte order.
func TestOddRecords(t *testing.T) {
	sizes := []int{2, 7, 30, 5000}
	if testing.Short() {
		sizes = sizes[:3]
	}
	for _, kind := range oddRecords {
		for _, extent := range []string{"one", "a fifth", "all"} {
			for _, n := range sizes {
				for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
					name := fmt.Sprintf("%s, %s of %d, %v", kind.name, extent, n, order)
					records, r, count, first := smallRecords(n), rand.New(rand.NewPCG(1, uint64(n))), 0, 0
					one := r.IntN(n)
					for i := range records {
						if extent == "all" || i == one || extent == "a fifth" && r.IntN(5) == 0 {
							kind.make(&records[i])
							if count++; count == 1 {
								first = i + 1
							}
						}
					}
					mustBeOdd(t, name, handmade.PcapOf(order, records...), kind.odd, count, first)
				}
			}
		}
	}
}

// mustBeOdd holds that a file is given as a strict reader gives it, and that so many
// blocks of it are odd in one way.
func mustBeOdd(t *testing.T, name string, data []byte, odd capture.Oddity, count, first int) {
	t.Helper()
	want := mustRead(t, data)
	for _, size := range []int{0, capture.MinBatchSize} {
		got := salvage(t, data, capture.ReaderOptions{BatchSize: size})
		if got.err != nil || got.damages.Total != 0 || len(got.blocks) != len(want) {
			t.Fatalf("%s: got %d blocks, %+v, %v; want %d", name, len(got.blocks), got.damages, got.err, len(want))
		}
		for i := range want {
			if !bytes.Equal(got.blocks[i].Raw, want[i].Raw) || !bytes.Equal(got.blocks[i].Data, want[i].Data) || got.blocks[i].Ticks != want[i].Ticks {
				t.Fatalf("%s: block %d is not as it is in the file", name, i)
			}
		}
		n := slices.IndexFunc(got.odd, func(o Odd) bool {
			return strings.HasSuffix(o.What, oddWords[trailingBit(odd)].many[8:]) || o.Count == 1 && o.What == oddWords[trailingBit(odd)].one
		})
		if n < 0 || got.odd[n].Count != int64(count) || got.odd[n].Frame != int64(first) {
			t.Fatalf("%s: got %+v, want %d %s, the first at frame %d", name, got.odd, count, oddWords[trailingBit(odd)].many, first)
		}
	}
}

func trailingBit(odd capture.Oddity) (n int) {
	for odd&1 == 0 {
		odd >>= 1
		n++
	}
	return n
}

// Blocks whose contents are odd are given as they are.
func TestOddBlocks(t *testing.T) {
	data := string(handmade.IPv4(64, 7))
	f := &handmade.File{Order: littleEndian}
	tests := []struct {
		name   string
		odd    capture.Oddity
		snap   uint32
		block  func(f *handmade.File)
		packet string // what is captured
	}{
		{"simple, original length 0", capture.OddSimple, 0, func(f *handmade.File) { f.SPB(0, data) }, data},
		{"simple, original length 1", capture.OddSimple, 0, func(f *handmade.File) { f.SPB(1, data) }, data},
		{"simple, original length above", capture.OddSimple, 0, func(f *handmade.File) { f.SPB(65, data) }, data},
		{"simple, original length of all ones", capture.OddSimple, 0, func(f *handmade.File) { f.SPB(0xFFFFFFFF, data) }, data},
		{"simple, beyond the snap length", capture.OddSnap, 1, func(f *handmade.File) { f.SPB(64, data) }, data},
		{"beyond the snap length", capture.OddSnap, 1, func(f *handmade.File) { f.EPBOf(0, 9, []byte(data)) }, data},
		{"an option longer than its block", capture.OddOptions, 0, func(f *handmade.File) { f.EPB(0, 9, data, f.U16(1), f.U16(8), f.U32(0)) }, data},
		{"an option of all ones", capture.OddOptions, 0, func(f *handmade.File) { f.EPB(0, 9, data, f.U32(0xFFFFFFFF)) }, data},
		{"obsolete, an option longer than its block", capture.OddOptions, 0, func(f *handmade.File) { f.PB(0, 0, 9, data, f.U16(1), f.U16(8), f.U32(0)) }, data},
		{"names longer than their block", capture.OddNames, 0, func(f *handmade.File) {
			f.EPBOf(0, 9, []byte(data)).Block(capture.TypeNames, f.U16(1), f.U16(200), f.U32(0))
		}, data},
		{"a section of version 1.7", capture.OddVersion, 0, func(f *handmade.File) {
			f.Block(capture.TypeSection, f.U32(capture.ByteOrderMagic), f.U16(1), f.U16(7), f.U64(capture.UnstatedLength)).Iface(linkRaw, 0).EPBOf(0, 9, []byte(data))
		}, data},
		{"a section with an option longer than it", capture.OddOptions, 0, func(f *handmade.File) {
			f.Section(littleEndian, f.U16(1), f.U16(0x3030), f.U32(0)).Iface(linkRaw, 0).EPBOf(0, 9, []byte(data))
		}, data},
		{"an interface with an option longer than it", capture.OddOptions, 0, func(f *handmade.File) {
			f.Iface(linkRaw, 0, f.U16(2), f.U16(500), f.U32(0)).EPBOf(1, 9, []byte(data))
		}, data},
	}
	for _, test := range tests {
		f.Buf = nil
		f.Section(littleEndian).Iface(linkRaw, test.snap)
		test.block(f)
		if got := packets(mustRead(t, f.Buf)); len(got) != 1 || string(got[0].Data) != test.packet {
			t.Errorf("%s: got %+v, want one packet of %d bytes", test.name, got, len(test.packet))
		}
		first := 1
		switch {
		case strings.HasPrefix(test.name, "a section"), strings.HasPrefix(test.name, "an interface"):
			first = 0
		}
		mustBeOdd(t, test.name, f.Buf, test.odd, 1, first)
		if out := write(t, copyAll(mustRead(t, f.Buf))); !bytes.Equal(out, f.Buf) {
			t.Errorf("%s: a copy differs", test.name)
		}
	}
}

// A captured length that the original one disproves is damage, not an option.
func TestOddOptionsOrLength(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
	at := len(f.Buf)
	f.EPBOf(0, 9, handmade.IPv4(64, 7))
	littleEndian.PutUint32(f.Buf[at+20:], 1)
	got := salvage(t, f.Buf, capture.ReaderOptions{})
	if p := packets(got.blocks); len(p) != 1 || len(p[0].Data) != 64 || got.damages.Total != 1 {
		t.Errorf("got %d packets, %+v; want one of 64 bytes, mended", len(p), got.damages)
	}
}

// Packets beyond libpcap's usual limit are read where the link type or the snap
// length allows for them, odd ones too.
func TestOddLargePackets(t *testing.T) {
	build := func(link, snap, original uint32) []byte {
		f := &handmade.File{Order: littleEndian}
		buf := slices.Concat(f.U32(magicMicro), f.U16(2), f.U16(4), f.U64(0), f.U32(snap), f.U32(link))
		for i := range uint32(12) {
			size := []uint32{100, 300_000}[i%2]
			buf = slices.Concat(buf, f.U32(1700000000), f.U32(i), f.U32(size), f.U32(min(original, size)), bytes.Repeat([]byte{byte(i)}, int(size)))
		}
		return buf
	}
	for name, data := range map[string][]byte{
		"USB": build(linkUSB, 1<<18, 1<<20), "USB, memory-mapped": build(linkUSBMapped, 1<<18, 1<<20), "D-Bus": build(linkDBus, 1<<18, 1<<20),
		"USBPcap": build(linkUSBPcap, 1<<18, 1<<20), "snap length": build(1, 1<<20, 1<<20), "USBPcap, without a length": build(linkUSBPcap, 1<<18, 0),
	} {
		for _, size := range []int{0, capture.MinBatchSize} {
			got := salvage(t, data, capture.ReaderOptions{BatchSize: size})
			if got.err != nil || got.damages.Total != 0 || len(packets(got.blocks)) != 12 {
				t.Errorf("%s: got %d packets, %+v, %v; want 12", name, len(packets(got.blocks)), got.damages, got.err)
			}
		}
	}
}

// Where the chain of odd records breaks, those before and after the break are kept.
func TestOddAndDamaged(t *testing.T) {
	for _, kind := range oddRecords {
		if kind.odd == capture.OddEmpty {
			continue // a file of nothing but headers shows little of where they are
		}
		for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
			records := smallRecords(40)
			for i := range records {
				kind.make(&records[i])
			}
			at := func(n int) int { return len(handmade.PcapOf(order, records[:n]...)) }
			whole := handmade.PcapOf(order, records...)
			noise := bytes.Clone(whole)
			for i := at(20); i < at(20)+capture.PcapRecordLen; i++ {
				noise[i] = byte(0xA0 + i)
			}
			for name, test := range map[string]struct {
				data  []byte
				least int
			}{
				"cut":                {whole[:at(39)+3], 39},
				"noise in a header":  {noise, 38},
				"cut after a record": {whole[:at(2)+5], 2},
			} {
				got := salvage(t, test.data, capture.ReaderOptions{})
				same := 0
				for _, p := range packets(got.blocks) {
					if slices.ContainsFunc(records, func(r handmade.Record) bool { return bytes.Equal(r.Data, p.Data) }) {
						same++
					}
				}
				if same < test.least || got.damages.Total == 0 {
					t.Errorf("%s, %v, %s: got %d packets as they were, %+v; want %d at least", kind.name, order, name, same, got.damages, test.least)
				}
			}
		}
	}
}

// A packet that carries a capture is not searched for records where the one after
// it has a wrong length that can be mended.
func TestNestedCapture(t *testing.T) {
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
		inner := handmade.PcapOf(order, smallRecords(40)...)
		records := smallRecords(40)
		for i := 9; i < 30; i++ { // segments of a capture that is sent through
			data := slices.Concat(records[i].Data[:40], inner[i*61:i*61+1000])
			binary.BigEndian.PutUint16(data[2:], uint16(len(data)))
			records[i].Data, records[i].Captured, records[i].Original = data, uint32(len(data)), uint32(len(data))
		}
		whole := handmade.PcapOf(order, records...)
		for n := 9; n < 30; n++ {
			at := len(handmade.PcapOf(order, records[:n+1]...))
			for _, length := range []uint32{16777216, 0xFFFFFFFF, 0, 3} {
				data := bytes.Clone(whole)
				order.PutUint32(data[at+8:], length)
				got := salvage(t, data, capture.ReaderOptions{})
				p := packets(got.blocks)
				if len(p) != 40 || got.damages.Total != 1 {
					t.Fatalf("%v, record %d, length %d: got %d packets, %+v; want 40 and one place of damage", order, n+1, length, len(p), got.damages)
				}
				for i := range p {
					if !bytes.Equal(p[i].Data, records[i].Data) {
						t.Fatalf("%v, record %d, length %d: frame %d is not what was captured", order, n+1, length, i+1)
					}
				}
			}
		}
	}
}

// A wrong length that leads on to a later record swallows none, where the original
// length and the records within prove it.
func TestLengthThatLeadsOn(t *testing.T) {
	records := plainRecords(30)
	at := func(n int) int { return len(handmade.PcapOf(littleEndian, records[:n]...)) }
	for _, odd := range []int{-1, 3} { // an odd record before it changes nothing
		for _, to := range []int{12, 13, 30} {
			data := handmade.PcapOf(littleEndian, records...)
			if odd >= 0 {
				littleEndian.PutUint32(data[at(odd)+12:], 0)
			}
			littleEndian.PutUint32(data[at(10)+8:], uint32(at(to)-at(10)-capture.PcapRecordLen))
			got := salvage(t, data, capture.ReaderOptions{})
			if n := len(packets(got.blocks)); n != 30 || got.damages.Total != 1 {
				t.Errorf("odd %d, up to record %d: got %d packets, %+v; want 30 and one place of damage", odd, to, n, got.damages)
			}
		}
	}
}

// Where nothing but zeros follows records or blocks, those are given, whatever they
// hold, and the zeros are one place of damage. A file of zeros alone has no packet.
func TestZerosAtTheEnd(t *testing.T) {
	files := map[string][]byte{"no record": handmade.PcapOf(littleEndian)}
	for _, kind := range oddRecords {
		for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
			records := smallRecords(9)
			for i := range records {
				kind.make(&records[i])
			}
			for _, n := range []int{1, 2, 9} {
				files[fmt.Sprintf("%d records, %s, %v", n, kind.name, order)] = handmade.PcapOf(order, records[:n]...)
			}
		}
	}
	ng := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
	files["no block of a packet"] = bytes.Clone(ng.Buf)
	files["a block"] = ng.EPBOf(0, 9, handmade.IPv4(64, 7)).Buf
	for name, data := range files {
		want := mustRead(t, data)
		for _, zeros := range []int{1, 8, 17, 32, 160, 300_000} {
			if zeros == 300_000 && testing.Short() {
				continue
			}
			end := slices.Concat(data, make([]byte, zeros))
			forms := map[string][]byte{"plain": end}
			if zeros == 160 {
				forms["gzip"] = squeeze.Gzip(t, end)
			}
			for form, data := range forms {
				got := salvage(t, data, capture.ReaderOptions{})
				d := got.damages
				if got.err != nil || len(got.blocks) != len(want) || d.Total != 1 || d.Lost != int64(zeros) || !errors.Is(d.List[0].Err, ErrZeros) {
					t.Fatalf("%s, %d zeros, %s: got %d blocks, %+v, %v; want %d and the zeros as damage", name, zeros, form, len(got.blocks), d, got.err, len(want))
				}
				samePackets(t, got.blocks, packets(want))
			}
		}
	}
}

// Zeros that fill a compressed file up are no damage.
func TestZerosBehindCompressed(t *testing.T) {
	data := handmade.PcapOf(littleEndian, plainRecords(20)...)
	for name, packed := range map[string][]byte{
		"zstd": squeeze.All(t, data)["zstd"], "lz4": squeeze.All(t, data)["lz4"], "lz4 with all that may be": squeeze.InBlocks(t, data, lz4.BlockChecksumOption(true), lz4.ChecksumOption(true), lz4.SizeOption(uint64(len(data)))),
		"zstd after a skippable frame": append([]byte("\x50\x2a\x4d\x18\x03\x00\x00\x00abc"), squeeze.All(t, data)["zstd"]...),
		"gzip":                         squeeze.Gzip(t, data), "gzip, two members": squeeze.Gzip(t, data[:500], data[500:]), "bzip2": squeeze.Decoded(t, squeeze.Bzip2Blocks), "xz": squeeze.Decoded(t, squeeze.XZBlocks),
	} {
		want := salvage(t, packed, capture.ReaderOptions{})
		for _, zeros := range []int{1, 2, 3, 4, 5, 511, 512, 10241, 1 << 20} {
			got := salvage(t, append(bytes.Clone(packed), make([]byte, zeros)...), capture.ReaderOptions{})
			if odd := strings.HasPrefix(name, "xz") && zeros%4 != 0; odd != (len(got.odd) > len(want.odd)) {
				t.Errorf("%s, %d zeros: got %+v, want padding that does not fit alone noted", name, zeros, got.odd)
			}
			if got.err != nil || got.damages.Total != 0 || len(got.blocks) != len(want.blocks) || len(want.blocks) == 0 {
				t.Errorf("%s, %d zeros: got %d blocks, %+v, %v; want %d", name, zeros, len(got.blocks), got.damages, got.err, len(want.blocks))
			}
		}
		for _, zeros := range []int{0, 1, 3, 64} {
			for _, after := range []string{"\x07", "garbage", strings.Repeat("garbage", 5000)} {
				got := salvage(t, append(append(bytes.Clone(packed), make([]byte, zeros)...), after...), capture.ReaderOptions{})
				var other *compress.Trailing
				if d := got.damages; d.Total != 1 || len(got.blocks) != len(want.blocks) || !errors.As(d.List[0].Err, &other) {
					t.Errorf("%s, %d zeros and %d other bytes: got %d blocks, %+v; want all and what follows as damage", name, zeros, len(after), len(got.blocks), got.damages)
				}
			}
			got := salvage(t, slices.Concat(packed, make([]byte, zeros), packed), capture.ReaderOptions{})
			if d := got.damages; len(packets(got.blocks)) != 2*len(packets(want.blocks)) || !onlyPasted(d) {
				t.Errorf("%s, twice and %d zeros between: got %d packets, %+v", name, zeros, len(packets(got.blocks)), d)
			}
		}
	}
}

// onlyPasted says whether nothing is wrong but that one capture follows another.
func onlyPasted(d Damages) bool {
	return !slices.ContainsFunc(d.List, func(one Damage) bool { return !errors.Is(one.Err, ErrPasted) })
}

// A chain in which each record looks odd, and which breaks time and again, costs no
// more than bytes and records do.
func TestOddChainsAreLinear(t *testing.T) {
	records := smallRecords(60_000)
	for i := range records {
		records[i].Original = 0
		if i%9 == 8 {
			records[i].Captured = 0xFFFFFFFF
		}
	}
	data := handmade.PcapOf(littleEndian, records...)
	r := &reads{r: bytes.NewReader(data)}
	rd, err := NewReader(r, Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for b, err := rd.Next(); err == nil; b, err = rd.Next() {
		n += len(b.Blocks)
		b.Release()
	}
	if n < 50_000 {
		t.Errorf("got %d blocks, want most of 60000", n)
	}
	if most := 4 * (len(data)/defaultBatchSize + 1); r.n > most {
		t.Errorf("the file was read in %d parts, want %d at most", r.n, most)
	}
}

// The samples of legal captures: every packet is there as it is in the file.
func TestLegalSamples(t *testing.T) {
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	for name, want := range map[string]int{
		"L-orig0.pcap": 30, "L-orig_ff.pcap": 10, "L-orig_less.pcap": 30, "L-usec_ff.pcap": 100, "L-zero_len.pcap": 30,
		"L-usb-large.pcap.gz": 6, "L-spb-original.pcapng": 3, "L-snaplen-1.pcapng": 3,
	} {
		data, err := os.ReadFile(filepath.Join(dir, "faults", name))
		if err != nil {
			t.Fatal(err)
		}
		strict := packets(mustRead(t, data))
		got := salvage(t, data, capture.ReaderOptions{})
		if len(strict) != want || got.damages.Total != 0 {
			t.Errorf("%s: got %d packets, %+v; want %d", name, len(strict), got.damages, want)
		}
		samePackets(t, got.blocks, strict)
		if strings.HasSuffix(name, "ng") && !bytes.Equal(write(t, copyAll(got.blocks)), data) {
			t.Errorf("%s: a copy differs", name)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "faults", "S1-nested.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	got := salvage(t, data, capture.ReaderOptions{})
	if n := len(packets(got.blocks)); n != 77 || got.damages.Total != 1 || got.damages.Lost != 0 || got.damages.List[0].Frame != 30 {
		t.Errorf("S1-nested: got %d packets, %+v; want 77, the one after frame 30 mended", n, got.damages)
	}
}
