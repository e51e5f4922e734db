package salvage

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/pierrec/lz4/v4"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// noisyPackets is a capture of packets that hardly compress, each another.
func noisyPackets(n int) []byte {
	f := (&handmade.File{}).Section(littleEndian).Iface(linkRaw, 0)
	head := f.Buf
	var all [][]byte
	noise := rand.New(rand.NewPCG(7, 7))
	for i := range n {
		p := handmade.IPv4(500+i%900, 0)
		for j := 20; j < len(p); j++ {
			p[j] = byte(noise.Uint32())
		}
		f.Buf = nil
		all = append(all, f.EPBOf(0, 1700000000000000+uint64(i), p).Buf)
	}
	return append(head, slices.Concat(all...)...)
}

// damageOf breaks bytes at a place in several ways.
func damageOf(data []byte, at int) map[string][]byte {
	zeroed, changed := bytes.Clone(data), bytes.Clone(data)
	clear(zeroed[at : at+300])
	for i := range 300 {
		changed[at+i] ^= byte(0x55 + i)
	}
	return map[string][]byte{
		"zeroed": zeroed, "changed": changed,
		"cut out": slices.Concat(data[:at], data[at+300:]),
		"put in":  slices.Concat(data[:at], bytes.Repeat([]byte("junk"), 75), data[at:]),
	}
}

// After damage in one part of a compressed file, the others give their packets.
func TestResumesBehindDamage(t *testing.T) {
	const part = 128 << 10
	data := noisyPackets(1000)
	whole := packets(mustRead(t, data))
	files := squeeze.InMembers(t, data, part)
	files["lz4 blocks"] = squeeze.InBlocks(t, data)
	files["lz4 blocks with checksums"] = squeeze.InBlocks(t, data, lz4.BlockChecksumOption(true))
	files["lz4 with its size"] = squeeze.InBlocks(t, data, lz4.SizeOption(uint64(len(data))))
	for chunk := range slices.Chunk(data, 60_000) {
		files["bgzip"] = append(files["bgzip"], squeeze.Gzip(t, chunk)...)
	}
	for name, packed := range files {
		for how, broken := range damageOf(packed, len(packed)*3/5) {
			if strings.HasPrefix(name, "lz4 ") && len(broken) != len(packed) {
				continue // where the next block begins is lost
			}
			t.Run(name+"/"+how, func(t *testing.T) { checkResumed(t, broken, whole, 2*part/500) })
		}
	}
}

// checkResumed holds that all but a few packets of a damaged file are given, none
// that it never had, and that the damage is told.
func checkResumed(t *testing.T, broken []byte, whole []capture.Block, few int) {
	t.Helper()
	got := salvage(t, broken, capture.ReaderOptions{})
	if got.err != nil {
		t.Fatal(got.err)
	}
	next := 0
	spoilt := 0 // by bytes that were decompressed before the checksum was seen to be wrong
	for _, b := range packets(got.blocks) {
		i := next
		for i < len(whole) && whole[i].Ticks != b.Ticks {
			i++
		}
		if i == len(whole) || !bytes.Equal(whole[i].Data, b.Data) {
			spoilt++
		}
		if i < len(whole) {
			next = i + 1
		}
	}
	if spoilt > 3 {
		t.Errorf("%d packets are none of those there were, in their order: 3 at most are the damage's", spoilt)
	}
	if n := len(packets(got.blocks)); n < len(whole)-few || n == len(whole) && spoilt == 0 {
		t.Errorf("got %d packets, want %d but for %d", n, len(whole), few)
	}
	told := slices.IndexFunc(got.damages.List, func(d Damage) bool { return errors.Is(d.Err, capture.ErrCompressed) })
	if told < 0 || !strings.Contains(got.damages.List[told].Err.Error(), "of the compressed file") {
		t.Errorf("got %+v, want damage of the compressed data and its place", got.damages.List)
	}
	for _, mode := range []mode{off, refuse} {
		_, err := readAll(bytes.NewReader(broken), capture.ReaderOptions{}, mode)
		needFormatError(t, err)
	}
	plain, _, err := compress.DecompressSalvaging(bytes.NewReader(broken))
	if err != nil {
		t.Fatal(err)
	}
	n, _ := io.Copy(io.Discard, plain)
	if last := whole[len(whole)-few]; n < last.Offset {
		t.Errorf("decompressed %d bytes, want %d at least", n, last.Offset)
	}
}

