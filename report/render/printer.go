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

// Widths in columns: the least that a table is laid out for, and that of a
// terminal of which none is known.
const (
	narrowest    = 40
	defaultWidth = 80
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
// wrapped to what the others leave of the width.
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
	if looks[t.Columns[len(t.Columns)-1].Look].wraps {
		t.fit(rows, max(p.width, narrowest))
	}
	if strings.Join(header, "") == "" {
		header = nil
	}
	if p.colour {
		t.paint(rows)
		for i, name := range header {
			header[i] = coloured(name, sgrBold)
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

// fit wraps the last cell of each row to what the other columns leave.
func (t *table) fit(rows [][]string, width int) {
	last := len(t.Columns) - 1
	for i, c := range t.Columns[:last] {
		widest := text.Columns(c.Name)
		for _, row := range rows {
			widest = max(widest, text.Columns(row[i]))
		}
		width -= widest + len(gap)
	}
	for _, row := range rows {
		row[last] = text.Wrap(row[last], max(width, narrowest/2))
	}
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
