package render

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// csvWriter writes findings for spreadsheets (RFC 4180, with a line of names, and
// lines that end in LF alone).
type csvWriter struct {
	w        *csv.Writer
	streamed bool
	capture  string // of the last row
	shown    string // as its cell says it
}

var csvNames = []string{
	"capture", "frame", "frame_after", "time", "flow", "flag", "verdict", "detail", "repaired", "law", "seq_left", "seq_right", "evidence",
}

func newCSVWriter(w io.Writer) (*csvWriter, error) {
	c := &csvWriter{w: csv.NewWriter(w)}
	if err := c.w.Write(csvNames); err != nil {
		return nil, err
	}
	return c, c.flush()
}

func (c *csvWriter) flush() error {
	c.w.Flush()
	return c.w.Error()
}

func (c *csvWriter) Finding(capture string, f *report.Finding) error {
	c.streamed = true
	if err := c.row(capture, f); err != nil {
		return err
	}
	return c.flush()
}

func (c *csvWriter) Add(r *report.Report) error {
	if c.streamed {
		return nil
	}
	for _, f := range inOutputOrder(r.Findings.List) {
		if err := c.row(r.Capture.Name, &f); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *csvWriter) Close() error { return c.flush() }

func (c *csvWriter) row(capture string, f *report.Finding) error {
	left, right := "", ""
	if f.Sequence != nil {
		left, right = strconv.FormatUint(uint64(f.Sequence.Left), 10), strconv.FormatUint(uint64(f.Sequence.Right), 10)
	}
	if capture != c.capture || c.shown == "" {
		c.capture, c.shown = capture, defused(text.Sanitise(capture))
	}
	cells := []string{
		"", strconv.FormatInt(f.Frame, 10), strconv.FormatInt(f.FrameAfter, 10), f.Time.UTC().Format(time.RFC3339Nano),
		f.Flow.String(), f.Flag, string(f.Verdict), f.Detail, strconv.FormatBool(f.Repaired), string(f.Law), left, right, f.Evidence,
	}
	for i, cell := range cells {
		cells[i] = defused(text.Sanitise(cell))
	}
	cells[0] = c.shown
	return c.w.Write(cells)
}

// formulaStarts are the characters that make spreadsheets take a cell for a
// formula, in both widths. Tab and CR, which do so too, are sanitised before.
const formulaStarts = "=+-@＝＋－＠"

// defused returns the sanitised text of a cell so that no spreadsheet computes
// it: the apostrophe says that text follows. Where the locale has lists with
// semicolons, spreadsheets begin a new cell after each, whatever quotes are
// around: what follows one is defused too.
func defused(cell string) string {
	parts := strings.Split(cell, ";")
	for i, part := range parts {
		first, _ := utf8.DecodeRuneInString(strings.TrimLeft(part, ` "`))
		if part != "" && strings.ContainsRune(formulaStarts, first) {
			parts[i] = "'" + part
		}
	}
	return strings.Join(parts, ";")
}
