package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

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
	if width <= 0 {
		width = 80
	}
	verdict := "passed"
	if report.Failed(checks) {
		verdict = "failed"
	}
	g := numbers("check", "found", "allowed", "baseline")
	g.header, g.align = append(g.header, "result"), append(g.align, tw.AlignLeft)
	for _, c := range checks {
		if c.Found+c.Known == 0 && !c.Failed {
			continue
		}
		result := "ok"
		if c.Failed {
			result = "FAILED"
		}
		g.add(text.Sanitise(c.Name), text.Count(c.Found), text.Count(c.Allowed), text.Count(c.Known), result)
	}
	if _, err := fmt.Fprintf(w, "%s: %s\n", text.Sanitise(capture), verdict); err != nil || len(g.rows) == 0 {
		return err
	}
	if err := g.render(w, width); err != nil {
		return err
	}
	for _, c := range checks {
		if err := writeExamples(w, &c, width); err != nil {
			return err
		}
	}
	return nil
}

// writeExamples shows the first findings of a failed check.
func writeExamples(w io.Writer, c *report.Check, width int) error {
	if !c.Failed {
		return nil
	}
	lines := []string{text.Sanitise(c.Name + ": " + c.Message)}
	for _, e := range c.Examples[:min(len(c.Examples), shownExamples)] {
		example := text.Wrap(text.Sanitise(e), max(width-len(text.Indent), narrowest))
		lines = append(lines, text.Indent+strings.ReplaceAll(example, "\n", "\n"+text.Indent))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
