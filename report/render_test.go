package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got), -update rewrites it:\n%s", path, diff)
	}
}

func TestTerminalGolden(t *testing.T) {
	for _, c := range []struct {
		file   string
		screen Screen
		r      *Report
	}{
		{"terminal-80.txt", Screen{Width: 80}, sample()},
		{"terminal-120.txt", Screen{Width: 120}, sample()},
		{"terminal-details-80.txt", Screen{Width: 80, Details: true}, sample()},
		{"terminal-details-120.txt", Screen{Width: 120, Details: true}, sample()},
		{"terminal-quiet.txt", Screen{}, quiet()},
	} {
		var buf bytes.Buffer
		if err := c.r.WriteTerminal(&buf, c.screen); err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		golden(t, c.file, buf.Bytes())
		checkLines(t, c.file, buf.String(), max(c.screen.Width, 80))
	}
}

func TestTablesGolden(t *testing.T) {
	var buf bytes.Buffer
	err := errors.Join(WriteTables(&buf, 80, sampleTables()),
		WriteTableRoles(&buf, 80, []TableRole{{"own addresses", 4, 4}, {"routes", 0, 0}, {"TCP connections", 57, 13}}))
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "tables-80.txt", buf.Bytes())
	checkLines(t, "tables", buf.String(), 80)
}

// checkLines looks for what must never reach a terminal.
func checkLines(t *testing.T, name, text string, width int) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if n := columns(line); n > width {
			t.Errorf("%s line %d: got %d columns, want at most %d: %s", name, i+1, n, width, line)
		}
		if got := Sanitise(line); got != line {
			t.Errorf("%s line %d is not sanitised: %q", name, i+1, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("%s line %d ends in a blank: %q", name, i+1, line)
		}
	}
}

func TestTerminalIsTheSameWhateverTheLocale(t *testing.T) {
	render := func() string {
		var buf bytes.Buffer
		if err := sample().WriteTerminal(&buf, Screen{}); err != nil {
			t.Fatal(err)
		}
		return buf.String()
	}
	t.Setenv("LC_ALL", "C")
	want := render()
	t.Setenv("LC_ALL", "ja_JP.eucJP")
	if got := render(); got != want {
		t.Errorf("Japanese locale: got\n%s\nwant\n%s", got, want)
	}
}

// TestTerminalFitsAScreen: a prompt and the command take two of 24 lines.
func TestTerminalFitsAScreen(t *testing.T) {
	lines := func(r *Report) int {
		var buf bytes.Buffer
		if err := r.WriteTerminal(&buf, Screen{}); err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(buf.String(), "\npackets  moved") // the connections come behind the summary
		return strings.Count(text, "\n")
	}
	one := quiet()
	one.Capture.First = time.Unix(1_700_000_000, 0)
	one.CaptureLoss = CaptureLoss{Directions: []DirectionLoss{{Direction: "in", AckedBytes: 100}, {Direction: "out", AckedBytes: 100}}}
	if got := lines(one); got > 22 {
		t.Errorf("lines of a quiet report: got %d, want at most 22", got)
	}
	busy := sample() // as it is rarely met: without damage, foreign clocks and drop counts
	busy.Damage, busy.Order.Clocks, busy.CaptureLoss.Declared, busy.CaptureLoss.Overflows = nil, nil, nil, nil
	if got := lines(busy); got > 24 {
		t.Errorf("lines of the summary of a busy report: got %d, want at most 24", got)
	}
	if got := lines(sample()); got > 32 {
		t.Errorf("lines of the summary of a report that says everything: got %d, want at most 32", got)
	}
}

