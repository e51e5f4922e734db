//go:build unix

package kill

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab/trees"
)

// A handful of kills, and an interrupt or so for each command; on a machine that
// has other work they may take longer.
func TestKills(t *testing.T) {
	if testing.Short() {
		t.Skip("builds mendcap and runs it many times")
	}
	o := options{
		kills: 80, within: 5 * time.Second, packets: 100, seed: 1, dir: t.TempDir(), check: true,
		recordings: filepath.Join("..", "..", "..", "..", "testdata", "recordings", "many-flows.pcapng.gz"),
	}
	if err := run(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// What is neither whole nor absent must be counted as a failure: a judge that
// passes everything would be none.
func TestInspectionFindsWhatIsBroken(t *testing.T) {
	dir := t.TempDir()
	b := newBench(t.Context(), options{seed: 1}, dir)
	r := &runner{b: b, out: filepath.Join(dir, "out"), tmp: filepath.Join(dir, "tmp")}
	for name, data := range map[string]string{"out/x.mended.pcapng": "half", "out/.y.mended.pcapng.0.tmp": "h", "in/c": "changed"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(data), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	b.inputs = trees.Tree{"c": "as it was"}
	var count tally
	if err := r.inspect(&count, trees.Tree{"x.mended.pcapng": "whole", "y.mended.pcapng": "whole"}); err != nil {
		t.Fatal(err)
	}
	if len(count.failures) != 2 || count.leftovers != 1 || count.absent != 1 {
		t.Errorf("got %+v, want two failures (output, input), one leftover, one absent", count)
	}
}
