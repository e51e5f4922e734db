package render

import (
	"cmp"
	"io"
	"strconv"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// TableFile is one file of network tables with the lines in it that were not
// understood: the first ones, Table.NotUnderstood counts them all.
type TableFile struct {
	report.Table
	Problem string // why nothing of the file could be used; "" otherwise
	Lines   []TableLine
}

// TableLine is a line of a file, its number counted from 1, and why it was not
// understood.
type TableLine struct {
	Number int
	Text   string
	Why    string
}

// TableRole is what the tables together say of one kind.
type TableRole struct {
	Name      string
	Rows      int
	Addresses int // distinct ones
}

// Tables writes what files of network tables gave, for a terminal of the
// given width in columns (80 if it is not positive): a line a file, then for
// each file the lines that were not understood, then the roles that have rows.
func Tables(w io.Writer, files []TableFile, roles []TableRole, width int) error {
	p := newPrinter(w, width)
	columns := []column{{"rows", asNumber}, {"addresses", asNumber}, {"cut", asNumber}, {"refused", asNumber}, {"file: its formats", asSentence}}
	p.table(tableOf(columns, files, func(f *TableFile) []any {
		return []any{f.Rows, f.Addresses, f.Cut, f.NotUnderstood, text.Join(": ", f.Name, f.Format)}
	}))
	for _, f := range files {
		f.print(p)
	}
	together := newTable([]column{{"together", asWords}, {"rows", asNumber}, {"addresses", asNumber}})
	for _, r := range roles {
		if r.Rows > 0 {
			together.add(r.Name, r.Rows, r.Addresses)
		}
	}
	p.printf("\n")
	p.table(together)
	return p.err
}

// print writes what was not understood of the file.
func (f *TableFile) print(p *printer) {
	if f.Problem == "" && len(f.Lines) == 0 {
		return
	}
	title := cmp.Or(f.Problem, "lines not understood, wholly or in part")
	p.printf("\n%s: %s\n", text.Sanitise(f.Name), text.Sanitise(title))
	columns := []column{{"line", asNumber}, {"why", asWords}, {"text", asSentence}}
	t := tableOf(columns, f.Lines, func(l *TableLine) []any { return []any{strconv.Itoa(l.Number), l.Why, l.Text} })
	if len(f.Lines) > 0 {
		t.more(int64(f.NotUnderstood), "")
	}
	p.tables(t)
}
