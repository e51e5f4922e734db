package render

import (
	"encoding/csv"
	"fmt"
	"io"
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
}

var csvNames = []string{
	"capture", "frame", "frame_after", "time", "flow", "flag", "verdict", "detail", "repaired", "law", "seq_left", "seq_right", "evidence",
}

func newCSVWriter(w io.Writer) (*csvWriter, error) {
	c := &csvWriter{w: csv.NewWriter(w)}
	c.w.Write(csvNames)
	return c, c.flush()
}

// flush returns the first error of writing.
func (c *csvWriter) flush() error {
	c.w.Flush()
	return c.w.Error()
}

func (c *csvWriter) Finding(capture string, f *report.Finding) error {
	c.streamed = true
	c.row(capture, f)
	return c.flush()
}

func (c *csvWriter) Add(r *report.Report) error {
	if c.streamed {
		return nil
	}
	for _, f := range inOutputOrder(r.Findings.List) {
		c.row(r.Capture.Name, &f)
	}
	return c.flush()
}

func (c *csvWriter) Close() error { return c.flush() }

func (c *csvWriter) row(capture string, f *report.Finding) {
	var left, right any = "", ""
	if f.Sequence != nil {
		left, right = f.Sequence.Left, f.Sequence.Right
	}
	c.w.Write(csvRow(capture, f.Frame, f.FrameAfter, f.Time.UTC().Format(time.RFC3339Nano), f.Flow, f.Flag, f.Verdict,
		f.Detail, f.Repaired, f.Law, left, right, f.Evidence))
}

// csvRow writes values as cells that no spreadsheet computes; a zero time is empty.
func csvRow(values ...any) []string {
	cells := make([]string, len(values))
	for i, v := range values {
		if at, ok := v.(time.Time); !ok {
			cells[i] = defused(text.Sanitise(fmt.Sprint(v)))
		} else if !at.IsZero() {
			cells[i] = at.UTC().Format(time.RFC3339Nano)
		}
	}
	return cells
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