// A stream whose blocks can be read by themselves is gone on with at the next of them.
func TestResumesWithinStreams(t *testing.T) {
	step := 13
	if testing.Short() {
		step = 131
	}
	for name, text := range map[string]string{"bzip2": squeeze.Bzip2Blocks, "xz": squeeze.XZBlocks} {
		whole := squeeze.Decoded(t, text)
		const all = 4000
		if n := len(packets(mustRead(t, whole))); n != all {
			t.Fatalf("%s: got %d packets, want %d", name, n, all)
		}
		for at := 3; at < len(whole); at += step {
			broken := bytes.Clone(whole)
			broken[at] ^= 0x10
			got := salvage(t, broken, capture.ReaderOptions{})
			spoilt := 0
			for _, b := range packets(got.blocks) {
				if len(b.Data) != 60 || b.Data[59] != 'x' {
					spoilt++
				}
			}
			n := len(packets(got.blocks))
			if n > all || spoilt > all/3 {
				t.Errorf("%s, byte %d: got %d packets, %d of them spoilt", name, at, n, spoilt)
			}
			// The first block has the section header.
			if got.err == nil && n < all/2 || got.err != nil && at > len(whole)/3 {
				t.Errorf("%s, byte %d: got %d packets of %d, %v: %+v", name, at, n, all, got.err, got.damages)
			}
		}
	}
}

// What is spliced ends as a file should that lost nothing at its end: the
// checksum of the whole is not damage of its own.
func TestSplicedEndsQuietly(t *testing.T) {
	for name, text := range map[string]string{"bzip2": squeeze.Bzip2Blocks, "xz": squeeze.XZBlocks} {
		broken := squeeze.Decoded(t, text)
		broken[len(broken)*2/5] ^= 0x10
		for copies := 1; copies <= 2; copies++ {
			got := salvage(t, bytes.Repeat(broken, copies), capture.ReaderOptions{})
			told := 0
			for _, d := range got.damages.List {
				if errors.Is(d.Err, capture.ErrCompressed) {
					told++
				}
			}
			if told != copies {
				t.Errorf("%s, %d times: got %+v, want one place of compressed data in each", name, copies, got.damages.List)
			}
		}
	}
}

// A file that is cut, and one whose checksum alone is wrong, are not resumed:
// what is said of them is what a strict reader says.
func TestNothingToResume(t *testing.T) {
	data := noisyPackets(300)
	for name, packed := range squeeze.All(t, data) {
		for how, broken := range map[string][]byte{"cut": packed[:len(packed)*2/3], "no end": packed[:len(packed)-1]} {
			got := salvage(t, broken, capture.ReaderOptions{})
			_, err := readAll(bytes.NewReader(broken), capture.ReaderOptions{}, off)
			var strict *capture.FormatError
			if !errors.As(err, &strict) {
				t.Fatalf("%s, %s: got %v, want a capture.FormatError", name, how, err)
			}
			if got.err != nil {
				continue // nothing of it can be decompressed
			}
			if n := len(got.damages.List); n != 1 || !errors.Is(got.damages.List[0].Err, capture.ErrTruncated) {
				t.Errorf("%s, %s: got %+v, want what is said strictly, %v", name, how, got.damages.List, strict)
			}
		}
	}
}

// A cut within the bytes that tell what a capture without a header is, is told as any
// other cut.
func TestCutWithoutHeader(t *testing.T) {
	headless := noisyPackets(100)
	headless = headless[packets(mustRead(t, headless))[0].Offset:]
	whole := len(packets(salvage(t, headless, capture.ReaderOptions{}).blocks))
	for name, packed := range squeeze.All(t, headless) {
		for how, n := range map[string]int{"whole": len(packed), "cut": len(packed) * 2 / 3, "no end": len(packed) - 1} {
			got := salvage(t, packed[:n], capture.ReaderOptions{})
			if got.err != nil {
				continue // nothing of it can be decompressed
			}
			told := slices.ContainsFunc(got.damages.List, func(d Damage) bool { return errors.Is(d.Err, capture.ErrTruncated) })
			if cut := n < len(packed); told != cut || !cut && len(packets(got.blocks)) != whole {
				t.Errorf("%s, %s: got %d of %d packets and %+v", name, how, len(packets(got.blocks)), whole, got.damages.List)
			}
		}
	}
}

// A limit of what may be decompressed is kept whatever the compression, and
// damage does not hide it.
func TestMaxUnpacked(t *testing.T) {
	data := append(handmade.Pcap(littleEndian, magicMicro, linkRaw, [2]uint32{1, 2}), make([]byte, 1<<20)...)
	for name, packed := range squeeze.All(t, data) {
		for _, salvage := range []mode{off, on, refuse} {
			opts := capture.ReaderOptions{MaxUnpacked: 1 << 19, MaxBlock: 2 << 20}
			if _, err := readAll(bytes.NewReader(packed), opts, salvage); !errors.Is(err, capture.ErrUnpacked) && salvage != refuse {
				t.Errorf("%s, salvage %d: got %v, want %v", name, salvage, err, capture.ErrUnpacked)
			} else {
				needFormatError(t, err)
			}
			opts.MaxUnpacked = int64(len(data))
			if _, err := readAll(bytes.NewReader(packed), opts, salvage); errors.Is(err, capture.ErrUnpacked) {
				t.Errorf("%s, salvage %d: got %v at the limit", name, salvage, err)
			}
		}
	}
	opts := capture.ReaderOptions{MaxUnpacked: 1}
	if _, err := readAll(bytes.NewReader(data), opts, on); err != nil {
		t.Errorf("a plain file: got %v", err)
	}
}
