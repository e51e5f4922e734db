package pipeline

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

// Whether the capture is written while it is surveyed or in a pass of its own
// changes neither the output nor the report, wherever its first disturbance is.
func TestTrialGivesTheSame(t *testing.T) {
	clean := inflated(t, "clean.pcapng.gz")
	disturbed := disturbedCapture(t)
	for _, c := range []struct {
		name     string
		content  []byte
		accepted bool
	}{
		{"nothing to repair", clean, true},
		{"cut short", clean[:len(clean)-30], true},
		{"lossy", inflated(t, "lossy.pcapng.gz"), true},
		{"duplicates and losses", inflated(t, "duplicating.pcapng.gz"), true},
		{"disturbed", disturbed, false},
		{"disturbed in the end", append(bytes.Clone(clean), disturbed...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := filepath.Join(t.TempDir(), "in.pcapng")
			if err := os.WriteFile(in, c.content, 0o600); err != nil {
				t.Fatal(err)
			}
			passes := 0
			out, tried := repairedBy(t, in, func(j *job) {
				j.o.Progress = func(int64, int64) { passes = j.passed }
			})
			if accepted := passes == 1; accepted != c.accepted {
				t.Errorf("ended in pass %d, want the second only where nothing is repaired", passes+1)
			}
			apart, plain := repairedBy(t, in, func(j *job) { j.apart = true })
			if !bytes.Equal(out, apart) {
				t.Errorf("output: got other bytes in a pass of its own (%d, want %d)", len(apart), len(out))
			}
			if !reflect.DeepEqual(tried, plain) {
				t.Errorf("report: got %+v, want %+v", tried, plain)
			}
		})
	}
}

// disturbedCapture is a capture that has headers, in which packets are in the
// wrong place.
func disturbedCapture(t *testing.T) []byte {
	t.Helper()
	rec, err := lab.Load(filepath.Join("..", "..", "testdata", "recordings", "lossy.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	degraded := lab.Degrade(rec.Packets, lab.Degradations()[0], 1)
	if err := lab.WriteForm(&file, degraded, lab.WithHeaders, lab.Pcapng); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}