// TestTerminalColours: colours change no text, and stand only where they were
// asked for.
func TestTerminalColours(t *testing.T) {
	var plain, coloured bytes.Buffer
	for buf, s := range map[*bytes.Buffer]Screen{&plain: {Details: true}, &coloured: {Details: true, Colour: true}} {
		if err := sample().WriteTerminal(buf, s); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(plain.String(), "\x1b") {
		t.Error("colours that nobody asked for")
	}
	without := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(coloured.String(), "")
	if diff := cmp.Diff(plain.String(), without); diff != "" {
		t.Errorf("with colours taken off (-plain +coloured):\n%s", diff)
	}
	for _, want := range []string{sgrBold + "Capture" + sgrEnd, sgrCyan + "artefact" + sgrEnd, sgrBold + sgrRed + "Damage" + sgrEnd, sgrCyan + "3,000 artefact" + sgrEnd + ", " + sgrRed + "2 loss" + sgrEnd} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("got no %q in\n%q", want, coloured.String())
		}
	}
}

func TestTerminalShortensLongLists(t *testing.T) {
	r := sample()
	for i := range 40 {
		name := fmt.Sprintf("extra-%02d", i)
		r.Capture.Interfaces = append(r.Capture.Interfaces, Interface{Name: name})
		r.Tables = append(r.Tables, Table{Name: name})
		r.Notes = append(r.Notes, name)
	}
	var buf bytes.Buffer
	if err := r.WriteTerminal(&buf, Screen{Details: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"and 39 more interfaces", "and 38 more files", "and 34 more notes", "(2001:db8::10, 2001:db8::11 and 1 more)"} {
		if !strings.Contains(strings.Join(strings.Fields(buf.String()), " "), want) {
			t.Errorf("got no %q in\n%s", want, buf.String())
		}
	}
}

func TestJSONGolden(t *testing.T) {
	var buf, again bytes.Buffer
	if err := sample().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if err := sample().WriteJSON(&again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(buf.Bytes(), again.Bytes()) {
		t.Error("two renderings of one report differ")
	}
	golden(t, "report.json", buf.Bytes())
	if i := bytes.IndexFunc(buf.Bytes(), func(r rune) bool { return r != '\n' && Sanitise(string(r)) != string(r) }); i >= 0 {
		t.Errorf("JSON holds an unprintable character at byte %d", i)
	}
	var back Report
	if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), &back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

// TestJSONFields holds the report to its published form, field by field.
func TestJSONFields(t *testing.T) {
	var buf bytes.Buffer
	if err := sample().WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"schema":              "mendcap.report/1",
		"capture.name":        "office\u202e.pcapng",
		"capture.format":      "pcapng",
		"capture.compression": "gzip",
		"capture.packets":     10233.0,
		"capture.bytes":       4213456.0,
		"capture.first":       "2026-03-01T23:59:50.123456Z",
		"capture.last":        "2026-03-02T00:01:13.523456Z",
		"capture.interfaces.1": map[string]any{
			"section": 1.0, "id": 0.0, "linkType": 101.0, "linkName": "RAW", "resolution": "2^-10 s", "packets": 233.0},
		"output.name":                      "office.mended.pcapng",
		"output.status":                    "written",
		"tables.1.notUnderstood":           3.0,
		"inference.packets":                9800.0,
		"inference.nextHeader":             map[string]any{"inferred": 9790.0, "likely": 0.0, "asCaptured": 8.0, "unknown": 2.0},
		"inference.destination":            map[string]any{"inferred": 9600.0, "likely": 100.0, "asCaptured": 60.0, "unknown": 40.0},
		"inference.byEvidence.payload":     200.0,
		"order.basis":                      "file",
		"order.moved":                      1204.0,
		"order.maxShift":                   1250000.0,
		"order.byLaw.ack":                  map[string]any{"violations": 1134.0, "explained": 3.0, "moved": 1130.0, "unrepaired": 4.0},
		"order.unrepaired":                 4.0,
		"order.scales":                     map[string]any{"tick": 1e6, "threadJitter": 310000.0, "queueJitter": 900000.0},
		"order.gate":                       3600000.0,
		"order.learnt.ipid":                "global",
		"order.learnt.responses":           true,
		"order.learnt.clockSteps":          2.0,
		"order.uncertainty":                map[string]any{"median": 20000.0, "p90": 400000.0, "p99": 1200000.0, "max": 3000000.0},
		"analysis.before.ack_lost_segment": 1134.0,
		"analysis.after.ack_lost_segment":  0.0,
		"findings.total":                   3114.0,
		"findings.omitted":                 3107.0,
		"findings.byVerdict.artefact":      3090.0,
		"findings.list.0.frame":            15.0,
		"findings.list.0.frameAfter":       12.0,
		"findings.list.0.time":             "2026-03-01T23:59:50.123456Z",
		"findings.list.0.flow":             "[2001:db8::10]:49152 > [2001:db8::1]:443",
		"findings.list.0.flag":             "ack_lost_segment",
		"findings.list.0.verdict":          "artefact",
		"findings.list.0.repaired":         true,
		"findings.list.0.law":              "ack",
		"findings.list.0.sequence":         map[string]any{"left": 4294967000.0, "right": 204.0},
		"findings.list.0.evidence":         "acknowledged bytes whose segment stood 3 frames later; law ack placed it before",
		"damage.0.offset":                  4377184.0,
		"notes.1":                          "no tables name interface 3",
	} {
		got, err := lookup(buf.Bytes(), path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
}

// lookup follows a path of field names and indices.
func lookup(text []byte, path string) (any, error) {
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		return nil, err
	}
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[step]
			if !ok {
				return nil, fmt.Errorf("no field %q", step)
			}
			v = next
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil, fmt.Errorf("no element %q of %d", step, len(at))
			}
			v = at[i]
		default:
			return nil, fmt.Errorf("%q of %T", step, v)
		}
	}
	return v, nil
}

