package capture

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// compressed are files that the tools named wrote of compressedPcap: the
// readers are held against others than the libraries that they use.
var compressed = []struct{ tool, codec, base64 string }{
	{"gzip -9n", "gzip", "H4sIAAAAAAACA7tyeNNCJgYWBhj4/5+BgZEBgpmg9B1WIM0MZLBABUECTEwA/zuUdjsAAAA="},
	{"zstd -19", "zstd", "KLUv/SQ7VQEAUoIHD+DpMJqqgIAAADDQ3lvuFG1/+QN+sD/88JnLpbILAwA0s/LmTwAui2+BEg=="},
	{"zstd --no-check", "zstd", "KLUv/QBYdQEAFALUw7KhAgAEAP//AAABAALcBQAAAQMAAAIAAADcBQAAAgIEAEoJXslsNyAB4g=="},
	{"xz -6", "xz", "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAc4R9v4iIXtAABPzszdlPJH7bzfQEAAAAABFla"},
	{"lz4 -9", "lz4", "BCJNGGRApy4AAACE1MOyoQIABAABAGL//wAAAQAEABMCCACB3AUAAAEDAAAnAKACAAAA3AUAAAICAAAAADaU/j8="},
	{"lz4 -l", "lz4", "AiFMGC4AAACE1MOyoQIABAABAGL//wAAAQAEABMCCACB3AUAAAEDAAAnAKACAAAA3AUAAAIC"},
	{"bzip2 -9", "bzip2", "QlpoOTFBWSZTWWidDHkAABlAHv4AIAAQAAgABAQAAKAAMQNA0BphQaaRMqRzGNkE1QZFDhWkMBv2bgu/i7kinChINE6GPIA="},
}

// twoStreams is compressedPcap twice: in two blocks with SHA-256 (xz -C sha256
// --block-size=30), padding, and in a stream without checksums (xz -C none).
const twoStreams = "/Td6WFoAAArh+wyhAgAhARYAAAB0L+Wj4AAdABZdAGow0ch9i/gJm62US4ry//rKnAgAAAAAAAD0i1T+vhOeaA7IMOB+pUhpG2JS9YxxmKqfud3Ge/zc1gIAIQEW" +
	"AAAAdC/lo+AAHAAWXQAAYAKCBSDD/vTvQMRO09WK5+chmmiSAAAAQKCZB94NDYWjyu3fcltCxidH0b0D/28OZ3Rxfpq5SGoAAkoeSh0AANNG+WO26d8cAgAAAAAKWVoA" +
	"AAAA/Td6WFoAAAD/EtlBAgAhARYAAAB0L+Wj4AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAAATc7O/yKAQZynnoBAAAAAABZWg=="

func compressedPcap() []byte {
	return pcapFile(littleEndian, magicMicro, 1, [2]uint32{1, 2}, [2]uint32{3, 4})
}

func decoded(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestReadsCompressed(t *testing.T) {
	want := mustRead(t, compressedPcap())
	for _, test := range compressed {
		t.Run(test.tool, func(t *testing.T) {
			data := decoded(t, test.base64)
			r, err := NewReader(bytes.NewReader(data), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Compression() != test.codec {
				t.Errorf("got compression %q, want %q", r.Compression(), test.codec)
			}
			samePackets(t, mustRead(t, data), want)

			plain, err := codecOf(data).open(bufio.NewReader(bytes.NewReader(append(bytes.Clone(data), data...))))
			if err != nil {
				t.Fatal(err)
			}
			twice := bytes.Repeat(compressedPcap(), 2)
			if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, twice) {
				t.Errorf("two members: got %d bytes, error %v, want %d bytes", len(got), err, len(twice))
			}
		})
	}
}

func TestReadsStreamsOfXZ(t *testing.T) {
	data := decoded(t, twoStreams)
	plain, err := codecOf(data).open(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat(compressedPcap(), 2)
	if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, error %v, want %d bytes", len(got), err, len(want))
	}
}

// squeeze compresses with each codec that has a writer at hand.
func squeeze(t testing.TB, data []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{"gzip": zip(t, data)}
	for name, open := range map[string]func(io.Writer) (io.WriteCloser, error){
		"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
		"xz":   func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) },
		"lz4":  func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
	} {
		var out bytes.Buffer
		z, err := open(&out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		all[name] = out.Bytes()
	}
	return all
}

