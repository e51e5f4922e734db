package capture

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/ulikunitz/xz"
)

// hungryXZ compresses data to a stream that asks for a dictionary of 64 MiB.
func hungryXZ(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.WriterConfig{DictCap: 64 << 20}.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Streams give the same data whatever dictionary they get: also where matches go back
// as far as they can, and where the end of the block is not looked for.
func TestXZOfAllSizes(t *testing.T) {
	random := make([]byte, 3*fitAhead)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(random) // never fails
	for name, data := range map[string][]byte{
		"nothing": nil, "one byte": {1}, "4 KiB": random[:4096], "a byte more": random[:4097],
		"the same again at its end": append(random[:5000:5000], random[:300]...),
		"the end is beyond":         random, "zeros": make([]byte, 3<<20),
	} {
		file := hungryXZ(t, data)
		for range 2 {
			file = append(file, file...)
		}
		got, err := readAllOf(openXZ, file)
		if want := bytes.Repeat(data, 4); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes and %v, want %d", name, len(got), err, len(want))
		}
	}
}

func readAllOf(open func(*bufio.Reader) (io.Reader, error), file []byte) ([]byte, error) {
	r, err := open(bufio.NewReader(bytes.NewReader(file)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// Each of many small streams takes little, whatever dictionary it asks for, and with
// padding between them or damage in every second one too.
func TestManySmallXZStreams(t *testing.T) {
	const streams, most = 200, 200 << 10
	one := hungryXZ(t, compressedPcap())
	damaged := bytes.Clone(one)
	damaged[len(damaged)/2] ^= 0x55
	for name, two := range map[string][]byte{
		"whole": append(one[:len(one):len(one)], one...), "padded": append(append(one[:len(one):len(one)], make([]byte, 64)...), one...),
		"damaged": append(one[:len(one):len(one)], damaged...),
	} {
		file := bytes.Repeat(two, streams/2)
		for _, salvage := range []Salvage{SalvageNone, SalvageOn} {
			if name != "whole" && salvage == SalvageNone {
				continue // it ends there
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			blocks, err := readAll(bytes.NewReader(file), ReaderOptions{Salvage: salvage})
			runtime.ReadMemStats(&after)
			if salvage == SalvageOn && err != nil || len(blocks) == 0 {
				t.Errorf("%s, salvage %v: %d blocks, %v", name, salvage, len(blocks), err)
			}
			if each := (after.TotalAlloc - before.TotalAlloc) / streams; each > most {
				t.Errorf("%s, salvage %v: %d bytes were allocated for each stream, want at most %d", name, salvage, each, most)
			}
		}
	}
}
