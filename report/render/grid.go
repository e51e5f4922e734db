package render

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/mendcap/mendcap/report/internal/text"
)

// gap is what stands between two columns.
const gap = "  "

// narrowest is the least width that a table is laid out for, in columns.
const narrowest = 40

// grid is a table without frame: a header over a rule, if there is a header,
// and rows of sanitised cells.
type grid struct {
	header []string
	align  []tw.Align
	rows   [][]string
	// wrapped is set where the last column takes what is left of the width
	// and is wrapped to it.
	wrapped bool
	// paint returns a line of a cell in its colours; it is asked only where
	// colour is set, for cells that are laid out already.
	paint  func(column int, line string) string
	colour bool
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// gridOf returns the table as a grid: its last column is wrapped if it holds
// sentences.
func gridOf(t *table) *grid {
	g := &grid{}
	for i, c := range t.columns {
		align := tw.AlignLeft
		if c.look == asNumber {
			align = tw.AlignRight
		}
		g.header, g.align = append(g.header, c.name), append(g.align, align)
		if c.look == asVerdicts {
			g.paint = paintVerdicts(i)
		}
		g.wrapped = c.look == asSentence
	}
	for _, row := range t.rows {
		g.addRow(row)
	}
	if t.foot != nil {
		g.addRow(t.foot)
	}
	return g
}

func (g *grid) addRow(row []cell) {
	cells := make([]string, len(row))
	for i := range row {
		cells[i] = text.Sanitise(row[i].String())
	}
	g.add(cells...)
}

// render writes the table, at most width columns wide if it is wrapped.
func (g *grid) render(w io.Writer, width int) error {
	if g.wrapped {
		g.fit(max(width, narrowest))
	}
	t := layouts.Get().(*layout)
	defer layouts.Put(t)
	t.prepare(g.align, len(g.header) > 0)
	if len(g.header) > 0 {
		t.Header(g.painted(g.header, func(_ int, name string) string { return coloured(name, sgrBold) }))
	}
	for _, row := range g.rows {
		if err := t.Append(g.painted(row, g.paint)); err != nil {
			return fmt.Errorf("add table row: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return fmt.Errorf("render table: %w", err)
	}
	return writeTrimmed(w, t.out.String())
}

// renderParts writes the tables that have rows, with an empty line between them.
func renderParts(w io.Writer, width int, parts []*grid) error {
	first := true
	for _, g := range parts {
		if len(g.rows) == 0 {
			continue
		}
		if !first {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		first = false
		if err := g.render(w, width); err != nil {
			return err
		}
	}
	return nil
}

// fit wraps the last column to what the others leave.
func (g *grid) fit(width int) {
	last := len(g.align) - 1
	left := width
	for i := range last {
		widest := 0
		for _, row := range g.rows {
			widest = max(widest, text.Columns(row[i]))
		}
		if g.header != nil {
			widest = max(widest, text.Columns(g.header[i]))
		}
		left -= widest + len(gap)
	}
	for _, row := range g.rows {
		row[last] = text.Wrap(row[last], max(left, narrowest/2))
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
	t.Table = tablewriter.NewTable(&t.out, tablewriter.WithStringerCacheCustom(noCache{}))
	return t
}}

// noCache keeps nothing: cells are strings, which need no showing.
type noCache struct{}

func (noCache) Get(reflect.Type) (reflect.Value, bool) { return reflect.Value{}, false }
func (noCache) Add(reflect.Type, reflect.Value) bool   { return false }
func (noCache) Purge()                                 {}

// prepare sets a table up so that it changes no cell, and lays out the same
// whatever the locale and whatever it was used for before.
func (t *layout) prepare(align []tw.Align, header bool) {
	t.Reset()
	t.out.Reset()
	rule := tw.State(tw.Off)
	if header {
		rule = tw.On
	}
	symbols := tw.NewSymbolCustom("rule").WithRow("─").WithCenter("──").WithColumn(gap)
	alignment := tw.CellAlignment{PerColumn: align}
	t.Options(
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: symbols,
			Settings: tw.Settings{
				Separators: tw.Separators{BetweenColumns: tw.On, BetweenRows: tw.Off, ShowHeader: rule},
				Lines:      tw.Lines{ShowHeaderLine: rule},
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

// writeTrimmed writes s without the blanks that end its lines.
func writeTrimmed(w io.Writer, s string) error {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n"))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}
