package lab

import (
	"bytes"
	"context"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// The tests of this file show what the README's first paragraphs promise on the
// capture of its first command, whose truth are the recordings that it was made of.

// readmeSample is that capture, and the packets that it shows as they truly were.
func readmeSample(t *testing.T) (path string, truth []Packet) {
	t.Helper()
	var all [][]Packet
	for _, name := range []string{"many-flows", "v4-many-flows", "lossy"} {
		all = append(all, Delivered(recording(t, name).Packets))
	}
	return filepath.Join("..", "..", "testdata", "rawsocket.pcapng"), Merge(all...)[:2000]
}

// All headers come back right where the tables are complete, and the analyser's flags
// are those of the truth, no more and no fewer.
func TestSampleIsMended(t *testing.T) {
	in, truth := readmeSample(t)
	out, r := mend(t, in, repair.Options{})
	unknown := checkSample(t, in, out, truth)
	if unknown != 0 || r.Inference.Packets == 0 || r.Inference.Destination.Unknown != 0 {
		t.Errorf("destinations left open: got %d, in the report %d of %d, want none of some", unknown, r.Inference.Destination.Unknown, r.Inference.Packets)
	}
	path := filepath.Join(t.TempDir(), "truth.pcapng")
	writeForm(t, path, truth, WithHeaders)
	want, err := repair.Check(context.Background(), path, repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Analysis.Before, r.Analysis.After); diff != "" {
		t.Errorf("flags (-true +repaired):\n%s", diff)
	}
	if r.Order.Moved == 0 || cmp.Equal(r.Analysis.Before, r.Analysis.After) {
		t.Errorf("moved: got %d packets and flags %v before, want other ones", r.Order.Moved, r.Analysis.Before)
	}
}

// Without tables nothing is made up: what is not proved is the bytes that came, and
// the report counts it.
func TestWhatIsNotProvedStays(t *testing.T) {
	in, truth := readmeSample(t)
	out, r := mend(t, in, repair.Options{Tables: []string{t.TempDir()}, Confidence: 1})
	if unknown := checkSample(t, in, out, truth); unknown == 0 || unknown != r.Inference.Destination.Unknown {
		t.Errorf("destinations left open: got %d, in the report %d, want the same and some", unknown, r.Inference.Destination.Unknown)
	}
}

// checkSample holds each packet of an output to the truth, those without a
// destination to the bytes of the input, and counts these.
func checkSample(t *testing.T, in, out string, truth []Packet) (unknown int64) {
	t.Helper()
	true4, true6, came := map[string]int{}, map[string][]byte{}, map[string]bool{}
	key := func(p []byte) string { return string(p[8:24]) + string(p[40:]) } // what the capture has of a packet
	for _, p := range truth {
		if p.Data[0]>>4 == 4 {
			true4[string(p.Data)]++
		} else {
			true6[key(p.Data)] = p.Data
		}
	}
	for _, b := range packetBlocks(readBlocks(t, in)) {
		came[string(b.Data)] = true
	}
	output := packetBlocks(readBlocks(t, out))
	if len(output) != len(truth) {
		t.Errorf("packets: got %d, want %d", len(output), len(truth))
	}
	for _, b := range output {
		if b.Data[0]>>4 == 4 {
			if true4[string(b.Data)]--; true4[string(b.Data)] < 0 {
				t.Errorf("packet %d: %x is none of the truth", b.Frame, b.Data)
			}
			continue
		}
		var v verdict
		want := true6[key(b.Data)]
		if want == nil {
			t.Fatalf("packet %d: %x is none of the truth", b.Frame, b.Data)
		}
		checkHeader(t, &v, b.Data, want)
		unknown += v.unknownAddress
		if open := bytes.Equal(b.Data[24:40], netip.IPv6Unspecified().AsSlice()); open && v.unknownProtocol > 0 && !came[string(b.Data)] {
			t.Errorf("packet %d: nothing is known of it, and %x is none of the input", b.Frame, b.Data)
		}
	}
	return unknown
}

// What the network lost is told from what the capture made up and from what it
// dropped: the same traffic recorded truly, out of order, and with gaps.
func TestCaptureIsToldFromNetwork(t *testing.T) {
	truth := Delivered(recording(t, "lossy").Packets)
	by := func(d Degradation) map[report.Verdict]int64 {
		path := filepath.Join(t.TempDir(), "in.pcapng")
		writeForm(t, path, Degrade(truth, d, 1), WithHeaders)
		_, r := mend(t, path, repair.Options{})
		return r.Findings.ByVerdict
	}
	truly := by(Degradation{})
	flags := truly[report.Genuine] + truly[report.Loss]
	if len(truly) != 2 || truly[report.Loss] == 0 || truly[report.Genuine] == 0 {
		t.Fatalf("recorded truly: got %v, want what is genuine and losses of the network alone", truly)
	}
	late := by(degradation(t, "rawsocket"))
	if late[report.Artefact] == 0 || late[report.Genuine] != truly[report.Genuine] {
		t.Errorf("out of order: got %v, want artefacts beside all of %v", late, truly)
	}
	if wrong := late[report.Drop] + late[report.Undecided] + max(late[report.Loss]-truly[report.Loss], truly[report.Loss]-late[report.Loss]); wrong*100 > flags {
		t.Errorf("out of order: got %v, of which %d are wrong, want at most 1 %% of %v", late, wrong, truly)
	}
	gaps := by(Degradation{DropRate: .02, DropBurst: 8})
	if gaps[report.Drop] == 0 || gaps[report.Artefact] != 0 || gaps[report.Loss] > truly[report.Loss] {
		t.Errorf("with gaps: got %v, want drops beside %v, no artefacts, and no drop called a loss", gaps, truly)
	}
}
