package render

import (
	"cmp"
	_ "embed"
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

// BatchHTML writes the summary as one page that needs nothing else: totals, what
// failed or is damaged, and a row a capture, those in which most remains first.
func BatchHTML(w io.Writer, b *report.Batch) error { return BatchHTMLWithLinks(w, b, nil) }

// BatchHTMLWithLinks is BatchHTML with the captures linked to their pages: link returns
// the URL of one, relative to the summary, or "". It may be nil.
func BatchHTMLWithLinks(w io.Writer, b *report.Batch, link func(*report.Entry) string) error {
	h := newHTMLWriter(w, false)
	h.style, h.script = pageStyle+batchStyle, batchScript
	if err := h.head("mendcap: batch"); err != nil {
		return err
	}
	if err := h.write("page", batchPage(b)); err != nil {
		return err
	}
	if len(b.Captures) > 0 {
		if err := h.write("captures", newCaptureList(b, link)); err != nil {
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
	for _, v := range report.VerdictsIn(b.Totals.ByVerdict) {
		captures := int64(0)
		for i := range b.Captures {
			if b.Captures[i].ByVerdict[v] > 0 {
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
	for _, e := range byRemains(b.Captures) {
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

// byRemains sorts captures: those of which nothing is known first, and then by the counts
// of verdicts that remain, those of the worst verdict before others.
func byRemains(entries []report.Entry) []*report.Entry {
	sorted := make([]*report.Entry, len(entries))
	for i := range entries {
		sorted[i] = &entries[i]
	}
	unread := func(e *report.Entry) int {
		if isUnread(*e) {
			return 0
		}
		return 1
	}
	verdicts := report.Verdicts()
	slices.SortStableFunc(sorted, func(x, y *report.Entry) int {
		order := cmp.Compare(unread(x), unread(y))
		for _, v := range verdicts {
			if v != report.Artefact {
				order = cmp.Or(order, cmp.Compare(y.ByVerdict[v], x.ByVerdict[v]))
			}
		}
		return order
	})
	return sorted
}
