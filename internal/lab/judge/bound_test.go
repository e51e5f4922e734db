package judge

import (
	"path/filepath"
	"slices"
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
		if b.Alike.Left > min(b.Left, b.Here.Left) || b.Alike.Hidden > min(b.Hidden, b.Here.Hidden) {
			t.Errorf("%s: %+v: more flags in common than either has", d.Name, b)
		}
	}
}

// Bare ACKs that nothing tells apart are no mistakes of the best reading, in whatever order
// the repair has them: it is judged by its own flags. The readings that ask for higher odds
// leave no more flags, nor do those that ask for lower ones hide more, but for a few.
func TestBestReadingAmongEqualACKs(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", "cross-plain.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCase(t.Context(), recording)
	d := lab.Degradations()[slices.IndexFunc(lab.Degradations(), func(d lab.Degradation) bool { return d.Name == "ports-stamped" })]
	odds := c.Odds(d)
	var sum Bound
	for seed := uint64(1); seed <= 3; seed++ {
		b, err := Trial{Case: c, Degradation: d, Seed: seed}.Bound(odds)
		if err != nil {
			t.Fatal(err)
		}
		sum.Add(b)
	}
	if sum.Left+sum.Hidden > 4*sum.Wrong {
		t.Errorf("%d packets wrong, but %d flags left and %d hidden, want at most four for each", sum.Wrong, sum.Left, sum.Hidden)
	}
	if first, last := sum.Curve[0], sum.Curve[len(sum.Curve)-1]; last.Left > first.Left || first.Hidden > last.Hidden {
		t.Errorf("left and hidden: got %v with the lowest odds and %v with the highest", first, last)
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
