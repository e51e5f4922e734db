package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

func TestReaderDeliversEveryByte(t *testing.T) {
	for name, data := range map[string][]byte{"everything": handmade.Everything(), "resolutions": handmade.Resolutions()} {
		for _, size := range []int{0, MinBatchSize, 4096} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				blocks, err := readAll(iotest.HalfReader(bytes.NewReader(data)), ReaderOptions{BatchSize: size})
				if err != nil {
					t.Fatal(err)
				}
				var all []byte
				for _, b := range blocks {
					if b.Offset != int64(len(all)) {
						t.Fatalf("block %#x: offset %d, want %d", b.Type, b.Offset, len(all))
					}
					all = append(all, b.Raw...)
				}
				if !bytes.Equal(all, data) {
					t.Errorf("blocks give %d bytes that differ from the file's %d", len(all), len(data))
				}
			})
		}
	}
}

func TestReaderUnderstandsBlocks(t *testing.T) {
	type packet struct {
		section, id int
		ticks       uint64
		hasStamp    bool
		data        string
		original    uint32
	}
	want := []packet{
		{1, 0, 1<<40 + 5, true, "first packet", 112},
		{1, 0, 0, false, strings.Repeat("\x00", 96), 200},
		{1, 0, 7, true, "obsolete", 8},
		{1, 1, 42, true, "late", 104},
		{-1, -1, 42, true, "nobody's", 108},
	}
	got := packets(mustRead(t, handmade.Everything()))
	if len(got) != 3*len(want) {
		t.Fatalf("got %d packets, want %d", len(got), 3*len(want))
	}
	for n, b := range got {
		w := want[n%len(want)]
		g := packet{-1, -1, b.Ticks, b.HasStamp, string(b.Data), b.OrigLen}
		if b.Interface != nil {
			g.section, g.id = b.Interface.Section, int(b.Interface.ID)
			w.section += 2 * (n / len(want))
		}
		if g != w || b.Frame != int64(n+1) {
			t.Errorf("frame %d: got number %d %+v, want %+v", n+1, b.Frame, g, w)
		}
	}
}

