package report

import "testing"

// Packets that are there twice may be the network's or the capture's, and of a
// connection with one direction nothing stays open.
func TestHeadline(t *testing.T) {
	for _, test := range []struct {
		by   map[string]int64
		want string
	}{
		{map[string]int64{Duplicate: 12}, "Of 12 findings, 12 are of packets seen twice."},
		{map[string]int64{NotCaptured: 1}, "Of 1 finding, 1 is a connection of which one direction was not recorded."},
		{map[string]int64{Loss: 2, Genuine: 3, NotCaptured: 2, Undecided: 1},
			"Of 8 findings, 2 are the network's doing; 3 happened as flagged; 2 are connections of which one direction was not recorded; 1 stays open."},
	} {
		r := &Report{Findings: Findings{ByVerdict: test.by}}
		for _, n := range test.by {
			r.Findings.Total += n
		}
		if got := headline(r); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
