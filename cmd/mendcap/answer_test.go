package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// What remains is said on the first screen of 80 columns and 24 lines: the count of
// each verdict, the worst findings with their frames, and a filter whose frames, as
// tshark takes them from the output, are those of the full list.
func TestAnswerComesFirst(t *testing.T) {
	golden.Check(t, "answer/rawsocket.txt", []byte(checkAnswer(t, "../../testdata/rawsocket.pcapng")))
}

// The same holds of others' captures.
func TestAnswerComesFirstInSamples(t *testing.T) {
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "faults", "*.pcap*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("samples: got %v and error %v, want captures", paths, err)
	}
	paths = append(paths, filepath.Join(folder, "captures", "rawcap-loopback.pcap"), filepath.Join(folder, "captures", "public", "http-206.pcap"))
	for _, path := range paths {
		if filepath.Base(path) == "L-spb-original.pcapng" {
			continue // tshark takes its output for damaged
		}
		t.Run(filepath.Base(path), func(t *testing.T) { checkAnswer(t, path) })
	}
}

// checkAnswer repairs a capture, checks what is said of it, and returns the first screen.
func checkAnswer(t *testing.T, path string) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "mended.pcapng")
	r, err := repair.File(t.Context(), path, out, repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	if err := render.Terminal(&screen, &r, render.Screen{Width: 80}); err != nil {
		t.Fatal(err)
	}
	first, seen := firstScreen(screen.String())
	for verdict, n := range r.Findings.ByVerdict {
		if want := fmt.Sprintf("%s %s", thousands(n), verdict); verdict != report.Artefact && !strings.Contains(seen, want) {
			t.Errorf("got no %q on the first screen:\n%s", want, screen.String())
		}
	}
	var remaining []report.Finding
	var frames []string
	for _, f := range r.Findings.List {
		if f.Verdict != report.Artefact {
			remaining = append(remaining, f)
		}
	}
	slices.SortStableFunc(remaining, func(a, b report.Finding) int { return report.CompareRemaining(&a, &b) })
	for i, f := range remaining {
		frame := fmt.Sprint(f.FrameAfter)
		if i < 5 && !strings.Contains(seen, frame) {
			t.Errorf("got no frame %s on the first screen, of the %d. worst finding:\n%s", frame, i+1, screen.String())
		}
		frames = append(frames, frame)
	}
	filter := r.Remaining().Filter
	if (filter == "") != (len(remaining) == 0) {
		t.Fatalf("%d findings remain: got the filter %q", len(remaining), filter)
	}
	if filter == "" {
		return first
	}
	if !strings.Contains(seen, filter) {
		t.Errorf("got no filter %q on the first screen:\n%s", filter, screen.String())
	}
	checkFilter(t, out, filter, frames)
	return first
}

// The summary of a batch says so of all its captures, with a filter for the output of
// each that has one of the worst groups.
func TestAnswerOfBatchComesFirst(t *testing.T) {
	var paths []string
	for _, name := range []string{"rawsocket.pcapng", "recordings/sockets/raw-flows.pcapng.gz", "recordings/elsewhere/missed.pcapng.gz"} {
		paths = append(paths, "../../testdata/"+name)
	}
	checkBatch(t, paths)
}

