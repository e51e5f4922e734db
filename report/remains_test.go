package report

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Findings of one sentence are one group, the worst verdict comes first, and a filter
// names each frame of what remains once.
func TestRemaining(t *testing.T) {
	r := &Report{Findings: Findings{Total: 5, ByVerdict: map[Verdict]int64{Genuine: 3, Artefact: 1, Loss: 1}, List: []Finding{
		{FrameAfter: 9, Flag: "retransmission", Verdict: Artefact},
		{FrameAfter: 8, Flag: "duplicate_ack", Verdict: Genuine, Evidence: "as flagged"},
		{FrameAfter: 3, Flag: "duplicate_ack", Verdict: Genuine, Evidence: "as flagged"},
		{FrameAfter: 4, Flag: "window_update", Verdict: Genuine, Evidence: "as flagged"},
		{FrameAfter: 12, Flag: "retransmission", Verdict: Loss, Detail: Timeout},
	}}}
	got := r.Remaining()
	for i := range got.Groups {
		got.Groups[i].First = nil
	}
	want := Remains{
		Findings: 4, ByVerdict: map[Verdict]int64{Genuine: 3, Loss: 1}, Filter: "frame.number in {3..4, 8, 12}",
		Groups: []Group{
			{Verdict: Loss, Detail: Timeout, About: []string{"retransmission"}, Count: 1, Frames: []int64{12}, Flows: 1},
			{Verdict: Genuine, About: []string{"duplicate_ack", "window_update"}, Count: 3, Frames: []int64{3, 4, 8}, Flows: 1, Evidence: "as flagged"},
		},
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Endpoints) bool { return a == b })); diff != "" {
		t.Errorf("what remains differs (-want +got):\n%s", diff)
	}
	r.Findings.Total, r.Findings.ByVerdict[Genuine] = 6, 4
	if got := r.Remaining(); got.Unlisted != 1 || got.Filter != "" {
		t.Errorf("a finding is not listed: got %d, and the filter %q, want 1 and none", got.Unlisted, got.Filter)
	}
}

// Where many frames remain the filter goes by the analyser's flags, but only for
// frames that are sure to have one, and not where it has flags that are of no finding.
func TestFilterByFlags(t *testing.T) {
	r := &Report{Analysis: Analysis{After: map[string]int64{"duplicate_ack": 100, "lost_segment": 1}}}
	for i := range int64(100) {
		r.Findings.List = append(r.Findings.List, Finding{FrameAfter: 1 + 2*i, Flag: "duplicate_ack", Verdict: Genuine})
	}
	r.Findings.List = append(r.Findings.List,
		Finding{FrameAfter: 1000, Verdict: Undecided, Law: "ack"}, Finding{FrameAfter: 1001, Flag: "dsack", Verdict: Spurious},
		Finding{FrameAfter: 1003, Flag: "lost_segment", Verdict: Drop}, Finding{FrameAfter: 1005, Flag: "lost_segment", Verdict: Drop})
	for _, c := range []struct {
		flag string
		n    int64
		want string
	}{
		{"dsack", 1, "tcp.analysis.flags or frame.number in {1000..1001, 1003, 1005}"},
		{"lost_segment", 2, "tcp.analysis.flags or frame.number in {1000..1001}"},
		{"window_full", 1, "frame.number in {1, 3, "},
	} {
		r.Analysis.After[c.flag] = c.n
		if got := r.filter(); got != c.want && fmt.Sprintf("%.23s", got) != c.want {
			t.Errorf("with %d of %s: got %q, want %q", c.n, c.flag, got, c.want)
		}
	}
}
