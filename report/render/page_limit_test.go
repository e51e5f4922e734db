package render

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// crowded is a report of which every list is as long as a repair makes it, and
// every packet of every picture is highlighted.
func crowded(t *testing.T) *report.Report {
	r := readSample(t)
	one := r.Flows.List[0]
	r.Flows.List = nil
	for i := range 100 {
		f := one
		g := report.Graph{Direction: ends("[2001:db8:1111:2222:3333:4444:5555:6666]:65535 > [2001:db8:1111:2222:3333:4444:5555:6667]:65535")}
		for k := range int64(192) {
			g.Points = append(g.Points, report.Point{
				Frame: 1_000_000 + k, FrameAfter: 2_000_000 + k, Before: 1_000_000_000 * k, After: 999_000_000 * k, Kind: "data", Left: 1448 * k, Right: 1448 * (k + 1),
				Moved: true, Flags: []string{"retransmission", "spurious_retransmission", "out_of_order"}, Verdicts: []report.Verdict{report.Artefact, report.Reordering, report.Duplicate},
			})
		}
		f.Name, f.Graph = fmt.Sprintf("flow %d", i), &g
		r.Flows.List = append(r.Flows.List, f)
	}
	for i := range 2000 {
		f := r.Findings.List[0]
		f.Evidence = strings.Repeat("a long sentence of evidence ", 10) + fmt.Sprint(i)
		r.Findings.List = append(r.Findings.List, f)
	}
	return r
}

// TestPageIsBounded: whatever a capture holds, its page stays under 5 MB; and
// pictures and findings do not add up over captures without end.
func TestPageIsBounded(t *testing.T) {
	alone := render(t, HTML, crowded(t))
	if n := len(alone); n >= 5_000_000 {
		t.Errorf("a crowded page: got %d bytes, want less than 5 MB", n)
	}
	if got := bytes.Count(alone, []byte("<details ")); got != pageGraphs {
		t.Errorf("a crowded page: got %d pictures, want %d", got, pageGraphs)
	}
	many := make([]*report.Report, 8)
	for i := range many {
		many[i] = crowded(t)
	}
	text := render(t, HTML, many...)
	if got := bytes.Count(text, []byte("<details ")); got != allPageGraphs {
		t.Errorf("a page of 8 captures: got %d pictures, want %d", got, allPageGraphs)
	}
	if got := bytes.Count(text, []byte("a long sentence of evidence a")); got > allPageFindings*9 || got < allPageFindings {
		t.Errorf("a page of 8 captures: got %d pieces of evidence, want those of %d findings", got, allPageFindings)
	}
	if got := bytes.Count(text, []byte("<article ")); got != len(many) {
		t.Errorf("captures: got %d, want %d", got, len(many))
	}
}

// TestDefaultReportsAreWithinTheLimits: the largest report that a repair makes
// without --findings is read again.
func TestDefaultReportsAreWithinTheLimits(t *testing.T) {
	r := crowded(t) // of 100 pictures; a repair makes 64 at most
	for len(r.Findings.List) < 10_000 {
		r.Findings.List = append(r.Findings.List, r.Findings.List[0])
	}
	for len(r.Damage) < 1000 {
		r.Damage = append(r.Damage, r.Damage[0])
	}
	text := output(t, r.WriteJSON)
	if _, err := report.ReadOne(strings.NewReader(string(text))); err != nil {
		t.Errorf("of %d bytes: %v", len(text), err)
	}
}
