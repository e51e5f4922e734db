package render

import (
	"fmt"
	"io"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// Diff writes the difference for a terminal of the given width in
// columns (80 if it is not positive): the figures that differ, and the first
// findings that only one of the reports has.
func Diff(w io.Writer, d *report.Diff, width int) error {
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
		figures.add(text.Sanitise(c.Figure), text.Sanitise(c.Before), text.Sanitise(c.After))
	}
	if len(figures.rows) > 0 {
		if err := figures.render(w, width); err != nil {
			return err
		}
	}
	for _, side := range []struct {
		title    string
		findings *report.Findings
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

// shownDifferences is how many findings of one report alone are shown.
const shownDifferences = 10

// writeSide shows the first findings of one report alone.
func writeSide(w io.Writer, title string, f *report.Findings, width int) error {
	if f.Total == 0 {
		return nil
	}
	if _, err := fmt.Fprintf(w, "\n%s %s\n", text.Plural(f.Total, "finding"), title); err != nil {
		return err
	}
	g := &grid{align: []tw.Align{tw.AlignRight, tw.AlignLeft, tw.AlignLeft}, wrapped: true}
	for i := range f.List[:min(len(f.List), shownDifferences)] {
		one := &f.List[i]
		g.add(fmt.Sprint(one.Frame), text.Sanitise(verdictText(one)), text.Sanitise(one.Label()+", "+one.Flow+": "+one.Evidence))
	}
	return g.render(w, width)
}
