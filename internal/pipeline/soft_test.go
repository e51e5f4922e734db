package pipeline

import (
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// A soft law is broken by the network, too: where it stays broken nothing is found. In
// this capture a busy host read an ACK so late that unechoed is broken beyond the gate.
func TestSoftLawsThatStayBrokenAreNoFindings(t *testing.T) {
	in := filepath.Join("..", "..", "testdata", "sockaddr.pcap")
	x, err := Explain(t.Context(), in, []int64{623}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if law := x.Frames[0].Place.Law; x.Frames[0].Place.Why != report.WhyBeyondLimit || law != "" && law != report.LawName(reorder.LawUnechoed.String()) {
		t.Fatalf("frame 623: got %q by law %q: the test shows nothing", x.Frames[0].Place.Why, law)
	}
	r, err := Check(t.Context(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := r.Findings.ByVerdict[report.Undecided]; n != 0 {
		t.Errorf("undecided: got %d findings, want none: no flag of this capture is", n)
	}
}
