package render

import (
	"io"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// A table costs what its rows do: 10,000 small reports are shown one after the other.
func TestTablesAreUsedAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("under the race detector a sync.Pool drops a quarter of what it is given")
	}
	const runs, most = 200, 256 << 10 // bytes a report; a new table of tablewriter's takes 450 kB
	r := &report.Report{Schema: report.Schema}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		if err := Terminal(io.Discard, r, Screen{}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / runs; each > most {
		t.Errorf("a report allocates %d bytes, want at most %d", each, most)
	}
}
