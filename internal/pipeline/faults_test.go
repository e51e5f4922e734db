package pipeline

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/report"
)

// Verdicts on small captures that were wrong once: what each flag was is known by
// RFCs and by reading the packets. A frame of 0 stands for all that are not named.
func TestVerdictsOnSamples(t *testing.T) {
	const byCapture = report.Duplicate + " (capture)"
	for _, c := range []struct {
		name string
		want map[int64]report.Verdict // verdict, by frame of the input
	}{
		{"V1-too-soon.pcap", map[int64]report.Verdict{2: "loss (timeout)", 51: "loss (fast-retransmission)", 0: report.Genuine}},
		{"D1-synack-any.pcap", map[int64]report.Verdict{0: byCapture}},
		{"D2-copies-network.pcap", map[int64]report.Verdict{0: byCapture}},
		{"R1-refused.pcap", map[int64]report.Verdict{0: report.Genuine}},
		{"O2-reverse.pcap", map[int64]report.Verdict{0: report.Artefact}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := File(context.Background(), fault(t, c.name), filepath.Join(t.TempDir(), "out.pcapng"), Options{})
			if err != nil {
				t.Fatal(err)
			}
			flags := int64(0)
			for _, n := range r.Analysis.Before {
				flags += n
			}
			if flags == 0 || r.Findings.Total != flags {
				t.Errorf("findings: got %d, want one for each of %d flags", r.Findings.Total, flags)
			}
			for _, f := range r.Findings.List {
				want := c.want[f.Frame]
				if want == "" {
					want = c.want[0]
				}
				got := f.Verdict
				if f.Detail != "" {
					got += report.Verdict(" (" + f.Detail + ")")
				}
				if got != want {
					t.Errorf("frame %d, %s: got %s, want %s: %s", f.Frame, f.Flag, got, want, f.Evidence)
				}
			}
		})
	}
}

// Where stamps jump by seconds, no interval is narrower than that: nothing tells
// which of the clock's times were right.
func TestIntervalsOfASampleWhoseClockJumps(t *testing.T) {
	const jump = 7600 * time.Millisecond // of every inbound packet from frame 12 on
	for frame, e := range explainAll(t, fault(t, "O3-overflow.pcap"), 81, Options{}) {
		p := e.Place
		if p.Latest.Sub(p.Recorded) < jump || p.Recorded.Sub(p.Earliest) < jump {
			t.Errorf("frame %d: got an interval from %v before to %v after its stamp, want %v at least", frame, p.Recorded.Sub(p.Earliest), p.Latest.Sub(p.Recorded), jump)
		}
	}
}
