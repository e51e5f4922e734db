package render

import (
	"testing"

	"github.com/mendcap/mendcap/report"
)

// Packets that are there twice may be the network's or the capture's, and of a
// connection with one direction nothing stays open.
func TestHeadline(t *testing.T) {
	for _, test := range []struct {
		by   map[report.Verdict]int64
		want string
	}{
		{map[report.Verdict]int64{report.Duplicate: 12}, "Of 12 findings, 12 are of packets seen twice."},
		{map[report.Verdict]int64{report.NotCaptured: 1}, "Of 1 finding, 1 is a connection of which one direction was not recorded."},
		{map[report.Verdict]int64{report.Loss: 2, report.Genuine: 3, report.NotCaptured: 2, report.Undecided: 1},
			"Of 8 findings, 2 are the network's doing; 3 happened as flagged; 2 are connections of which one direction was not recorded; 1 stays open."},
	} {
		r := &report.Report{Findings: report.Findings{ByVerdict: test.by}}
		for _, n := range test.by {
			r.Findings.Total += n
		}
		if got := headline(r); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// Nothing odd is said of the packets alone that were analysed.
func TestHeadlineOfPacketsThatWereNotAnalysed(t *testing.T) {
	r := &report.Report{Analysis: report.Analysis{NotRead: map[string]int64{"hidden": 3, "cut": 1}}}
	want := "4 packets could not be analysed for TCP: the notes say why. In the others nothing odd was found."
	if got := headline(r); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
