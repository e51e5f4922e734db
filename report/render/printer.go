package render

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twcache"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/mendcap/mendcap/report/internal/text"
)

// gap separates two columns.
const gap = "  "

// Widths in columns: the least that a table is laid out for, the least that names of
// columns and texts which are no sentences are wrapped to, and that of a terminal of
// which none is known.
const (
	narrowest      = 40
	narrowestWords = 12
	defaultWidth   = 80
)

// printer writes to a terminal, until that fails.
type printer struct {
	w      io.Writer
	width  int // columns
	colour bool
	err    error // the first one of writing
}

func newPrinter(w io.Writer, width int) *printer {
	if width <= 0 {
		width = defaultWidth
	}
	return &printer{w: w, width: width}
}

func (p *printer) printf(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// tables writes the tables that have rows, with an empty line between them.
func (p *printer) tables(all ...*table) {
	all = slices.DeleteFunc(all, func(t *table) bool { return len(t.Rows) == 0 })
	for i, t := range all {
		if i > 0 {
			p.printf("\n")
		}
		p.table(t)
	}
}

// table writes a table without frame: the names of its columns over a rule, if
// they have any, and its rows. Where the last column takes sentences, it is
// wrapped to what the others leave of the width; else names of columns are, and then
// the widest column of texts, where the table is wider.
func (p *printer) table(t *table) {
	var header []string
	var align []tw.Align
	for _, c := range t.Columns {
		header = append(header, c.Name)
		if align = append(align, tw.AlignLeft); c.Right() {
			align[len(align)-1] = tw.AlignRight
		}
	}
	rows := t.shown()
	t.fit(header, rows, max(p.width, narrowest))
	if strings.Join(header, "") == "" {
		header = nil
	}
	if p.colour {
		t.paint(rows)
		for i, name := range header {
			lines := strings.Split(name, "\n")
			for k, line := range lines {
				lines[k] = coloured(line, sgrBold)
			}
			header[i] = strings.Join(lines, "\n")
		}
	}
	if p.err == nil {
		p.err = layOut(p.w, align, header, rows)
	}
}

// shown are the texts of the rows, and of the foot, sanitised.
func (t *table) shown() [][]string {
	var rows [][]string
	for _, row := range t.All() {
		cells := make([]string, len(row))
		for i := range row {
			if cells[i] = text.Sanitise(row[i].String()); looks[t.Columns[i].Look].lines {
				cells[i] = sanitisedText(row[i].Text)
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

// paint gives the rows' cells their colours, line by line.
func (t *table) paint(rows [][]string) {
	for i, c := range t.Columns {
		paint := looks[c.Look].paint
		if paint == nil {
			continue
		}
		for _, row := range rows {
			lines := strings.Split(row[i], "\n")
			for k, line := range lines {
				lines[k] = paint(line)
			}
			row[i] = strings.Join(lines, "\n")
		}
	}
}

// fit wraps cells so that the table has at most so many columns, where that can be.
func (t *table) fit(header []string, rows [][]string, width int) {
	last := len(t.Columns) - 1
	if looks[t.Columns[last].Look].wraps {
		t.fitColumn(last, header, rows, width, narrowest/2)
		return
	}
	if t.spare(header, rows, width) < 0 {
		for i, name := range header {
			header[i] = text.Wrap(name, max(columnWidth(i, rows), narrowestWords))
		}
	}
	widest := -1
	for i, c := range t.Columns {
		if !c.Right() && (widest < 0 || columnWidth(i, rows) > columnWidth(widest, rows)) {
			widest = i
		}
	}
	if widest >= 0 && t.spare(header, rows, width) < 0 {
		t.fitColumn(widest, header, rows, width, narrowestWords)
	}
}

// fitColumn wraps a column to what the others leave, but to no less than least.
func (t *table) fitColumn(i int, header []string, rows [][]string, width, least int) {
	room := t.spare(header, rows, width) + columnWidth(i, append(rows, header))
	for _, row := range rows {
		row[i] = text.Wrap(row[i], max(room, least))
	}
	header[i] = text.Wrap(header[i], max(room, least))
}

// spare is how many columns the table is narrower than a width; below 0 it is wider.
func (t *table) spare(header []string, rows [][]string, width int) int {
	for i := range t.Columns {
		width -= columnWidth(i, append(rows, header))
	}
	return width - len(gap)*(len(t.Columns)-1)
}

// columnWidth is that of the widest line of a column; each has one at least.
func columnWidth(i int, rows [][]string) int {
	widest := 1
	for _, row := range rows {
		for line := range strings.SplitSeq(row[i], "\n") {
			widest = max(widest, text.Columns(line))
		}
	}
	return widest
}

// layout is tablewriter's table, and what it writes to.
type layout struct {
	*tablewriter.Table
	out bytes.Buffer
}

// layouts are those that can be used again: each new one allocates 450 kB, for a
// cache of how types are shown.
var layouts = sync.Pool{New: func() any {
	t := &layout{}
	noCache := twcache.NewLRU[reflect.Type, reflect.Value](0) // cells are strings, which need no showing
	t.Table = tablewriter.NewTable(&t.out, tablewriter.WithStringerCacheCustom(noCache))
	return t
}}

// prepare sets a table up so that it changes no cell, and lays out the same
// whatever the locale and whatever it was used for before.
func (t *layout) prepare(align []tw.Align) {
	t.Reset()
	t.out.Reset()
	symbols := tw.NewSymbolCustom("rule").WithRow("─").WithCenter("──").WithColumn(gap)
	alignment := tw.CellAlignment{PerColumn: align}
	t.Options(
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: symbols,
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.On, BetweenRows: tw.Off, ShowHeader: tw.On},
				Lines:      tw.Lines{ShowHeaderLine: tw.On},
			},
		})),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithPadding(tw.PaddingNone),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone),
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithHeaderAlignmentConfig(alignment),
		tablewriter.WithRowAlignmentConfig(alignment),
	)
}

// layOut writes a header, if there is one, and rows, without the blanks that end
// lines.
func layOut(w io.Writer, align []tw.Align, header []string, rows [][]string) error {
	t := layouts.Get().(*layout)
	defer layouts.Put(t)
	t.prepare(align)
	if header != nil {
		t.Header(header)
	}
	if err := t.Bulk(rows); err != nil {
		return fmt.Errorf("add table rows: %w", err)
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("render table: %w", err)
	}
	var b strings.Builder
	for line := range strings.Lines(t.out.String()) {
		b.WriteString(strings.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