func TestJSONOfAnEmptyReportHasEveryField(t *testing.T) {
	var buf bytes.Buffer
	if err := new(Report).WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(buf.String(), "null") {
		t.Errorf("got null in\n%s", buf.String())
	}
	if got, err := lookup(buf.Bytes(), "schema"); err != nil || got != Schema {
		t.Errorf("schema: got %v, %v, want %s", got, err, Schema)
	}
}

func TestJSONEscapes(t *testing.T) {
	r := &Report{Capture: Capture{Name: "<&>\x1b\x7f\u202e\U000E0041\xff日"}}
	var buf bytes.Buffer
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	if want := `"name": "<&>\u001b\u007f\u202e\udb40\udc41\ufffd日"`; !strings.Contains(strings.ReplaceAll(buf.String(), "\ufffd", `\ufffd`), want) {
		t.Errorf("got\n%s\nwant %s in it", buf.String(), want)
	}
	var back Report
	if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if want := "<&>\x1b\x7f\u202e\U000E0041\ufffd日"; back.Capture.Name != want {
		t.Errorf("read back: got %q, want %q", back.Capture.Name, want)
	}
}

func TestArray(t *testing.T) {
	var buf bytes.Buffer
	for _, reports := range [][]*Report{nil, {sample()}, {sample(), {}}} {
		buf.Reset()
		array := Array{W: &buf}
		for _, r := range reports {
			if err := array.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := array.Close(); err != nil {
			t.Fatal(err)
		}
		var back []Report
		if err := json.Unmarshal(buf.Bytes(), &back); err != nil {
			t.Fatalf("%v in\n%s", err, buf.String())
		}
		if len(back) != len(reports) {
			t.Errorf("reports: got %d, want %d", len(back), len(reports))
		}
	}
}

// failing fails after a number of bytes, as a full disk does.
type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if len(p) > f.left {
		return 0, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	writes := map[string]func(*failing) error{
		"terminal": func(w *failing) error { return sample().WriteTerminal(w, Screen{}) },
		"tables":   func(w *failing) error { return WriteTables(w, 80, sampleTables()) },
	}
	for _, f := range Formats() {
		writes[string(f)] = func(w *failing) error {
			out, err := NewWriter(f, w, WriterOptions{})
			if err != nil {
				return err
			}
			if err := out.Add(sample()); err != nil {
				return err
			}
			return out.Close()
		}
	}
	for name, write := range writes {
		for _, left := range []int{0, 300} {
			if err := write(&failing{left: left}); !errors.Is(err, errFull) {
				t.Errorf("%s after %d bytes: got %v, want %v", name, left, err, errFull)
			}
		}
	}
}
