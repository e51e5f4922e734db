package salvage

import (
	"bytes"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// Each of many small streams takes little, whatever dictionary it asks for, and with
// padding between them or damage in every second one too.
func TestManySmallXZStreams(t *testing.T) {
	const streams, most = 200, 200 << 10
	one := squeeze.HungryXZ(t, compressedPcap())
	damaged := bytes.Clone(one)
	damaged[len(damaged)/2] ^= 0x55
	for name, two := range map[string][]byte{
		"whole": append(one[:len(one):len(one)], one...), "padded": append(append(one[:len(one):len(one)], make([]byte, 64)...), one...),
		"damaged": append(one[:len(one):len(one)], damaged...),
	} {
		file := bytes.Repeat(two, streams/2)
		for _, salvage := range []mode{off, on} {
			if name != "whole" && salvage == off {
				continue // it ends there
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			blocks, err := readAll(bytes.NewReader(file), capture.ReaderOptions{}, salvage)
			runtime.ReadMemStats(&after)
			if salvage == on && err != nil || len(blocks) == 0 {
				t.Errorf("%s, salvage %v: %d blocks, %v", name, salvage, len(blocks), err)
			}
			if each := (after.TotalAlloc - before.TotalAlloc) / streams; each > most {
				t.Errorf("%s, salvage %v: %d bytes were allocated for each stream, want at most %d", name, salvage, each, most)
			}
		}
	}
}
