package judge

import (
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

// By true stamps the best reading is the truth; where threads stamp each packet on its
// own it errs, and what it says of the repair is within what the repair and itself get
// wrong.
func TestBestReading(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", "cross-3ms.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCase(t.Context(), recording)
	for _, d := range lab.Degradations() {
		if d.Name != "none" && d.Name != "ports-stamped" {
			continue
		}
		b, err := Trial{Case: c, Degradation: d, Seed: 1}.Bound(c.Odds(d))
		if err != nil {
			t.Fatal(err)
		}
		if b.Pairs == 0 {
			t.Errorf("%s: no packets of which stamps alone tell, want some", d.Name)
		}
		if errs := b.Wrong + b.Left + b.Hidden; (errs == 0) != (d.Name == "none") {
			t.Errorf("%s: the best reading gets %d packets wrong, leaves %d flags and hides %d, want none by true stamps alone", d.Name, b.Wrong, b.Left, b.Hidden)
		}
		if b.LeftAlike > min(b.Left, b.LeftHere) || b.HiddenAlike > min(b.Hidden, b.HiddenHere) {
			t.Errorf("%s: %+v: more flags in common than either has", d.Name, b)
		}
	}
}

// Bins of differences rise with them, and those below zero are apart.
func TestOddsBins(t *testing.T) {
	last := -1
	for d := int64(0); d < 1<<40; d = d*9/8 + 1 {
		bin := oddsBin(d)
		if bin < last || bin > last+2 || bin == oddsBin(-d-1) {
			t.Errorf("%d: bin %d after %d, and %d for %d, want them to rise, apart from those below zero", d, bin, last, oddsBin(-d-1), -d-1)
		}
		last = bin
	}
}
