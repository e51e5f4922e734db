package salvage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// plainRecords are so many ordinary ones.
func plainRecords(n int) []handmade.Record {
	var all []handmade.Record
	for i := range n {
		all = append(all, handmade.RecordOf(1700000000+uint32(i), uint32(i)*7, handmade.IPv4(60+i*37%1400, byte(i+1))))
	}
	return all
}

// Strange is not damaged: a file whose lengths lead from its start to its end is
// given as a strict reader gives it.
func TestSalvageLeavesOddFilesAlone(t *testing.T) {
	odd := map[string]func(i int, r *handmade.Record){
		"plain":                        func(int, *handmade.Record) {},
		"time 0":                       func(_ int, r *handmade.Record) { r.Sec, r.Frac = 0, 0 },
		"random times":                 func(i int, r *handmade.Record) { r.Sec = rand.New(rand.NewPCG(1, uint64(i))).Uint32() },
		"backward times":               func(i int, r *handmade.Record) { r.Sec -= uint32(i * i * 1e5) },
		"nanoseconds":                  func(_ int, r *handmade.Record) { r.Frac += 500_000_000 },
		"some parts of a second":       func(i int, r *handmade.Record) { r.Frac += uint32(i%3) * 1e9 },
		"longer than on the wire":      func(_ int, r *handmade.Record) { r.Original -= 10 },
		"no original length":           func(_ int, r *handmade.Record) { r.Original = 0 },
		"empty packets":                func(i int, r *handmade.Record) { r.Captured, r.Data = 0, nil },
		"empty packets without length": func(i int, r *handmade.Record) { r.Captured, r.Original, r.Data = 0, 0, nil },
		"some empty packets": func(i int, r *handmade.Record) {
			r.Captured, r.Data = r.Captured*uint32(i%2), r.Data[:len(r.Data)*(i%2)]
		},
		"no packet of its link type": func(_ int, r *handmade.Record) { r.Data = bytes.Repeat([]byte{0xEE}, len(r.Data)) },
		"zeros":                      func(_ int, r *handmade.Record) { r.Data = make([]byte, len(r.Data)) },
		"a capture inside": func(i int, r *handmade.Record) {
			r.Data = slices.Concat(handmade.IPv4(40, 1), handmade.PcapOf(littleEndian, plainRecords(3)...))
			r.Captured, r.Original = uint32(len(r.Data)), uint32(len(r.Data))
		},
	}
	for name, change := range odd {
		for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
			for _, n := range []int{1, 2, 3, 50, 900} {
				records := plainRecords(n)
				for i := range records {
					change(i, &records[i])
				}
				data := handmade.PcapOf(order, records...)
				for _, size := range []int{0, capture.MinBatchSize} {
					got := salvage(t, data, capture.ReaderOptions{BatchSize: size})
					if got.err != nil || got.damages.Total != 0 || len(packets(got.blocks)) != n {
						t.Fatalf("%s, %v, %d records: got %d packets, %+v, %v", name, order, n, len(packets(got.blocks)), got.damages, got.err)
					}
				}
			}
		}
	}
	for name, data := range map[string][]byte{
		"resolutions": handmade.Resolutions(), "old": oldPcap(2, 2), "modified": handmade.Pcap(bigEndian, magicModified, 1, [2]uint32{1, 2}, [2]uint32{3, 4}),
	} {
		if got := salvage(t, data, capture.ReaderOptions{}); got.err != nil || got.damages.Total != 0 {
			t.Errorf("%s: got %+v, %v", name, got.damages, got.err)
		}
	}
}

// oldPcap is a file of an old version, whose lengths change places.
func oldPcap(major, minor uint16) []byte {
	records := plainRecords(20)
	for i := range records {
		records[i].Original += 4
		records[i].Captured, records[i].Original = records[i].Original, records[i].Captured
	}
	data := handmade.PcapOf(littleEndian, records...)
	binary.LittleEndian.PutUint16(data[4:], major)
	binary.LittleEndian.PutUint16(data[6:], minor)
	return data
}

