//go:build unix

package lots

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestNoMoreLotsThanAsked: files of any sizes make at most as many lots as are asked for,
// each file is in one of them, and no lot of several has more than two shares.
func TestNoMoreLotsThanAsked(t *testing.T) {
	const seeds = 30
	for seed := range uint64(seeds) {
		random := rand.New(rand.NewPCG(seed, 19))
		in, lots, files := t.TempDir(), 1+random.IntN(12), 1+random.IntN(30)
		all := int64(0)
		for i := range files {
			size := int64(1 << 20) // all of one size, which a lot has none of left over
			switch seed % 3 {
			case 1:
				size = random.Int64N(4 << 20)
			case 2: // a few are large
				size = 1 << random.IntN(30)
			}
			name := filepath.Join(in, fmt.Sprintf("%02d.pcap", i))
			write(t, name, nil)
			if err := os.Truncate(name, size); err != nil { // a hole: planning opens no file
				t.Fatal(err)
			}
			all += size
		}
		r := plan(t, t.TempDir(), lots, in)
		if r.Lots > lots {
			t.Errorf("seed %d: %d files, %d lots asked for: got %d", seed, files, lots, r.Lots)
		}
		for lot := range r.Lots {
			items, err := r.ItemsOf(t.Context(), lot)
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			bytes := int64(0)
			for _, it := range items {
				all, files, bytes = all-it.Size, files-1, bytes+cost(it.Size)
			}
			if len(items) > 1 && bytes > 2*r.LotSize {
				t.Errorf("seed %d: lot %d has %d bytes, of a share of %d", seed, lot, bytes, r.LotSize)
			}
		}
		if files != 0 || all != 0 {
			t.Errorf("seed %d: %d files of %d bytes are in no lot, or in several", seed, files, all)
		}
	}
}
