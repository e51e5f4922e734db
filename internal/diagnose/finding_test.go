package diagnose

import (
	"testing"

	"github.com/mendcap/mendcap/report"
)

// String returns report's name, for messages.
func (v Verdict) String() string { return string(v.Reported()) }

// TestVerdictsAreInReportsOrder: a verdict is a place in report.Verdicts.
func TestVerdictsAreInReportsOrder(t *testing.T) {
	names := map[Verdict]report.Verdict{
		Artefact: report.Artefact, Drop: report.Drop, Discard: report.Discard, Loss: report.Loss, Reordering: report.Reordering,
		Spurious: report.Spurious, Duplicate: report.Duplicate, Genuine: report.Genuine,
		NotCaptured: report.NotCaptured, Undecided: report.Undecided, Created: report.Created,
	}
	if got, want := int(NumVerdicts), len(report.Verdicts()); got != want || len(names) != want {
		t.Fatalf("got %d verdicts, %d of them named here, want %d", got, len(names), want)
	}
	for v, want := range names {
		if got := v.Reported(); got != want {
			t.Errorf("verdict %d: got %s, want %s", uint8(v), got, want)
		}
	}
}
