package render

import (
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// headline says in a sentence what a capture's findings come to; "" where flags
// were counted and no finding was made of them.
func headline(r *report.Report) string {
	f := &r.Findings
	if f.Total == 0 && len(flagCounts(r)) > 0 {
		return ""
	}
	n, notRead := r.Inference.Unanalysed, int64(0)
	for _, packets := range r.Analysis.NotRead {
		notRead = bounded.Add(notRead, packets)
	}
	unknown := text.When(n > 0, text.Plural(n, "TCP packet")+" could not be analysed: the destination is unknown.")
	unread := text.When(notRead > 0, text.Plural(notRead, "packet")+" could not be analysed for TCP: the notes say why.")
	n = bounded.Add(n, notRead)
	if f.Total == 0 {
		return text.Join(" ", unknown, unread, text.When(n > 0, "In the others nothing odd was found."),
			text.When(n <= 0, "Nothing odd was found: no flag of the analyser, and no law of order broken."))
	}
	counts, first := make(map[string]int64), []report.Verdict{} // by what is said of several, and the first verdict of each
	left := f.Total
	count := func(verdict report.Verdict, n int64) {
		said := report.Predicate(verdict, 2)
		if _, ok := counts[said]; !ok {
			first = append(first, verdict)
		}
		counts[said], left = bounded.Add(counts[said], n), bounded.Sub(left, n)
	}
	for _, verdict := range report.VerdictsIn(f.ByVerdict) {
		count(verdict, f.ByVerdict[verdict])
	}
	count(report.Undecided, left) // none, but where a stored report contradicts itself
	var parts []string
	for _, verdict := range first {
		if n := counts[report.Predicate(verdict, 2)]; n > 0 {
			parts = append(parts, text.Count(n)+" "+report.Predicate(verdict, n))
		}
	}
	return text.Join(" ", "Of "+text.Plural(f.Total, "finding")+", "+strings.Join(parts, "; ")+".", unknown, unread)
}
