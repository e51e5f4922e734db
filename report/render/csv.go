package render

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

var csvNames = []string{
	"capture", "frame", "frame_after", "time", "flow", "flag", "verdict", "detail", "repaired", "law", "seq_left", "seq_right", "evidence", "event",
}

// newCSVWriter writes findings for spreadsheets (RFC 4180, with a line of names, and
// lines that end in LF alone), those of a capture by verdict as what remains is
// ordered.
func newCSVWriter(w io.Writer) (*findingWriter, error) {
	shelves := newShelves()
	write := func(row []string) error { return csv.NewWriter(w).WriteAll([][]string{row}) }
	return &findingWriter{
		abandon: shelves.clear,
		finding: func(capture string, f *report.Finding) error {
			var left, right any = "", ""
			if f.Sequence != nil {
				left, right = f.Sequence.Left, f.Sequence.Right
			}
			return shelves.of(f.Verdict).row(csvRow(capture, f.Frame, f.FrameAfter, f.Time.UTC().Format(time.RFC3339Nano), f.Flow, f.Flag, f.Verdict,
				f.Detail, f.Repaired, f.Law, left, right, f.Evidence, eventNumber(f.Event)))
		},
		end: func(r *report.Report, _ int64) error {
			if err := shelves.empty(w); err != nil || r.Check == nil {
				return err
			}
			return write(csvRow(r.Capture.Name, "", "", "", "", "", "", "", "", "", "", "", "check "+checkText(r.Check), ""))
		},
	}, write(csvNames)
}

// eventNumber is that of a finding's event, empty where it belongs to none.
func eventNumber(n int64) string { return text.When(n > 0, strconv.FormatInt(n, 10)) }

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
	if !strings.Contains(cell, ";") {
		return defusedPart(cell)
	}
	parts := strings.Split(cell, ";")
	for i := range parts {
		parts[i] = defusedPart(parts[i])
	}
	return strings.Join(parts, ";")
}

func defusedPart(part string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(part, ` "`))
	if part != "" && strings.ContainsRune(formulaStarts, first) {
		return "'" + part
	}
	return part
}