// What decompresses of a cut file is used.
func TestCompressedAndCut(t *testing.T) {
	f := (&file{}).section(littleEndian).iface(1, 0)
	noise := uint32(1)
	for i := range 800 {
		data := make([]byte, 1000)
		for j := range data {
			noise = noise*1664525 + 1013904223
			data[j] = byte(noise >> 24)
		}
		f.epb(0, uint64(i), string(data))
	}
	whole := mustRead(t, f.buf)
	for name, data := range squeeze(t, f.buf) {
		for _, cut := range []int{len(data) - 1, len(data) * 3 / 4} {
			blocks, err := readAll(bytes.NewReader(data[:cut]), ReaderOptions{})
			if !errors.Is(err, ErrTruncated) || !errors.Is(err, ErrCompressed) {
				t.Errorf("%s cut at %d: got error %v, want %v", name, cut, err, ErrTruncated)
			}
			// What is lost is no more than a block: of zstd 128 KiB, of lz4 4 MiB,
			// which is all that there is.
			const block = 129 << 10
			if want := len(whole) * (cut - block) / len(data); len(blocks) < want && name != "lz4" {
				t.Errorf("%s cut at %d of %d: got %d blocks, want %d", name, cut, len(data), len(blocks), want)
			}
			for i := range blocks {
				if !bytes.Equal(blocks[i].Raw, whole[i].Raw) {
					t.Fatalf("%s cut at %d: block %d differs", name, cut, i)
				}
			}
		}
	}
}

// A few bytes that ask for a large window take no memory.
func TestCompressedWindows(t *testing.T) {
	xzData := decoded(t, compressed[3].base64)
	huge := bytes.Clone(xzData)
	const dictionary = 16 // in the block header: 40 means 4 GiB
	huge[dictionary] = 40
	for name, data := range map[string][]byte{
		"zstd --long=28":        decoded(t, "KLUv/QSQVQEAUoIHD+DpMJqqgIAAADDQ3lvuFG1/+QN+sD/88JnLpbILAwA0s/LmTwAui2+BEg=="),
		"xz --lzma2=dict=1GiB":  decoded(t, "/Td6WFoAAATm1rRGAgAhASQAAABeH8f54AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAc4R9v4iIXtAABPzszdlPJH7bzfQEAAAAABFla"),
		"xz with 4 GiB claimed": huge,
		"xz behind another":     append(bytes.Clone(xzData), huge...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAll(bytes.NewReader(data), ReaderOptions{BatchSize: minBatchSize})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrCompressed) {
			t.Errorf("%s: got %v, want %v", name, err, ErrTooLarge)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 32<<20 {
			t.Errorf("%s: took %d bytes", name, taken)
		}
	}
}

// A limit of what may be decompressed is kept whatever the compression, and
// damage does not hide it.
func TestMaxUnpacked(t *testing.T) {
	data := append(pcapFile(littleEndian, magicMicro, linkRaw, [2]uint32{1, 2}), make([]byte, 1<<20)...)
	for name, packed := range squeeze(t, data) {
		for _, salvage := range []Salvage{SalvageNone, SalvageOn, SalvageRefuse} {
			opts := ReaderOptions{Salvage: salvage, MaxUnpacked: 1 << 19, MaxBlock: 2 << 20}
			if _, err := readAll(bytes.NewReader(packed), opts); !errors.Is(err, ErrUnpacked) && salvage != SalvageRefuse {
				t.Errorf("%s, salvage %d: got %v, want %v", name, salvage, err, ErrUnpacked)
			} else {
				needFormatError(t, err)
			}
			opts.MaxUnpacked = int64(len(data))
			if _, err := readAll(bytes.NewReader(packed), opts); errors.Is(err, ErrUnpacked) {
				t.Errorf("%s, salvage %d: got %v at the limit", name, salvage, err)
			}
		}
	}
	opts := ReaderOptions{Salvage: SalvageOn, MaxUnpacked: 1}
	if _, err := readAll(bytes.NewReader(data), opts); err != nil {
		t.Errorf("a plain file: got %v", err)
	}
}

// The guard accepts what the decompressor does, however the bytes arrive.
func TestXZGuardByByte(t *testing.T) {
	data := decoded(t, twoStreams)
	g := newXZGuard(nil, nil, false)
	g.padding = true
	for i := range data {
		if err := g.follow(data[i : i+1]); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	for i := range data { // a changed byte may be an error and no more
		broken := bytes.Clone(data)
		broken[i] ^= 0xFF
		newXZGuard(nil, nil, false).follow(broken)
	}
}

func FuzzXZGuard(f *testing.F) {
	f.Add(decoded(f, twoStreams))
	f.Add(decoded(f, compressed[3].base64))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, parts := newXZGuard(nil, nil, false), newXZGuard(nil, nil, false)
		want := whole.follow(data)
		var got error
		for len(data) > 0 && got == nil {
			n := min(len(data), 1+len(data)/3)
			got, data = parts.follow(data[:n]), data[n:]
		}
		if (got == nil) != (want == nil) {
			t.Fatalf("in parts %v, at once %v", got, want)
		}
		if len(whole.head) > 1024 {
			t.Fatalf("keeps %d bytes", len(whole.head))
		}
	})
}
