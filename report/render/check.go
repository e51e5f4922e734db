package render

import (
	"cmp"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What is shown of a check.
const (
	shownExamples = 3   // findings of one that failed, on a terminal
	shownChecks   = 100 // in other formats
)

// Checks writes how a capture did for a terminal of the given width in
// columns (80 if it is not positive): one line if nothing was found, else a
// table of the checks with findings, and the first findings of those that
// failed, and of those that did not come.
func Checks(w io.Writer, capture string, c *report.Checked, width int) error {
	p := newPrinter(w, width)
	p.printf("%s\n", text.Wrap(text.Sanitise(capture)+": "+text.Sanitise(c.Text()), p.width))
	t := newTable([]column{{"check", asWords}, {"new", asNumber}, {"allowed", asNumber}, {"known", asNumber}, {"gone", asNumber}, {"result", asWords}})
	for _, one := range c.Checks {
		if one.Failed || one.Found != 0 || one.Known != 0 || one.Gone != 0 {
			t.add(one.Name, one.Found, one.Allowed, one.Known, one.Gone, cmp.Or(text.When(one.Failed, "FAILED"), "ok"))
		}
	}
	p.tables(t)
	for _, one := range c.Checks {
		if one.Failed || one.Name == report.NotAnalysed {
			p.examples(one.Name+": "+one.Message, one.Examples, one.Found)
		}
	}
	if c.Gone > 0 {
		p.examples("of the baseline, did not come (--update-baseline leaves out what is gone)", c.Lost, c.Gone)
	}
	return p.err
}

// examples shows the first ones of all under a title.
func (p *printer) examples(title string, examples []string, all int64) {
	p.printf("%s\n", text.Wrap(text.Sanitise(title), p.width))
	list := newTable([]column{{"", asLabel}, {"", asSentence}})
	for _, e := range examples[:min(len(examples), shownExamples)] {
		list.add("", e)
	}
	if list.more(all, ""); len(examples) > 0 {
		p.table(list)
	}
}

// CheckTotals writes what the check of several captures comes to.
func CheckTotals(w io.Writer, captures, failed int, found int64) error {
	said := text.Count(int64(failed)) + " of " + text.Plural(int64(captures), "capture") + " failed"
	if failed == 0 {
		said = "all " + text.Plural(int64(captures), "capture") + " passed"
	}
	_, err := fmt.Fprintf(w, "\n%s, %s\n", said, text.Plural(found, "new finding"))
	return err
}

// BaselineWritten says what the file of a baseline holds.
func BaselineWritten(w io.Writer, name string, b *report.Baseline) error {
	findings, captures := b.Findings()
	_, err := fmt.Fprintf(w, "%s: written: %s of %s\n", text.Sanitise(name), text.Plural(findings, "finding"), text.Plural(int64(captures), "capture"))
	return err
}

// checkText says how a capture did in a check: whether it passed, and below that what
// was found of each kind; "" where none was made.
func checkText(c *report.Checked) string {
	if c == nil {
		return ""
	}
	said := func(one *report.Check) string {
		found := one.Failed || bounded.Add(one.Found, one.Known) != 0 || one.Gone != 0
		return text.When(found, one.Name+": "+text.When(one.Failed, "FAILED: ")+one.Message)
	}
	lines := cut(c.Checks, shownChecks, 0, 0, said, " checks")
	return text.Join("\n", append([]string{c.Text()}, lines...)...)
}
