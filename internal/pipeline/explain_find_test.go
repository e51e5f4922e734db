package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// A frame of the output is explained as the one of the input that became it.
func TestExplainFramesOfTheOutput(t *testing.T) {
	all := explainAll(t, rawsocket, 2000, Options{})
	byOutput := make(map[int64]report.Explanation)
	for _, e := range all {
		byOutput[e.FrameAfter] = *e
	}
	var frames []int64
	for n := int64(1); n <= 2000; n += 7 {
		frames = append(frames, n)
	}
	for _, sequential := range []bool{false, true} {
		x, err := Explain(context.Background(), rawsocket, frames, Options{OutputFrames: true, Sequential: sequential})
		if err != nil || len(x.Frames) != len(frames) || x.Remains != nil {
			t.Fatalf("got %d frames, remains %v, %v; want %d", len(x.Frames), x.Remains, err, len(frames))
		}
		elsewhere := 0
		for i, e := range x.Frames {
			if !reflect.DeepEqual(e, byOutput[frames[i]]) {
				t.Fatalf("frame %d of the output: got %+v, want %+v", frames[i], e, byOutput[frames[i]])
			}
			if e.Frame != e.FrameAfter {
				elsewhere++
			}
		}
		if elsewhere == 0 {
			t.Error("no frame is elsewhere in the output")
		}
	}
	for _, frame := range []int64{0, 2001} {
		if _, err := Explain(context.Background(), rawsocket, []int64{1, frame}, Options{OutputFrames: true}); !errors.Is(err, ErrUsage) {
			t.Errorf("frame %d: got %v, want %v", frame, err, ErrUsage)
		}
	}
}

// Without frames what remains is counted as in the report, and frames of the worst
// findings are explained: one of each kind, and none that is better than one left out.
func TestExplainWhatRemains(t *testing.T) {
	lossy := filepath.Join("..", "..", "testdata", "recordings", "lossy.pcapng.gz")
	for _, in := range []string{rawsocket, lossy} {
		r, err := Check(context.Background(), in, Options{Findings: 1 << 20})
		if err != nil {
			t.Fatal(err)
		}
		left := r.Remaining()
		x, err := Explain(context.Background(), in, nil, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if x.Remains == nil || x.Remains.Findings != left.Findings || !reflect.DeepEqual(x.Remains.ByVerdict, left.ByVerdict) || left.Findings == 0 {
			t.Fatalf("%s: got %+v, want %d findings, %v", in, x.Remains, left.Findings, left.ByVerdict)
		}
		if len(x.Frames) != maxWorst {
			t.Errorf("%s: got %d frames, want %d", in, len(x.Frames), maxWorst)
		}
		worst := slices.Clone(r.Findings.List)
		slices.SortStableFunc(worst, func(a, b report.Finding) int { return report.CompareRemaining(&a, &b) })
		told, shown := int64(0), make(map[report.Verdict]bool)
		for i, e := range x.Frames {
			for _, f := range e.Flags {
				shown[f.Verdict] = true
				if f.Verdict != report.Artefact {
					told++
				}
			}
			if i == 0 && e.FrameAfter != worst[0].FrameAfter {
				t.Errorf("%s: got frame %d of the output first, want %d", in, e.FrameAfter, worst[0].FrameAfter)
			}
		}
		for verdict := range left.ByVerdict {
			if !shown[verdict] {
				t.Errorf("%s: no frame has the verdict %s", in, verdict)
			}
		}
		if x.Remains.More != left.Findings-told {
			t.Errorf("%s: got %d more, want %d of %d", in, x.Remains.More, left.Findings-told, left.Findings)
		}
		again, err := Explain(context.Background(), in, nil, Options{Sequential: true})
		if err != nil || !reflect.DeepEqual(again, x) {
			t.Errorf("%s: one goroutine explains something else (%v)", in, err)
		}
	}
	clean := filepath.Join(t.TempDir(), "one.pcap")
	if err := os.WriteFile(clean, inflated(t, "clean.pcapng.gz")[:4096], 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := Explain(context.Background(), clean, nil, Options{})
	if err != nil || len(x.Frames) > 0 || x.Remains == nil || x.Remains.Findings != 0 || x.Remains.More != 0 {
		t.Errorf("without findings: got %d frames, %+v, %v; want none", len(x.Frames), x.Remains, err)
	}
}

// Of a repaired capture each frame's comments say what the repair did, as an explanation
// of the input does.
func TestExplainRepaired(t *testing.T) {
	all := explainAll(t, rawsocket, 2000, Options{})
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, err := File(context.Background(), rawsocket, out, Options{Annotate: true}); err != nil {
		t.Fatal(err)
	}
	repaired := explainAll(t, out, 2000, Options{})
	moved, headers, verdicts := 0, 0, 0
	for _, was := range all {
		e := repaired[was.FrameAfter]
		place := slices.IndexFunc(e.Comments, func(c report.ExplainedComment) bool { return c.Law != "" })
		if (place >= 0) != (was.Place.Why == report.WhyMoved) {
			t.Fatalf("frame %d: got the comments %+v, want a move: %s", e.Frame, e.Comments, was.Place.Why)
		}
		if place >= 0 {
			moved++
			c := &e.Comments[place]
			if c.Frame != was.Frame || c.Law != was.Place.Law || c.Shift != was.Place.Shift || !c.Recorded.IsZero() && !c.Recorded.Equal(was.Place.Recorded) {
				t.Errorf("frame %d: got %+v, want %+v of frame %d", e.Frame, c, was.Place, was.Frame)
			}
		}
		if filled := was.Header.Form != report.FormWhole; filled != (e.Header.Form == report.FormMended) {
			t.Errorf("frame %d: got a header that is %s, was %s", e.Frame, e.Header.Form, was.Header.Form)
		} else if filled {
			headers++
		}
		about := make(map[string]report.Verdict)
		for _, c := range e.Comments {
			if c.Verdict != "" {
				about[c.About] = c.Verdict
				verdicts++
			}
		}
		if len(about) > 0 != (len(was.Flags) > 0) {
			t.Errorf("frame %d: got verdicts %v, want those of %+v", e.Frame, about, was.Flags)
		}
	}
	if moved == 0 || headers == 0 || verdicts == 0 {
		t.Errorf("got %d moves, %d headers, %d verdicts, want some", moved, headers, verdicts)
	}
}