func TestReaderUnderstandsInterfaces(t *testing.T) {
	blocks := mustRead(t, handmade.Everything())
	var got []string
	for _, b := range blocks {
		if i := b.Interface; b.Kind == Iface {
			got = append(got, fmt.Sprintf("%d/%d %q link %d snap %d %s offset %d", i.Section, i.ID, i.Name, i.LinkType,
				i.SnapLen, i.Resolution(), i.Offset))
		}
	}
	var want []string
	for section := 1; section < 6; section += 2 {
		want = append(want,
			fmt.Sprintf(`%d/0 "eth0" link 1 snap 96 10^-9 s offset 3600`, section),
			fmt.Sprintf(`%d/1 "" link 101 snap 0 2^-10 s offset 0`, section))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReaderKinds(t *testing.T) {
	want := map[uint32]Kind{
		TypeSection: Section, TypeInterface: Iface, TypeEPB: Packet, TypeSPB: Packet, TypePB: Packet,
		TypeNames: Names, TypeSecrets: Secrets, TypeStats: Other, TypeCustom: Other, TypeCustomNC: Other,
		0x99: Other, 0: Other, 0xFFFFFFFF: Other,
	}
	seen := make(map[uint32]bool)
	for _, b := range mustRead(t, handmade.Everything()) {
		seen[b.Type] = true
		if b.Kind != want[b.Type] {
			t.Errorf("block %#x: kind %d, want %d", b.Type, b.Kind, want[b.Type])
		}
	}
	if len(seen) != len(want) {
		t.Errorf("saw %d types, want %d", len(seen), len(want))
	}
}

func TestReaderGzip(t *testing.T) {
	data := handmade.Everything()
	for name, zipped := range map[string][]byte{
		"one member":    squeeze.Gzip(t, data),
		"three members": squeeze.Gzip(t, data[:5], nil, data[5:]),
	} {
		t.Run(name, func(t *testing.T) {
			r, err := NewReader(bytes.NewReader(zipped), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Format() != "pcapng" || r.Compression() != "gzip" {
				t.Errorf("got %q in %q, want pcapng in gzip", r.Format(), r.Compression())
			}
			b, err := r.Next()
			if err != nil {
				t.Fatal(err)
			}
			if got, want := len(b.Blocks), len(mustRead(t, data)); got != want || r.Consumed() != int64(len(data)) {
				t.Errorf("got %d blocks, %d bytes, want %d and %d", got, r.Consumed(), want, len(data))
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("at the end: got %v, want EOF", err)
			}
		})
	}
}

// damaged is a file with something wrong, and what is to be said of it.
type damaged struct {
	name   string
	data   []byte
	want   error
	frame  int64
	offset int64
	blocks int // delivered before
}

// damagedPcapng are pcapng files that go wrong after a section header, an
// interface and one packet.
func damagedPcapng() []damaged {
	at, files := handmade.BrokenPcapng()
	tests := []damaged{
		{name: "cut in mid-packet", want: ErrTruncated},
		{name: "cut in a block header", want: ErrTruncated},
		{name: "cut before the trailer", want: ErrTruncated},
		{name: "cut in a section's magic", want: ErrTruncated},
		{name: "block length 0", want: ErrLength},
		{name: "block length 3", want: ErrLength},
		{name: "block length 8", want: ErrLength},
		{name: "block length 11", want: ErrLength},
		{name: "block length 0xFFFFFFFF", want: ErrLength},
		{name: "block length 0xFFFFFFFC", want: ErrTooLarge},
		{name: "block length 60 MB", want: ErrTruncated},
		{name: "trailer", want: ErrTrailer},
		{name: "captured length 2 GiB", want: ErrLength},
		{name: "captured length 5", want: ErrLength},
		{name: "packet block too short", want: ErrLength},
		{name: "byte-order magic", want: ErrByteOrder},
		{name: "section version", want: ErrVersion},
		{name: "interface too short", want: ErrLength},
		{name: "zeros", want: ErrLength},
		{name: "garbage", want: ErrTooLarge},
		{name: "the other byte order", want: ErrTooLarge},
		{name: "a pcap after it", want: ErrTruncated}, // its version reads as a length of 256 KiB
	}
	for i := range tests {
		tests[i].data = files[tests[i].name]
		tests[i].frame, tests[i].offset, tests[i].blocks = 1, int64(at), 3
	}
	return tests
}

// damagedPcap are pcap files that go wrong, or not, after one record: of a record a
// strict reader believes all but its length.
func damagedPcap() []damaged {
	at, files := handmade.BrokenPcap()
	tests := []damaged{
		{name: "record cut", want: ErrTruncated},
		{name: "record header cut", want: ErrTruncated},
		{name: "captured length 2 GiB", want: ErrTooLarge},
		{name: "captured length beyond the end", want: ErrTruncated},
		{name: "garbage", want: ErrTooLarge},
		{name: "the other byte order", want: ErrTruncated}, // a length of 1 reads as 16 MiB
		{name: "a pcapng after it", want: ErrTooLarge},     // its magic reads as a length
	}
	for i := range tests {
		tests[i].data = files[tests[i].name]
		tests[i].frame, tests[i].offset, tests[i].blocks = 1, int64(at), 3
	}
	return tests
}

// damagedOthers are files that go wrong elsewhere.
func damagedOthers(t testing.TB) []damaged {
	files, end := handmade.BrokenOthers(t), int64(24+17+18)
	tests := []damaged{
		{name: "empty", want: ErrEmpty},
		{name: "empty gzip", want: ErrEmpty},
		{name: "text", want: ErrNotCapture},
		{name: "short text", want: ErrNotCapture},
		{name: "text in gzip", want: ErrNotCapture},
		{name: "lines", want: ErrNotCapture},
		{name: "start of pcapng", want: ErrTruncated},
		{name: "start of pcap", want: ErrTruncated},
		{name: "pcap version", want: ErrVersion},
		{name: "gzip cut", want: ErrTruncated, frame: 2, offset: end, blocks: 4},
		{name: "gzip checksum", want: ErrCompressed, frame: 2, offset: end, blocks: 4},
		{name: "behind gzip", want: ErrCompressed, frame: 2, offset: end, blocks: 4},
		{name: "gzip data", want: ErrCompressed},
		{name: "gzip header", want: ErrCompressed},
		{name: "gzip header only", want: ErrTruncated},
	}
	for i := range tests {
		tests[i].data = files[tests[i].name]
	}
	return tests
}

func TestReaderDamage(t *testing.T) {
	for _, test := range slices.Concat(damagedPcapng(), damagedPcap(), damagedOthers(t)) {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{0, MinBatchSize} {
				blocks, err := readAll(bytes.NewReader(test.data), ReaderOptions{BatchSize: size})
				var broken *FormatError
				if !errors.As(err, &broken) || !errors.Is(err, test.want) {
					t.Fatalf("got error %v, want a FormatError of %v", err, test.want)
				}
				if broken.Frame != test.frame || broken.Offset != test.offset {
					t.Errorf("%v: got frame %d offset %d, want %d and %d", err, broken.Frame, broken.Offset, test.frame, test.offset)
				}
				if want := fmt.Sprintf("at byte %d", test.offset); !strings.Contains(err.Error(), want) {
					t.Errorf("error says %q, want %q in it", err, want)
				}
				if len(blocks) != test.blocks {
					t.Errorf("got %d blocks before the damage, want %d", len(blocks), test.blocks)
				}
			}
		})
	}
}

func TestReaderKeepsItsError(t *testing.T) {
	r, err := NewReader(bytes.NewReader(damagedPcapng()[0].data), ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Fatalf("first: %v", err)
	}
	_, first := r.Next()
	_, second := r.Next()
	if !errors.Is(first, ErrTruncated) || first != second {
		t.Errorf("got %v, then %v, want the same twice", first, second)
	}
	if want := fmt.Sprintf("at byte %d, after frame 1", first.(*FormatError).Offset); !strings.Contains(first.Error(), want) {
		t.Errorf("error says %q, want %q in it", first, want)
	}
}

// A failing disk is not a damaged capture.
func TestReaderInputFails(t *testing.T) {
	failure := errors.New("disk on fire")
	data := handmade.Everything()
	for name, start := range map[string][]byte{"plain": data, "gzip": squeeze.Gzip(t, data), "at once": nil} {
		_, err := readAll(io.MultiReader(bytes.NewReader(start[:len(start)/2]), iotest.ErrReader(failure)), ReaderOptions{})
		var broken *FormatError
		if !errors.Is(err, failure) || errors.As(err, &broken) {
			t.Errorf("%s: got %v, want the failure and no FormatError", name, err)
		}
	}
}

// Lengths that leave the padding out are taken as Wireshark takes them.
func TestReaderRoundsLengths(t *testing.T) {
	head := (&handmade.File{}).Section(littleEndian).Iface(1, 0).Buf
	for _, trailer := range []uint32{33, 36} {
		block := (&handmade.File{Order: littleEndian}).EPB(0, 1, "x").Buf
		binary.LittleEndian.PutUint32(block[4:], 33)
		binary.LittleEndian.PutUint32(block[len(block)-4:], trailer)
		got := mustRead(t, bytes.Join([][]byte{head, block, block}, nil))
		if len(got) != 4 || string(got[2].Data) != "x" || !bytes.Equal(got[3].Raw, block) {
			t.Errorf("trailer %d: got %d blocks, want 4 with the packets whole", trailer, len(got))
		}
	}
}

// A block larger than a batch arrives whole, and one that only claims to be
// large takes no memory.
func TestReaderLargeBlocks(t *testing.T) {
	large := strings.Repeat("large", 1<<20)
	data := (&handmade.File{}).Section(bigEndian).Iface(1, 0).EPB(0, 1, "small").EPB(0, 2, large).EPB(0, 3, "small").Buf
	blocks, err := readAll(bytes.NewReader(data), ReaderOptions{BatchSize: 4096})
	if err != nil || len(blocks) != 5 || string(blocks[3].Data) != large {
		t.Fatalf("got %d blocks, error %v, want 5 with the large one whole", len(blocks), err)
	}
	if _, err := readAll(bytes.NewReader(data), ReaderOptions{MaxBlock: 5 << 20}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("beyond the limit: got %v, want %v", err, ErrTooLarge)
	}
	claim := (&handmade.File{}).Section(bigEndian).Buf
	claim = append(claim, 0, 0, 0, 6, 3, 0, 0, 0) // 48 MiB
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readAll(bytes.NewReader(claim), ReaderOptions{BatchSize: 4096}); !errors.Is(err, ErrTruncated) {
		t.Errorf("claimed: got %v, want %v", err, ErrTruncated)
	}
	runtime.ReadMemStats(&after)
	if taken := after.TotalAlloc - before.TotalAlloc; taken > 4<<20 {
		t.Errorf("a claim of 48 MiB took %d bytes", taken)
	}
}

func TestReaderLimitsInterfaces(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian)
	for range 100 {
		f.Iface(1, 0)
	}
	if _, err := readAll(bytes.NewReader(f.Buf), ReaderOptions{MaxBlock: 8192}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want %v", err, ErrTooLarge)
	}
}

// Batches that are held keep their bytes while others are read.
func TestBatchesAreIndependent(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(1, 0)
	for i := range 500 {
		f.EPB(0, uint64(i), fmt.Sprintf("packet %04d", i))
	}
	r, err := NewReader(bytes.NewReader(f.Buf), ReaderOptions{BatchSize: MinBatchSize})
	if err != nil {
		t.Fatal(err)
	}
	var held []*Batch
	check := func() {
		for _, b := range held {
			for _, p := range packets(b.Blocks) {
				if want := fmt.Sprintf("packet %04d", p.Frame-1); string(p.Data) != want {
					t.Fatalf("frame %d holds %q, want %q", p.Frame, p.Data, want)
				}
			}
		}
	}
	for {
		b, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if held = append(held, b); len(held) > 4 { // release one from the middle
			check()
			held[2].Release()
			held = slices.Delete(held, 2, 3)
		}
	}
	check()
}
