package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// table is what several formats show of a list of facts: a row for each. Its
// texts are as the report has them; each format makes them safe in its own way.
type table struct {
	Columns []column
	Rows    [][]cell
	Foot    []cell // what the rows add up to; nil without one
}

// column is one column, and what its cells are.
type column struct {
	Name string
	Look look
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
	asLines                  // several texts, each on a line of its own
	asVerdicts               // verdicts, or counts of them
	asJudged                 // a connection, and below it counts of its verdicts
	asLabel                  // what the text beside it is about
)

// looks say how the formats show each look.
var looks = [...]struct {
	class string                   // of the page's style
	right bool                     // numbers are aligned
	code  bool                     // Markdown shows it as code
	wraps bool                     // a terminal wraps it, in the last column
	lines bool                     // its line feeds stay
	paint func(line string) string // gives a line on a terminal its colours
}{
	asNumber:     {class: "n", right: true},
	asCode:       {class: "mono", code: true},
	asFlag:       {class: "mono flag", code: true},
	asConnection: {class: "mono conn", code: true},
	asName:       {class: "file"},
	asSentence:   {class: "long", wraps: true},
	asLines:      {wraps: true, lines: true},
	asVerdicts:   {paint: paintVerdicts},
	asJudged:     {wraps: true, lines: true, paint: paintVerdicts},
	asLabel:      {paint: paintLabel},
}

// Class is the class of the column's cells in the page's style.
func (c column) Class() string { return looks[c.Look].class }

// Right reports whether the column is aligned to the right.
func (c column) Right() bool { return looks[c.Look].right }

// Code reports whether Markdown shows the column as code.
func (c column) Code() bool { return looks[c.Look].code }

// cell is one cell.
type cell struct {
	Text string
	Sort string // what it is sorted by, where that is not its text
	Tags []tag  // of verdicts, in place of a text, or below it
	ID   string // by which a page links to it
	Link string // what a page links it to, the ID of something
}

// tag is text about a verdict, or about an outcome of a batch's captures.
type tag struct{ Text, Verdict string }

func newTable(columns []column) *table { return &table{Columns: columns} }

// tableOf has a row for each element of a list.
func tableOf[T any](columns []column, list []T, row func(*T) []any) *table {
	t := newTable(columns)
	for i := range list {
		t.add(row(&list[i])...)
	}
	return t
}

// add adds a row of values, of which cellOf makes cells.
func (t *table) add(values ...any) {
	row := make([]cell, len(values))
	for i, v := range values {
		row[i] = cellOf(v)
	}
	t.Rows = append(t.Rows, row)
}

// more adds a row that says in its last column how many rows of all there are beyond
// these, if any, and what more there is to say of them.
func (t *table) more(all int64, and string) {
	if more := bounded.Sub(all, int64(len(t.Rows))); more > 0 {
		row := make([]cell, len(t.Columns))
		row[len(row)-1].Text = andMore(more, and)
		t.Rows = append(t.Rows, row)
	}
}

// All are the rows with the foot.
func (t *table) All() [][]cell {
	if t.Foot == nil {
		return t.Rows
	}
	return append(slices.Clip(t.Rows), t.Foot)
}

// titled gives the first column another name, for formats that write no heading
// above the table.
func (t *table) titled(name string) *table {
	t.Columns[0].Name = name
	return t
}

// without takes out the columns of these names, of a table that has no foot.
func (t *table) without(names ...string) *table {
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if !slices.Contains(names, t.Columns[i].Name) {
			continue
		}
		t.Columns = slices.Delete(t.Columns, i, i+1)
		for k, row := range t.Rows {
			t.Rows[k] = slices.Delete(row, i, i+1)
		}
	}
	return t
}

// String is the cell as text alone.
func (c *cell) String() string {
	if c.Tags == nil {
		return c.Text
	}
	parts := make([]string, len(c.Tags))
	for i, t := range c.Tags {
		parts[i] = t.Text
	}
	return strings.Join(parts, ", ")
}

// size is a number of bytes.
type size int64

// cellOf shows a value: counts, sizes and durations so that they are sorted as numbers,
// and whatever else by its text.
func cellOf(value any) cell {
	switch v := value.(type) {
	case cell:
		return v
	case int:
		return cellOf(int64(v))
	case int64:
		return sortedCell(text.Count(v), v)
	case size:
		return sortedCell(text.Size(int64(v)), int64(v))
	case time.Duration:
		return sortedCell(text.Duration(v), int64(v))
	}
	return cell{Text: fmt.Sprint(value)}
}

// sortedCell shows a number as a text.
func sortedCell(text string, by int64) cell { return cell{Text: text, Sort: strconv.FormatInt(by, 10)} }

// verdictsCell counts findings by verdict, the worst kinds first.
func verdictsCell(counts map[report.Verdict]int64) cell {
	var c cell
	for _, v := range report.VerdictsIn(counts) {
		if n := counts[v]; n > 0 {
			c.Tags = append(c.Tags, tag{text.Count(n) + " " + string(v), string(v)})
		}
	}
	return c
}
