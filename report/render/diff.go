package render

import (
	"fmt"
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// shownDifferences is how many findings of one report alone are shown.
const shownDifferences = 10

// Diff writes the difference for a terminal of the given width in
// columns (80 if it is not positive): the figures that differ, and the first
// findings that only one of the reports has.
func Diff(w io.Writer, d *report.Diff, width int) error {
	p := newPrinter(w, width)
	if d.Same() {
		p.printf("no difference\n")
	}
	columns := []column{{"figure", asWords}, {"before", asNumber}, {"after", asNumber}}
	p.tables(tableOf(columns, d.Figures, func(c *report.Change) []any { return []any{c.Figure, c.Before, c.After} }))
	p.findings("gained", &d.Gained)
	p.findings("lost", &d.Lost)
	if d.Partial && !d.Same() {
		p.printf("\nonly the findings that the reports list were compared: one of the reports leaves some out\n")
	}
	return p.err
}

// findings shows the first findings of one report alone.
func (p *printer) findings(title string, f *report.Findings) {
	if f.Total == 0 {
		return
	}
	p.printf("\n%s %s\n", text.Plural(f.Total, "finding"), title)
	shown := f.List[:min(len(f.List), shownDifferences)]
	p.table(tableOf([]column{{"", asNumber}, {"", asWords}, {"", asSentence}}, shown, func(f *report.Finding) []any {
		return []any{fmt.Sprint(f.Frame), detailed(f.Verdict, f.Detail), f.Label() + ", " + f.Flow.String() + ": " + f.Evidence}
	}))
}