// The same holds of a batch of 300: parts of one capture, each with packets that the one
// before it has not.
func TestAnswerOfManyComesFirst(t *testing.T) {
	const captures, each, apart = 300, 200, 6 // packets
	whole, err := os.ReadFile("../../testdata/rawsocket.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	var head []byte
	var packets [][]byte
	for len(whole) >= 12 {
		block := whole[:binary.LittleEndian.Uint32(whole[4:])]
		if binary.LittleEndian.Uint32(block) == 6 { // an Enhanced Packet Block
			packets = append(packets, block)
		} else if len(packets) == 0 {
			head = append(head, block...)
		}
		whole = whole[len(block):]
	}
	dir := t.TempDir()
	var paths []string
	for i := range captures {
		part := append(slices.Clip(head), bytes.Join(packets[i*apart:i*apart+each], nil)...)
		paths = append(paths, filepath.Join(dir, fmt.Sprintf("part-%03d.pcapng", i)))
		if err := os.WriteFile(paths[i], part, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	golden.Check(t, "answer/batch-300.txt", []byte(checkBatch(t, paths)))
}

// checkBatch repairs captures, checks the summary of all, and returns its first screen.
func checkBatch(t *testing.T, paths []string) string {
	t.Helper()
	dir := t.TempDir()
	var entries []report.Entry
	frames := make(map[string][]string)
	for i, path := range paths {
		name := filepath.Base(path)
		out := filepath.Join(dir, fmt.Sprintf("%d-%s.pcapng", i, name))
		r, err := repair.File(t.Context(), path, out, repair.Options{})
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, report.NewEntry(name, out, &r))
		for _, f := range r.Findings.List {
			if f.Verdict != report.Artefact {
				frames[name] = append(frames[name], fmt.Sprint(f.FrameAfter))
			}
		}
	}
	b := report.NewBatch(entries, report.Skipped{})
	var screen bytes.Buffer
	if err := render.BatchTerminal(&screen, b, 80); err != nil {
		t.Fatal(err)
	}
	first, seen := firstScreen(screen.String())
	for verdict, n := range b.Totals.ByVerdict {
		if want := fmt.Sprintf("%s %s", thousands(n), verdict); verdict != report.Artefact && !strings.Contains(seen, want) {
			t.Errorf("got no %q on the first screen:\n%s", want, screen.String())
		}
	}
	worst := b.Worst()
	if len(worst) != 5 {
		t.Errorf("worst groups: got %d, want 5", len(worst))
	}
	for i, w := range worst {
		if said := fmt.Sprintf("%d %s", w.Frames[0], w.Verdict); !strings.Contains(seen, said) {
			t.Errorf("got no %q on the first screen:\n%s", said, screen.String())
		}
		if i == 0 && !strings.Contains(seen, w.Of.Path+" "+w.Of.Filter) {
			t.Errorf("got no filter %q on the first screen:\n%s", w.Of.Filter, screen.String())
		}
		checkFilter(t, w.Of.Output, w.Of.Filter, frames[w.Of.Path])
	}
	return first
}

// firstScreen returns the first 24 lines of what is shown, as they are and as one.
func firstScreen(screen string) (lines, words string) {
	all := strings.SplitAfter(screen, "\n")
	lines = strings.Join(all[:min(len(all), 24)], "")
	return lines, strings.Join(strings.Fields(lines), " ")
}

// thousands writes a count below a million as screens show it.
func thousands(n int64) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

// checkFilter checks that a filter takes the frames from an output, each once.
func checkFilter(t *testing.T, out, filter string, frames []string) {
	t.Helper()
	var taken []string
	for _, row := range tshark.Rows(t, out, []string{"frame.number"}, "-Y", filter) {
		taken = append(taken, row[0])
	}
	frames = slices.Sorted(slices.Values(frames))
	slices.Sort(taken)
	if frames = slices.Compact(frames); !slices.Equal(taken, frames) {
		t.Errorf("%s: got the frames %v, want %v", filter, taken, frames)
	}
}

// The flags that are said to be in a capture are those that tshark finds in it.
func TestFlagsAreThoseOfTshark(t *testing.T) {
	for _, path := range []string{"rawsocket.pcapng", "sockaddr.pcap", "recordings/sockets/raw-flows.pcapng.gz"} {
		t.Run(path, func(t *testing.T) { checkFlags(t, "../../testdata/"+path) })
	}
}

// The same holds of others' captures.
func TestFlagsAreThoseOfTsharkInSamples(t *testing.T) {
	folder := os.Getenv("MENDCAP_SAMPLES")
	if folder == "" {
		t.Skip("MENDCAP_SAMPLES names no folder of samples")
	}
	for _, pattern := range []string{"captures/*.pcap*", "captures/public/*.pcap*", "captures/windows/*.cap", "faults/*.pcap*"} {
		paths, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: got %v and error %v, want captures", pattern, paths, err)
		}
		for _, path := range paths {
			name := filepath.Base(path)
			if why := otherwise[name]; why != "" {
				t.Logf("%s is left out: %s", name, why)
				continue
			}
			t.Run(name, func(t *testing.T) { checkFlags(t, path) })
		}
	}
}

// otherwise are the samples that tshark and mendcap read differently, and why.
var otherwise = map[string]string{
	"L-spb-original.pcapng":      "tshark takes it for damaged",
	"shb-option-too-long.pcapng": "no packet can be read",
	"bad-end.pcap":               "tshark fails at its end",
	"blocks-merged.pcapng":       "tshark fails at its damage",
	"L-snaplen-1.pcapng":         "tshark fails at its damage",
	"S1-nested.pcap":             "tshark fails at its damage",
}

func checkFlags(t *testing.T, path string) {
	t.Helper()
	r, err := repair.Check(t.Context(), path, repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]int64
	if said = r.Analysis.AsIs; said == nil {
		if said = r.Analysis.Before; r.Inference.Packets > 0 {
			t.Fatal("headers are missing, and the flags without them were not counted")
		}
	}
	got, want := int64(0), int64(0)
	for _, n := range said {
		got += n
	}
	for _, row := range tshark.Rows(t, path, tshark.AnalysisFields()) {
		for _, cell := range row {
			if cell != "" {
				want++
			}
		}
	}
	if got != want {
		t.Errorf("flags: got %d, want %d", got, want)
	}
}
