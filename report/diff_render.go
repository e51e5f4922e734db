package report

import (
	"fmt"
	"io"

	"github.com/olekukonko/tablewriter/tw"
)

// WriteJSON writes the difference as indented JSON with a closing line feed.
func (d *Diff) WriteJSON(w io.Writer) error { return writeJSON(w, d) }

// WriteTerminal writes the difference for a terminal of the given width in
// columns (80 if it is not positive): the figures that differ, and the first
// findings that only one of the reports has.
func (d *Diff) WriteTerminal(w io.Writer, width int) error {
	if width <= 0 {
		width = 80
	}
	if d.Same() {
		_, err := fmt.Fprintln(w, "no difference")
		return err
	}
	figures := &grid{
		header: []string{"figure", "before", "after"},
		align:  []tw.Align{tw.AlignLeft, tw.AlignRight, tw.AlignRight},
	}
	for _, c := range d.Figures {
		figures.add(Sanitise(c.Figure), Sanitise(c.Before), Sanitise(c.After))
	}
	if len(figures.rows) > 0 {
		if err := figures.render(w, width); err != nil {
			return err
		}
	}
	for _, side := range []struct {
		title    string
		findings *Findings
	}{{"gained", &d.Gained}, {"lost", &d.Lost}} {
		if err := writeSide(w, side.title, side.findings, width); err != nil {
			return err
		}
	}
	if d.Partial {
		_, err := fmt.Fprintln(w, "\nonly findings that both reports list were compared: one of them leaves some out")
		return err
	}
	return nil
}

// writeSide shows the first findings of one report alone.
func writeSide(w io.Writer, title string, f *Findings, width int) error {
	if f.Total == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s %s\n", plural(f.Total, "finding"), title); err != nil {
		return err
	}
	g := &grid{align: []tw.Align{tw.AlignRight, tw.AlignLeft, tw.AlignLeft}, wrapped: true}
	for i := range f.List[:min(len(f.List), examplesPerCheck)] {
		one := &f.List[i]
		g.add(fmt.Sprint(one.Frame), Sanitise(one.verdictText()), Sanitise(one.label()+", "+one.Flow+": "+one.Evidence))
	}
	return g.render(w, width)
}
