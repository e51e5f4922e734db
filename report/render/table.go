package render

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// table is what several formats show of a list of facts: a row for each. Its
// texts are as the report has them; each format makes them safe in its own way.
type table struct {
	columns []column
	rows    [][]cell
	foot    []cell // what the rows add up to; nil without one
}

// column is one column, and what its cells are.
type column struct {
	name string
	look look
}

// look says what the cells of a column are, so that a format can tell how to
// show them.
type look int

const (
	asWords      look = iota // short text
	asNumber                 // a count, a size, a duration, a frame
	asCode                   // a name of a flag, a law or a format
	asFlag                   // a name of a flag beside longer text
	asConnection             // addresses and ports
	asName                   // of a file, or of what may be as long
	asSentence               // text that may take several lines
	asVerdicts               // verdicts, or counts of them
)

// cell is one cell.
type cell struct {
	text string
	sort string // what it is sorted by, where that is not its text
	tags []tag  // of a column of verdicts, in place of a text
}

// tag is text about a verdict.
type tag struct{ text, verdict string }

func (t *table) add(cells ...cell) { t.rows = append(t.rows, cells) }

// titled gives the first column another name, for formats that write no heading
// above the table.
func (t *table) titled(name string) *table {
	t.columns[0].name = name
	return t
}

// without returns the table without the columns of these names.
func (t *table) without(names ...string) *table {
	var kept []int
	for i, c := range t.columns {
		if !slices.Contains(names, c.name) {
			kept = append(kept, i)
		}
	}
	out := &table{columns: picked(t.columns, kept)}
	for _, row := range t.rows {
		out.add(picked(row, kept)...)
	}
	if t.foot != nil {
		out.foot = picked(t.foot, kept)
	}
	return out
}

func picked[T any](list []T, places []int) []T {
	out := make([]T, len(places))
	for i, at := range places {
		out[i] = list[at]
	}
	return out
}

// String is the cell as text alone.
func (c *cell) String() string {
	if c.tags == nil {
		return c.text
	}
	parts := make([]string, len(c.tags))
	for i, t := range c.tags {
		parts[i] = t.text
	}
	return strings.Join(parts, ", ")
}

func textCell(s string) cell { return cell{text: s} }

func numberCell(n int64) cell { return cell{text: text.Count(n), sort: strconv.FormatInt(n, 10)} }

func sizeCell(n int64) cell { return cell{text: text.Size(n), sort: strconv.FormatInt(n, 10)} }

func durationCell(d time.Duration) cell {
	return cell{text: text.Duration(d), sort: strconv.FormatInt(int64(d), 10)}
}

// framesCell is a finding's place, sorted by that in the input.
func framesCell(f *report.Finding) cell {
	return cell{text: findingFrames(f), sort: strconv.FormatInt(f.Frame, 10)}
}

// verdictsCell counts findings by verdict, the worst kinds first.
func verdictsCell(counts map[string]int64) cell {
	var c cell
	for _, v := range report.VerdictsIn(counts) {
		if n := counts[v]; n > 0 {
			c.tags = append(c.tags, tag{text.Count(n) + " " + v, v})
		}
	}
	return c
}
