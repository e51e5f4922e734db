package render

import (
	"fmt"
	"io"
	"strconv"

	"github.com/olekukonko/tablewriter/tw"

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

// TableRoles writes the roles that have rows, for a terminal of the given
// width in columns (80 if it is not positive).
func TableRoles(w io.Writer, roles []TableRole, width int) error {
	if width <= 0 {
		width = 80
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	g := numbers("together", "rows", "addresses")
	for _, r := range roles {
		if r.Rows > 0 {
			g.add(text.Sanitise(r.Name), text.Count(int64(r.Rows)), text.Count(int64(r.Addresses)))
		}
	}
	return g.render(w, width)
}

// Tables writes what files of network tables gave, for a terminal of the
// given width in columns (80 if it is not positive): a line a file, then for
// each file the lines that were not understood.
func Tables(w io.Writer, files []TableFile, width int) error {
	if width <= 0 {
		width = 80
	}
	right := tw.AlignRight
	summary := &grid{
		header: []string{"rows", "addresses", "cut", "refused", "file: its formats"},
		align:  []tw.Align{right, right, right, right, tw.AlignLeft}, wrapped: true,
	}
	for _, f := range files {
		name := f.Name
		if f.Format != "" {
			name += ": " + f.Format
		}
		summary.add(text.Count(int64(f.Rows)), text.Count(int64(f.Addresses)), text.Count(int64(f.Cut)), text.Count(int64(f.NotUnderstood)), text.Sanitise(name))
	}
	if err := summary.render(w, width); err != nil {
		return err
	}
	for _, f := range files {
		if f.Problem == "" && len(f.Lines) == 0 {
			continue
		}
		if err := f.write(w, width); err != nil {
			return err
		}
	}
	return nil
}

func (f *TableFile) write(w io.Writer, width int) error {
	title := "lines refused, wholly or in part"
	if f.Problem != "" {
		title = text.Sanitise(f.Problem)
	}
	if _, err := fmt.Fprintf(w, "\n%s: %s\n", text.Sanitise(f.Name), title); err != nil {
		return err
	}
	if len(f.Lines) == 0 {
		return nil
	}
	g := &grid{
		header:  []string{"line", "why", "text"},
		align:   []tw.Align{tw.AlignRight, tw.AlignLeft, tw.AlignLeft},
		wrapped: true,
	}
	for _, l := range f.Lines {
		g.add(strconv.Itoa(l.Number), text.Sanitise(l.Why), text.Sanitise(l.Text))
	}
	if more := f.NotUnderstood - len(f.Lines); more > 0 {
		g.add("", "", fmt.Sprintf("and %s more", text.Count(int64(more))))
	}
	return g.render(w, width)
}
