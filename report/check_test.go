package report

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChecks(t *testing.T) {
	r := sample()
	got := map[string]bool{}
	for _, c := range Checks(r) {
		got[c.Name] = c.Failed
	}
	want := map[string]bool{
		"input": true, string(Artefact): false, string(Genuine): false, string(Undecided): true, string(Created): true, // found
		string(Drop): false, string(Discard): false, string(Loss): false, string(Reordering): false, string(Spurious): false, string(Duplicate): false, string(NotCaptured): false,
		Unknown: false, // 30 of 12,030 TCP packets
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	r.Findings.ByVerdict["novel"] = 1
	if !slices.ContainsFunc(Checks(r), func(c Check) bool { return c.Name == "novel" && c.Failed }) {
		t.Errorf("a verdict of another version: got %+v, want it failed", Checks(r))
	}
}

// What was not analysed is said, and fails nothing.
func TestChecksSayWhatWasNotAnalysed(t *testing.T) {
	r := sample()
	r.Analysis.NotRead = map[string]int64{"hidden": 3, "cut": 1}
	all := Checks(r)
	want := Check{Name: NotAnalysed, Found: 4, Allowed: 4, Message: "4 packets not analysed for TCP (1 cut, 3 hidden)"}
	if diff := cmp.Diff(want, all[len(all)-1]); diff != "" {
		t.Errorf("last check (-want +got):\n%s", diff)
	}
}
