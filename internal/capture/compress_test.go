package capture

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

func compressedPcap() []byte {
	return handmade.Pcap(littleEndian, magicMicro, 1, [2]uint32{1, 2}, [2]uint32{3, 4})
}

func TestReadsCompressed(t *testing.T) {
	want := mustRead(t, compressedPcap())
	for _, test := range squeeze.ByTools {
		t.Run(test.Tool, func(t *testing.T) {
			data := squeeze.Decoded(t, test.Base64)
			r, err := NewReader(bytes.NewReader(data), ReaderOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Compression() != test.Codec {
				t.Errorf("got compression %q, want %q", r.Compression(), test.Codec)
			}
			samePackets(t, mustRead(t, data), want)

			plain, _, err := compress.Decompress(bytes.NewReader(append(bytes.Clone(data), data...)))
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
	data := squeeze.Decoded(t, squeeze.TwoStreams)
	plain, _, err := compress.Decompress(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat(compressedPcap(), 2)
	if got, err := io.ReadAll(plain); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, error %v, want %d bytes", len(got), err, len(want))
	}
}

// What decompresses of a cut file is used.
func TestCompressedAndCut(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(1, 0)
	noise := uint32(1)
	for i := range 800 {
		data := make([]byte, 1000)
		for j := range data {
			noise = noise*1664525 + 1013904223
			data[j] = byte(noise >> 24)
		}
		f.EPB(0, uint64(i), string(data))
	}
	whole := mustRead(t, f.Buf)
	for name, data := range squeeze.All(t, f.Buf) {
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
	xzData := squeeze.Decoded(t, squeeze.ByTools[3].Base64)
	huge := bytes.Clone(xzData)
	const dictionary = 16 // in the block header: 40 means 4 GiB
	huge[dictionary] = 40
	for name, data := range map[string][]byte{
		"zstd --long=28":        squeeze.Decoded(t, "KLUv/QSQVQEAUoIHD+DpMJqqgIAAADDQ3lvuFG1/+QN+sD/88JnLpbILAwA0s/LmTwAui2+BEg=="),
		"xz --lzma2=dict=1GiB":  squeeze.Decoded(t, "/Td6WFoAAATm1rRGAgAhASQAAABeH8f54AA6ACNdAGow0ch9i/gJm62US4ry//rKxNFmaHlgnButZpihnQF+WtgAAAAc4R9v4iIXtAABPzszdlPJH7bzfQEAAAAABFla"),
		"xz with 4 GiB claimed": huge,
		"xz behind another":     append(bytes.Clone(xzData), huge...),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := readAll(bytes.NewReader(data), ReaderOptions{BatchSize: MinBatchSize})
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrCompressed) {
			t.Errorf("%s: got %v, want %v", name, err, ErrTooLarge)
		}
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 32<<20 {
			t.Errorf("%s: took %d bytes", name, taken)
		}
	}
}
