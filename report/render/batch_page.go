package render

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

//go:embed page/batch.css
var batchStyle string

//go:embed page/batch.js
var batchScript string

// BatchOptions choose what the page of a batch shows. The zero value works.
type BatchOptions struct {
	// Link returns the URL of a capture's page, relative to the summary, or ""; nil where
	// there are no pages.
	Link func(*report.Entry) string
	Made Made // for the footer
}

// BatchHTML writes the summary as one page that needs nothing else: totals, what
// failed or is damaged, and a row a capture, those in which most remains first. Of more
// than 10,000 captures it lists the worst 2,000.
func BatchHTML(w io.Writer, b *report.Batch, o BatchOptions) error {
	b = shortened(b)
	h := newHTMLWriter(w, false, o.Made)
	h.last = b.Totals.Last
	h.style, h.script = pageStyle+batchStyle, batchScript
	if err := h.head("mendcap: batch"); err != nil {
		return err
	}
	if err := h.write("page", batchPage(b)); err != nil {
		return err
	}
	if len(b.Captures) > 0 {
		if err := h.write("captures", newCaptureList(b, o.Link)); err != nil {
			return err
		}
	}
	return h.tail(nil, false)
}

// captureList is the list of all captures on the page of a batch. Its rows are short:
// there may be thousands.
type captureList struct {
	Verdicts []verdictFilter // those that captures have
	Columns  []string        // of numbers
	Of       string          // which of them are listed; "" for all
	Outputs  bool            // they are shown: where captures have links, these lead to pages beside them
	Rows     []captureRow
}

// verdictFilter shows the captures alone that have findings of a verdict, which a column
// counts.
type verdictFilter struct {
	Class, Name, Captures string
	Column                int
}

// captureRow is one capture.
type captureRow struct {
	Path, Link, Outcome, Output string
	Cells                       []cell
}

// columnsBefore is how many columns come before those of numbers.
const columnsBefore = 2

// newCaptureList lists the captures by what remains.
func newCaptureList(b *report.Batch, link func(*report.Entry) string) *captureList {
	l := &captureList{Outputs: link == nil}
	var verdicts []report.Verdict
	rows := rowsOf(b)
	if isShort(b) {
		l.Of = fmt.Sprintf("the %s of %s in which most remains; the CSV and JSON summaries have all", text.Count(int64(len(rows))), text.Count(b.Totals.Captures))
	}
	for _, v := range report.VerdictsIn(b.Totals.ByVerdict) {
		captures := int64(0)
		for _, e := range rows {
			if e.ByVerdict[v] > 0 {
				captures++
			}
		}
		if captures > 0 {
			l.Verdicts = append(l.Verdicts, verdictFilter{tagClass(string(v)), verdictColumn(v), text.Count(captures), columnsBefore + len(verdicts)})
			l.Columns = append(l.Columns, verdictColumn(v))
			verdicts = append(verdicts, v)
		}
	}
	l.Columns = append(l.Columns, "flags before", "after", "edited", "moved", "packets", "bytes")
	for _, e := range rows {
		row := captureRow{Path: e.Path, Outcome: string(e.Outcome), Output: e.Output}
		if link != nil {
			row.Link = link(e)
		}
		for _, v := range verdicts {
			row.Cells = append(row.Cells, countCell(e.ByVerdict[v]))
		}
		for _, n := range []int64{e.Before, e.After, e.Edited, e.Moved, e.Packets} {
			row.Cells = append(row.Cells, countCell(n))
		}
		row.Cells = append(row.Cells, cell{Text: text.When(e.Bytes > 0, text.Size(e.Bytes)), Sort: text.When(e.Bytes > 0, strconv.FormatInt(e.Bytes, 10))})
		l.Rows = append(l.Rows, row)
	}
	return l
}

// countCell shows a count, and nothing for 0: what there is stands out.
func countCell(n int64) cell { return cell{Text: text.When(n != 0, text.Count(n))} }

// rowsOf are the captures on the page, in their order.
func rowsOf(b *report.Batch) []*report.Entry {
	sorted := make([]*report.Entry, len(b.Captures))
	for i := range b.Captures {
		sorted[i] = &b.Captures[i]
	}
	slices.SortStableFunc(sorted, byRemains())
	if isShort(b) {
		sorted = sorted[:min(len(sorted), worstListed)]
	}
	return sorted
}

// isShort reports whether a batch has some of its captures alone.
func isShort(b *report.Batch) bool { return int64(len(b.Captures)) < b.Totals.Captures }
