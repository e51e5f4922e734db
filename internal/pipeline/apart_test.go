package pipeline

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/report"
)

// The delay of copies is that which most have, whatever came again by itself before,
// and what is left around it shrinks with the number of those that were met.
func TestApartBy(t *testing.T) {
	tests := []struct {
		name   string
		delays []int64
		tick   int64
		want   apartBy
	}{
		{"one", []int64{800}, 0, apartBy{700, 900, 1}},
		{"many, all alike", []int64{800, 800, 800, 800, 800, 800, 800, 800, 800, 800}, 0, apartBy{790, 810, 10}},
		{"many, scattered", []int64{800, 1000, 900, 900, 800}, 0, apartBy{740, 1060, 5}},
		{"sent again before the first copy came", []int64{90, 5000, 5000, 5000, 5000}, 0, apartBy{4792, 5208, 3}},
		{"sent again among them", []int64{5000, 5000, 90, 5000, 5000}, 0, apartBy{4792, 5208, 3}},
		{"in one tick or the next", []int64{0, 1000, 0, 1000}, 1000, apartBy{0, 1250, 4}},
		{"with one stamp", []int64{0, 0}, 1000, apartBy{0, 1, 2}},
	}
	for _, test := range tests {
		var a apartBy
		for _, delay := range test.delays {
			a.add(delay, test.tick)
		}
		if got := a.widened(); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// What a capture that has all packets twice says of them is what it says of the
// packets once, and that each flagged copy is one.
func TestCopiesSayNothingNew(t *testing.T) {
	truth := beginning(t, "lossy", 1500)
	said := func(packets []lab.Packet) (counts map[string]int) {
		r, err := Check(context.Background(), written(t, packets, true), Options{Findings: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		counts = map[string]int{}
		for _, f := range r.Findings.List {
			counts[string(f.Verdict)+" "+f.Detail]++
		}
		return counts
	}
	once := said(truth)
	for _, apart := range []time.Duration{5 * time.Microsecond, 300 * time.Microsecond, 50 * time.Millisecond} {
		twice := said(byTime(truth, later(truth, apart, apart)))
		const byCapture = string(report.Duplicate) + " " + report.ByCapture
		if twice[byCapture] < len(truth)/4 {
			t.Errorf("copies %v later: got %d flagged ones, want many of %d", apart, twice[byCapture], len(truth))
		}
		for _, verdict := range []string{"drop ", "spurious ", "reordering ", "undecided ", "duplicate network"} {
			if twice[verdict] > once[verdict] {
				t.Errorf("copies %v later: got %d flags that are %s, want no more than the %d without copies", apart, twice[verdict], verdict, once[verdict])
			}
		}
	}
}

// Where a driver reverses bursts, the highest of several ACKs comes first and hides
// what is flagged of the others in truth: that they are flagged is no harm.
func TestReversedBurstsAreNotLeft(t *testing.T) {
	for _, name := range []string{"heavy", "v4-lossy", "no-timestamps"} {
		degraded := lab.Degrade(beginning(t, name, 1<<20), lab.Degradation{Reverse: 200 * time.Microsecond}, 1)
		r, err := File(context.Background(), written(t, degraded, true), filepath.Join(t.TempDir(), "out.pcapng"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Order.Moved == 0 || r.Order.AsRecorded.FlagsWouldRise != 0 {
			t.Errorf("%s: got %d packets moved and %d connections left, want some, and none", name, r.Order.Moved, r.Order.AsRecorded.FlagsWouldRise)
		}
	}
}
