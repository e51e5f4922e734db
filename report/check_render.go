package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter/tw"
)

// shownExamples is how many findings of a failed check a terminal shows.
const shownExamples = 3

// WriteChecks writes how a capture did for a terminal of the given width in
// columns (80 if it is not positive): one line if nothing was found, else a
// table of the checks with findings, and the first findings of those that
// failed.
func WriteChecks(w io.Writer, capture string, checks []Check, width int) error {
	if width <= 0 {
		width = 80
	}
	verdict := "passed"
	if Failed(checks) {
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
		g.add(Sanitise(c.Name), count(c.Found), count(c.Allowed), count(c.Known), result)
	}
	if _, err := fmt.Fprintf(w, "%s: %s\n", Sanitise(capture), verdict); err != nil || len(g.rows) == 0 {
		return err
	}
	if err := g.render(w, width); err != nil {
		return err
	}
	for _, c := range checks {
		if err := c.writeExamples(w, width); err != nil {
			return err
		}
	}
	return nil
}

// writeExamples shows the first findings of a failed check.
func (c *Check) writeExamples(w io.Writer, width int) error {
	if !c.Failed {
		return nil
	}
	lines := []string{Sanitise(c.Name + ": " + c.Message)}
	for _, e := range c.Examples[:min(len(c.Examples), shownExamples)] {
		text := wrap(Sanitise(e), max(width-len(indent), narrowest))
		lines = append(lines, indent+strings.ReplaceAll(text, "\n", "\n"+indent))
	}
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}
