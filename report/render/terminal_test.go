package render

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/golden"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

func TestTerminalGolden(t *testing.T) {
	for _, c := range []struct {
		file   string
		screen Screen
		r      *report.Report
	}{
		{"terminal-80.txt", Screen{Width: 80}, readSample(t)},
		{"terminal-120.txt", Screen{Width: 120}, readSample(t)},
		{"terminal-details-80.txt", Screen{Width: 80, Details: true}, readSample(t)},
		{"terminal-details-120.txt", Screen{Width: 120, Details: true}, readSample(t)},
		{"terminal-quiet.txt", Screen{}, readQuiet(t)},
	} {
		var buf bytes.Buffer
		if err := Terminal(&buf, c.r, c.screen); err != nil {
			t.Fatalf("%s: %v", c.file, err)
		}
		golden.Check(t, c.file, buf.Bytes())
		checkLines(t, c.file, buf.String(), max(c.screen.Width, 80))
	}
}

func TestTablesGolden(t *testing.T) {
	var buf bytes.Buffer
	err := Tables(&buf, sampleTables(), []TableRole{{"own addresses", 4, 4}, {"routes", 0, 0}, {"TCP connections", 57, 13}}, 80)
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "tables-80.txt", buf.Bytes())
	checkLines(t, "tables", buf.String(), 80)
}

// checkLines looks for what must never reach a terminal.
func checkLines(t *testing.T, name, shown string, width int) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(shown, "\n"), "\n") {
		if n := text.Columns(line); n > width {
			t.Errorf("%s line %d: got %d columns, want at most %d: %s", name, i+1, n, width, line)
		}
		if got := text.Sanitise(line); got != line {
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
		if err := Terminal(&buf, readSample(t), Screen{}); err != nil {
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
	lines := func(r *report.Report) int {
		var buf bytes.Buffer
		if err := Terminal(&buf, r, Screen{}); err != nil {
			t.Fatal(err)
		}
		said, rest, _ := strings.Cut(buf.String(), "\nCapture") // the answer comes before the summary
		if n := strings.Count(said, "\n"); n > 24 {
			t.Errorf("lines of what remains: got %d, want at most 24", n)
		}
		text, _, _ := strings.Cut(rest, "\npackets  moved") // and the connections after it
		return strings.Count(text, "\n")
	}
	one := readQuiet(t)
	one.Capture.First = time.Unix(1_700_000_000, 0)
	one.CaptureLoss = report.CaptureLoss{Directions: []report.DirectionLoss{{Direction: "in", AckedBytes: 100}, {Direction: "out", AckedBytes: 100}}}
	if got := lines(one); got > 22 {
		t.Errorf("lines of a quiet report: got %d, want at most 22", got)
	}
	busy := readSample(t) // as it is rarely met: without damage, foreign clocks and drop counts
	busy.Damage, busy.Order.Clocks, busy.CaptureLoss.DropCounts, busy.CaptureLoss.Overflows = nil, nil, nil, nil
	if got := lines(busy); got > 24 {
		t.Errorf("lines of the summary of a busy report: got %d, want at most 24", got)
	}
	if got := lines(readSample(t)); got > 32 {
		t.Errorf("lines of the summary of a report that says everything: got %d, want at most 32", got)
	}
}

// TestTerminalColours: colours change no text, and appear only where they were
// asked for.
func TestTerminalColours(t *testing.T) {
	var plain, coloured bytes.Buffer
	for buf, s := range map[*bytes.Buffer]Screen{&plain: {Details: true}, &coloured: {Details: true, Colour: true}} {
		if err := Terminal(buf, readSample(t), s); err != nil {
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
	for _, want := range []string{sgrBold + "Capture" + sgrEnd, sgrCyan + "artefact" + sgrEnd, sgrBold + sgrRed + "Damage" + sgrEnd, sgrRed + "2 loss" + sgrEnd + ", " + sgrCyan + "3,000 artefact" + sgrEnd} {
		if !strings.Contains(coloured.String(), want) {
			t.Errorf("got no %q in\n%q", want, coloured.String())
		}
	}
}

func TestTerminalShortensLongLists(t *testing.T) {
	r := readSample(t)
	for i := range 40 {
		name := fmt.Sprintf("extra-%02d", i)
		r.Capture.Interfaces = append(r.Capture.Interfaces, report.Interface{Name: name})
		r.Tables = append(r.Tables, report.Table{Name: name})
		r.Notes = append(r.Notes, name)
	}
	var buf bytes.Buffer
	if err := Terminal(&buf, r, Screen{Details: true}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"and 39 more interfaces", "and 38 more files", "and 34 more notes", "(2001:db8::10, 2001:db8::11 and 1 more)"} {
		if !strings.Contains(strings.Join(strings.Fields(buf.String()), " "), want) {
			t.Errorf("got no %q in\n%s", want, buf.String())
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

// A line feed in a name or in a word of a stored report begins no line of the summary.
func TestNamesBeginNoLines(t *testing.T) {
	const forged = "a\nNote  forged"
	r := readSample(t)
	r.Capture.Name, r.Capture.Format = forged, forged
	r.CaptureLoss.Directions = []report.DirectionLoss{{Direction: forged, AckedBytes: 2, MissedBytes: 1}}
	r.CaptureLoss.DropCounts = []report.DropCount{{Source: forged, Packets: 1}}
	r.Damage = []report.Damage{{What: forged}}
	for _, details := range []bool{false, true} {
		var out bytes.Buffer
		if err := Terminal(&out, r, Screen{Width: 200, Details: details}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if strings.HasPrefix(strings.TrimSpace(line), "Note  forged") {
				t.Errorf("details %v: got the line %q", details, line)
			}
		}
		if n := strings.Count(out.String(), `a\nNote  forged`); n < 6 {
			t.Errorf("details %v: got the text %d times, want all 6", details, n)
		}
	}
}

func TestWriteErrorsAreReturned(t *testing.T) {
	writes := map[string]func(*failing) error{
		"terminal": func(w *failing) error { return Terminal(w, readSample(t), Screen{}) },
		"tables":   func(w *failing) error { return Tables(w, sampleTables(), nil, 80) },
	}
	for _, f := range Formats() {
		writes[string(f)] = func(w *failing) error {
			out, err := NewWriter(f, w, WriterOptions{})
			if err != nil {
				return err
			}
			if err := out.Add(readSample(t)); err != nil {
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