// Where the disk fails is no damage, which would be refused instead.
func TestFailuresAreNoDamage(t *testing.T) {
	failure := errors.New("disk on fire")
	data := handmade.PcapOf(littleEndian, plainRecords(30)...)
	for _, m := range []mode{on, refuse} {
		for cut := range len(data) {
			_, err := readAll(io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(failure)), capture.ReaderOptions{}, m)
			var broken *capture.FormatError
			if !errors.Is(err, failure) || errors.As(err, &broken) {
				t.Fatalf("mode %d, after %d bytes: got %v, want the failure and no FormatError", m, cut, err)
			}
		}
	}
}

// What is broken in a pcap file, and what is said of it.
func TestSalvagePcap(t *testing.T) {
	good := plainRecords(30)
	at := func(n int) int64 { return int64(len(handmade.PcapOf(littleEndian, good[:n]...))) }
	size := func(n int) int64 { return at(n+1) - at(n) }
	whole := handmade.PcapOf(littleEndian, good...)
	with := func(change func(p []byte) []byte) []byte { return change(bytes.Clone(whole)) }
	put := func(offset int64, v uint32) []byte {
		return with(func(p []byte) []byte { binary.LittleEndian.PutUint32(p[offset:], v); return p })
	}
	tests := []struct {
		name    string
		data    []byte
		packets int
		want    []Damage
	}{
		{"captured length of 4 GiB", put(at(10)+8, 0xFFFFFFFF), 30, []Damage{{10, at(10), size(10), false, capture.ErrLength}}},
		{"captured length too small", put(at(10)+8, 20), 30, []Damage{{10, at(10), size(10), false, capture.ErrLength}}},
		{"captured length too large", put(at(10)+8, 5000), 30, []Damage{{10, at(10), size(10), false, capture.ErrLength}}},
		{"cut", whole[:len(whole)-5], 29, []Damage{{29, at(29), size(29) - 5, true, capture.ErrTruncated}}},
		{"zeros over a header", with(func(p []byte) []byte { clear(p[at(10):][:16]); return p }), 30,
			[]Damage{{10, at(10), size(10), false, capture.ErrLength}}}, // the packet itself says how long it is
		{"two records gone but for a few bytes", slices.Concat(whole[:at(10)+7], whole[at(12)-3:]), 28,
			[]Damage{{10, at(10), 10, true, capture.ErrTooLarge}}},
		{"other byte order", with(func(p []byte) []byte {
			for i := at(10); i < at(10)+16; i += 4 {
				slices.Reverse(p[i : i+4])
			}
			return p
		}), 30, []Damage{{10, at(10), size(10), false, ErrMixed}}},
		{"magic", put(0, 0x12345678), 30, []Damage{{0, 0, 24, false, ErrNoHeader}}},
		{"header gone", whole[24:], 30, []Damage{{0, 0, 0, false, ErrNoHeader}}},
		{"start gone", whole[at(3)+5:], 26, []Damage{
			{0, 0, size(3) - 5, true, ErrNoHeader}, {0, size(3) - 5, 0, false, ErrNoHeader}}},
		{"another capture after it", slices.Concat(whole, handmade.PcapOf(bigEndian, good...)), 60,
			[]Damage{{30, int64(len(whole)), 24, false, ErrPasted}}},
		{"a pcapng after it", slices.Concat(whole, (&handmade.File{}).Section(bigEndian).Iface(1, 0).EPB(0, 1, "one").EPB(0, 2, "two").Buf), 32,
			[]Damage{{30, int64(len(whole)), 0, false, ErrPasted}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkSalvage(t, test.data, test.packets, test.want) })
	}
}

