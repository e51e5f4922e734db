package render

import (
	"io"
	"strings"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// Facts writes an introduction and facts for a terminal of the given width in
// columns (80 if it is not positive).
func Facts(w io.Writer, introduction string, list []Fact, width int) error {
	p := newPrinter(w, width)
	p.printf("%s\n\n", strings.ReplaceAll(text.Wrap(introduction, p.width), "\n"+text.Indent, "\n"))
	p.table(facts(list).table(asLines))
	return p.err
}

// Laws writes the laws of order, as Facts does: what each says, where that is
// written, and when true captures break it.
func Laws(w io.Writer, width int) error {
	var list []Fact
	for l := reorder.Law(0); int(l) < reorder.NumLaws; l++ {
		said := "A packet comes after one " + l.Cause() + text.When(l.Source() != "", " ("+l.Source()+")")
		list = append(list, Fact{l.String(), said + ".\nBroken where " + l.But() + "."})
	}
	return Facts(w, "The laws of order. Where the capture breaks one, a packet was recorded late, and the repair moves it. "+
		"A true capture breaks each law now and then, too: so a law moves packets only as far as the capture's own jitter reaches, "+
		"unless the host's answer or its own trace shows that one is later, and those that networks break act only where the capture shows such a disorder. "+
		"Names that begin with out- are about packets that the capturing host sends, in- about those that it receives.", list, width)
}

// Verdicts writes the verdicts, as Facts does: what each means, and whether a check
// fails on it.
func Verdicts(w io.Writer, width int) error {
	var list []Fact
	for _, v := range report.Verdicts() {
		checked := "A check passes, unless --fail-on names it."
		if report.FailsCheck(v) {
			checked = "A check fails, unless --max allows it or a baseline knows it."
		}
		list = append(list, Fact{string(v), v.Meaning() + ".\n" + checked})
	}
	return Facts(w, "The verdicts. Each flag of the analyser in the input has exactly one, and so has each law that stayed broken.", list, width)
}
