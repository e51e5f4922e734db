package pipeline

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/report"
)

// onTwoInterfaces writes the packets with the inbound ones on an interface of their own.
func onTwoInterfaces(t *testing.T, recorded []lab.Packet) (path string) {
	t.Helper()
	path = written(t, recorded, true)
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var two []byte
	for n := 0; len(file) > 0; {
		block := file[:binary.LittleEndian.Uint32(file[4:])]
		file = file[len(block):]
		switch binary.LittleEndian.Uint32(block) {
		case capture.TypeInterface:
			two = append(two, block...)
		case capture.TypeEPB:
			if !recorded[n].Out {
				binary.LittleEndian.PutUint32(block[8:], 1)
			}
			n++
		}
		two = append(two, block...)
	}
	if err := os.WriteFile(path, two, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// repairedAndExplained repairs a capture whose clocks are corrected, and explains all
// frames from that very pass.
func repairedAndExplained(t *testing.T, in string, frames []int64, workers int) ([]byte, report.Report, report.Explanations) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
	out := filepath.Join(t.TempDir(), "out.pcapng")
	j, err := newJob(in, out, Options{AlignInterfaces: true})
	if err != nil {
		t.Fatal(err)
	}
	x, err := newExplainer(frames, false)
	if err != nil {
		t.Fatal(err)
	}
	j.explain, x.facts = x, &j.facts
	if err := j.run(t.Context(), (*job).write); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content, j.report.Report, x.result("in.pcapng")
}

// A repair with explain on, clocks corrected and several workers, for the race detector:
// all goroutines are at work, and each part of a packet has its writer. What was recorded
// and what was made of it are kept side by side whatever stage has had the packet.
func TestEachStageFillsItsPart(t *testing.T) {
	const ahead = 40 * time.Millisecond
	degraded := lab.Degrade(beginning(t, "lossy", 3000), lab.Degradation{ResponseFirst: .5, BatchSpan: time.Millisecond, Batch: 8}, 1)
	inOrder := slices.Clone(degraded)
	for i := range inOrder {
		if !inOrder[i].Out {
			inOrder[i].Stamp += int64(ahead)
		}
	}
	for name, recorded := range map[string][]lab.Packet{"in order": inOrder, "sorted by wrong stamps": later(degraded, 0, ahead)} {
		t.Run(name, func(t *testing.T) {
			in := onTwoInterfaces(t, recorded)
			var frames []int64
			for n := range int64(MaxExplained) {
				frames = append(frames, n+1)
			}
			content, r, x := repairedAndExplained(t, in, frames, 4)
			if len(r.Order.Clocks) != 1 || r.Order.Clocks[0].State != report.ClockCorrected || r.Order.Moved == 0 {
				t.Fatalf("got clocks %+v and %d packets moved, want one that was corrected, and some", r.Order.Clocks, r.Order.Moved)
			}
			alone, _, same := repairedAndExplained(t, in, frames, 1)
			if !bytes.Equal(content, alone) || !reflect.DeepEqual(x, same) {
				t.Error("four workers and one write or explain something else")
			}
			checkFrames(t, x.Frames, recorded, loaded(t, content), r.Order.Clocks[0].Interface == 1)
		})
	}
}

// loaded reads the packets of a capture.
func loaded(t *testing.T, content []byte) []lab.Packet {
	t.Helper()
	path := filepath.Join(t.TempDir(), "repaired.pcapng")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	all, err := lab.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return all.Packets
}

// checkFrames holds explanations against the packets of the input and of the output.
// inbound says which ones have the clock that was corrected.
func checkFrames(t *testing.T, frames []report.Explanation, recorded, repaired []lab.Packet, inbound bool) {
	t.Helper()
	corrected, elsewhere := 0, 0
	for _, e := range frames {
		before, after := recorded[e.Frame-1], repaired[e.FrameAfter-1]
		if !bytes.Equal(before.Data, after.Data) {
			t.Fatalf("frame %d is not frame %d of the output", e.Frame, e.FrameAfter)
		}
		if got := e.Place.Recorded.UnixNano(); got != before.Stamp {
			t.Errorf("frame %d: got recorded at %d, want %d as in the input", e.Frame, got, before.Stamp)
		}
		if got := e.Place.Time.UnixNano(); got != after.Stamp {
			t.Errorf("frame %d: got repaired to %d, want %d as in the output", e.Frame, got, after.Stamp)
		}
		if wrong := before.Out != inbound; wrong == e.Place.Corrected.IsZero() {
			t.Errorf("frame %d: got corrected to %v, want that of the wrong clock alone", e.Frame, e.Place.Corrected)
		} else if wrong {
			corrected++
		}
		if e.Frame != e.FrameAfter {
			elsewhere++
		}
	}
	if corrected == 0 || elsewhere == 0 || len(frames) < MaxExplained {
		t.Errorf("got %d frames, %d with a corrected stamp and %d elsewhere: that shows nothing", len(frames), corrected, elsewhere)
	}
}

// What a trial writes does not depend on what the survey beside it has decided so far:
// more connections than are followed, each of which the capture has twice.
func TestTrialDoesNotReadWhatTheSurveyWrites(t *testing.T) {
	var packets []lab.Packet
	connections := 17_000
	if testing.Short() {
		connections = 3000 // the race detector needs no more
	}
	for n := range uint16(connections) {
		at := 1_700_000_000e9 + int64(n)*1e6
		for k := range uint32(2) {
			data := tcp4(false, n, 1+100*k, 1, 24, 100)
			packets = append(packets, lab.Packet{Stamp: at + int64(k)*1000, Data: data}, lab.Packet{Stamp: at + int64(k)*1000 + 300, Data: data})
		}
	}
	in := written(t, packets, false)
	_, together := repairedBy(t, in, func(*job) {})
	_, apart := repairedBy(t, in, func(j *job) { j.apart = true })
	if together.Order.AsRecorded.Copied < 1000 {
		t.Fatalf("got %d connections that are there twice, want many of %d", together.Order.AsRecorded.Copied, connections)
	}
	together.Output, apart.Output = report.Output{}, report.Output{}
	if !reflect.DeepEqual(together, apart) {
		t.Errorf("the reports of a trial and of a pass of its own differ (-apart +trial):\n%s", cmp.Diff(apart, together))
	}
}
