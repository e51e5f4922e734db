package salvage

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// Streams of bzip2 with zeros between and after them are read as one file, by one
// decompressor: the table of each would take 3.6 MB.
func TestManyPaddedBzip2Streams(t *testing.T) {
	const streams, most = 100, 400 << 10
	var one []byte
	for _, c := range squeeze.ByTools {
		if c.Codec == "bzip2" {
			one = squeeze.Decoded(t, c.Base64)
		}
	}
	want, err := readAll(bytes.NewReader(bytes.Repeat(one, streams)), capture.ReaderOptions{}, on)
	if err != nil || len(packets(want)) < streams {
		t.Fatalf("got %d packets of %d streams and %v", len(packets(want)), streams, err)
	}
	file := bytes.Repeat(append(one, make([]byte, 13)...), streams)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := readAll(bytes.NewReader(file), capture.ReaderOptions{}, on)
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %d blocks and %v, want %d as without the zeros", len(got), err, len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i].Raw, want[i].Raw) {
			t.Fatalf("block %d: got % x, want % x as without the zeros", i, got[i].Raw, want[i].Raw)
		}
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / streams; each > most {
		t.Errorf("%d bytes were allocated for each stream, want at most %d", each, most)
	}
}
