package render

import (
	"cmp"
	"io"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// shownExamples is how many findings of a failed check a terminal shows.
const shownExamples = 3

// Checks writes how a capture did for a terminal of the given width in
// columns (80 if it is not positive): one line if nothing was found, else a
// table of the checks with findings, and the first findings of those that
// failed.
func Checks(w io.Writer, capture string, checks []report.Check, width int) error {
	p := newPrinter(w, width)
	p.printf("%s: %s\n", text.Sanitise(capture), cmp.Or(text.When(report.Failed(checks), "failed"), "passed"))
	t := newTable([]column{{"check", asWords}, {"found", asNumber}, {"allowed", asNumber}, {"baseline", asNumber}, {"result", asWords}})
	for _, c := range checks {
		if c.Failed || c.Found+c.Known != 0 {
			t.add(c.Name, c.Found, c.Allowed, c.Known, cmp.Or(text.When(c.Failed, "FAILED"), "ok"))
		}
	}
	p.tables(t)
	for _, c := range checks {
		if c.Failed || c.Name == report.NotAnalysed {
			p.examples(&c)
		}
	}
	return p.err
}

// examples shows the first findings of a failed check.
func (p *printer) examples(c *report.Check) {
	p.printf("%s\n", text.Sanitise(c.Name+": "+c.Message))
	for _, e := range c.Examples[:min(len(c.Examples), shownExamples)] {
		example := text.Wrap(text.Sanitise(e), max(p.width-len(text.Indent), narrowest))
		p.printf("%s%s\n", text.Indent, strings.ReplaceAll(example, "\n", "\n"+text.Indent))
	}
}