// What is broken in a pcapng file, and what is said of it.
func TestSalvagePcapng(t *testing.T) {
	build := func(n int) []byte {
		f := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
		for i := range n {
			data := handmade.IPv4(60+i*37%1400, byte(i+1))
			f.EPBOf(0, 1700000000000000+uint64(i), data)
		}
		return f.Buf
	}
	whole, head := build(30), int64(len(build(0)))
	at := func(n int) int64 { return int64(len(build(n))) }
	size := func(n int) int64 { return at(n+1) - at(n) }
	put := func(offset int64, v uint32) []byte {
		p := bytes.Clone(whole)
		binary.LittleEndian.PutUint32(p[offset:], v)
		return p
	}
	tests := []struct {
		name    string
		data    []byte
		packets int
		want    []Damage
	}{
		{"length", put(at(10)+4, 0xFFFFFFFF), 30, []Damage{{10, at(10), size(10), false, capture.ErrLength}}},
		{"trailer", put(at(11)-4, 0), 30, []Damage{{10, at(10), size(10), false, capture.ErrTrailer}}},
		{"captured length", put(at(10)+20, 7), 30, []Damage{{10, at(10), size(10), false, capture.ErrOption}}},
		{"interface number", put(at(10)+8, 77), 30, []Damage{{10, at(10), size(10), false, capture.ErrInterface}}},
		{"cut", whole[:len(whole)-5], 29, []Damage{{29, at(29), size(29) - 5, true, capture.ErrTruncated}}},
		{"section header gone", whole[28:], 30, []Damage{{0, 0, 0, false, ErrNoSHB}}},
		{"headers gone", whole[head:], 30, []Damage{{0, 0, 0, false, ErrNoSHB}, {0, 0, 0, false, capture.ErrInterface}}},
		{"interface gone", slices.Concat(whole[:28], whole[head:]), 30, []Damage{{0, 28, 0, false, capture.ErrInterface}}},
		{"garbage inserted", slices.Concat(whole[:at(10)], []byte("garbage"), whole[at(10):]), 30,
			[]Damage{{10, at(10), 7, true, capture.ErrTooLarge}}},
		{"zeros over a block", func() []byte { p := bytes.Clone(whole); clear(p[at(10):at(11)]); return p }(), 29,
			[]Damage{{10, at(10), size(10), true, ErrZeros}}},
		{"zeros in a block", func() []byte { p := bytes.Clone(whole); clear(p[at(10)+8 : at(11)-4]); return p }(), 29,
			[]Damage{{10, at(10), size(10), true, ErrGarbage}}},
		{"a pcap after it", slices.Concat(whole, handmade.PcapOf(bigEndian, plainRecords(5)...)), 35,
			[]Damage{{30, int64(len(whole)), 24, false, ErrPasted}}},
		{"magic of the other order", put(8, 0x4D3C2B1A), 30, []Damage{{0, 0, 28, false, capture.ErrByteOrder}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { checkSalvage(t, test.data, test.packets, test.want) })
	}
}

func checkSalvage(t *testing.T, data []byte, n int, want []Damage) {
	t.Helper()
	for _, batch := range []int{0, capture.MinBatchSize} {
		got := salvage(t, data, capture.ReaderOptions{BatchSize: batch})
		if got.err != nil || len(packets(got.blocks)) != n {
			t.Fatalf("got %d packets, %v, want %d; %+v", len(packets(got.blocks)), got.err, n, got.damages)
		}
		same := slices.EqualFunc(got.damages.List, want, func(a, b Damage) bool {
			ok := errors.Is(a.Err, b.Err)
			a.Err, b.Err = nil, nil
			return ok && a == b
		})
		if !same {
			t.Errorf("got damage %+v, want %+v", got.damages.List, want)
		}
		for _, p := range packets(got.blocks) {
			if l, _ := resemble(linkRaw, p.Data); l != exactly && p.Interface.LinkType == linkRaw {
				t.Errorf("frame %d is not one of the packets", p.Frame)
			}
		}
	}
}

// Transfers as text: the first is undone whole, of the second what lengths prove.
func TestSalvageText(t *testing.T) {
	records := plainRecords(300)
	for i := range records {
		text := "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
		if i%3 == 0 {
			text = "one line\r\n" + strings.Repeat("word ", i%7) + "\r\n"
		}
		data := handmade.IPv4(40+len(text), 1)
		copy(data[40:], text)
		records[i] = handmade.RecordOf(1700000000+uint32(i), 20+uint32(i)*100, data)
	}
	whole := handmade.PcapOf(littleEndian, records...)
	windows := bytes.ReplaceAll(whole, []byte("\n"), []byte("\r\n"))
	got := salvage(t, windows, capture.ReaderOptions{})
	if len(packets(got.blocks)) != 300 || got.damages.Total != 1 || !errors.Is(got.damages.List[0].Err, ErrASCII) {
		t.Errorf("LF to CRLF: got %d packets, %+v", len(packets(got.blocks)), got.damages)
	}
	unix := bytes.ReplaceAll(whole, []byte("\r\n"), []byte("\n"))
	back := salvage(t, unix, capture.ReaderOptions{})
	same := 0
	for i, p := range packets(back.blocks) {
		if i < len(records) && bytes.Equal(p.Data, records[i].Data) {
			same++
		}
	}
	if same < 298 { // at the end of the file nothing follows that would prove a length
		t.Errorf("CRLF to LF: got %d packets as they were, %d bytes lost; want 298 at least", same, back.damages.Lost)
	}
}

// The list of damage is bounded, its count is not.
func TestSalvageBoundsItsList(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
	for i := range 3000 {
		f.EPBOf(0, uint64(i), handmade.IPv4(40, byte(i)))
		f.Buf = append(f.Buf, "junk"...)
	}
	got := salvage(t, f.Buf, capture.ReaderOptions{})
	if len(packets(got.blocks)) != 3000 || got.damages.Total != 3000 || len(got.damages.List) != maxDamages || got.damages.Lost != 4*3000 {
		t.Errorf("got %d packets, %d places of damage, %d listed, %d bytes", len(packets(got.blocks)), got.damages.Total,
			len(got.damages.List), got.damages.Lost)
	}
}

// Files of another kind are not searched for captures inside.
func TestRefusesOtherFiles(t *testing.T) {
	inner := handmade.PcapOf(littleEndian, plainRecords(50)...)
	tar := make([]byte, 512)
	copy(tar[257:], "ustar")
	noise := make([]byte, 1<<19)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	for name, data := range map[string][]byte{
		"tar": append(tar, inner...), "zip": slices.Concat([]byte("PK\x03\x04"), inner), "noise": noise, "zeros": make([]byte, 1<<19),
		"text": bytes.Repeat([]byte("No., Time, Source\n"), 1e4), "text with CRLF": bytes.Repeat([]byte("No., Time, Source\r\n"), 1e4),
	} {
		if got := salvage(t, data, capture.ReaderOptions{}); !errors.Is(got.err, capture.ErrNotCapture) {
			t.Errorf("%s: got %d blocks, error %v, want %v", name, len(got.blocks), got.err, capture.ErrNotCapture)
		}
	}
}

// The hostile: what is made to cost time or memory.
func TestSalvageHostile(t *testing.T) {
	many := (&handmade.File{}).Section(littleEndian)
	for range 300_000 {
		many.Buf = append(many.Buf, 1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0)
	}
	headers := bytes.Repeat(handmade.PcapOf(littleEndian), 100_000)
	almost := bytes.Repeat([]byte{6, 0, 0, 0, 0, 1, 0, 0}, 1<<17)
	sections := bytes.Repeat((&handmade.File{}).Section(bigEndian).Buf, 1e5)
	for name, data := range map[string][]byte{
		"interfaces": many.Buf, "pcap headers": headers, "block headers": append((&handmade.File{}).Section(littleEndian).Buf, almost...),
		"sections": sections, "record headers": append(handmade.PcapOf(littleEndian), bytes.Repeat([]byte{0, 0, 0, 101, 0, 0, 0, 0, 200, 0, 0, 0, 200, 0, 0, 0}, 1<<16)...),
	} {
		t.Run(name, func(t *testing.T) { salvage(t, data, capture.ReaderOptions{MaxBlock: 1 << 20}) })
	}
}
