package render

import (
	"cmp"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// answer is what every rendering says before all else: how many flags there were and
// are, what remains of the findings, and a filter that shows it.
func answer(r *report.Report, left *report.Remains) (all facts) {
	all.add("Check", checkText(r.Check))
	all.add("Flags", flagsText(r))
	all.add("Found", headline(r, left))
	all.add("Filter", left.Filter)
	return all
}

// flagsText counts the analyser's flags in the capture and in the output; "" where
// there are none.
func flagsText(r *report.Report) string {
	a := &r.Analysis
	before, after, asIs := bounded.Sum(a.Before), bounded.Sum(a.After), ""
	if before == 0 && after == 0 {
		return ""
	}
	switch {
	case r.Capture.Format == "etl": // which tshark doesn't read
		asIs = text.Plural(before, "flag") + " once converted"
	case a.AsIs != nil:
		asIs = text.Plural(bounded.Sum(a.AsIs), "flag") + " in tshark as it is, " + text.Count(before) + " with " +
			text.When(r.Inference.Packets == 0, "lengths") + text.When(r.Inference.Packets != 0, "headers") + " filled in"
	case r.Inference.Packets == 0:
		asIs = text.Plural(before, "flag") + " in tshark as it is"
	default:
		asIs = text.Plural(before, "flag") + " with headers filled in"
	}
	created := r.Findings.ByVerdict[report.Created]
	name := cmp.Or(text.When(r.Capture.Name == "-", "standard input"), r.Capture.Name)
	return text.Sanitise(name) + ": " + asIs + ", " + text.Count(after) + " after the repair" +
		text.When(created > 0 && created <= after, ", "+text.Count(created)+" of them not before")
}

// headline says in a sentence what of a capture's findings remains; "" where flags
// were counted and no finding was made of them.
func headline(r *report.Report, left *report.Remains) string {
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
	if f.Total == 0 && r.Capture.Packets == 0 && n == 0 {
		return "Nothing was looked at: the capture has no packets."
	}
	if f.Total == 0 {
		return text.Join(" ", damagedText(r), unknown, unread, text.When(n > 0, "In the others nothing odd was found."),
			text.When(n <= 0 && len(r.Damage) == 0, "Nothing odd was found: no flag of the analyser, and no law of order broken."),
			text.When(n <= 0 && len(r.Damage) > 0, "In what could be read no flag of the analyser was found, and no law of order broken."))
	}
	counts := verdictsCell(left.ByVerdict)
	said := text.Count(left.Findings) + " of " + text.Plural(f.Total, "finding") + text.Join(": ", text.When(left.Findings == 1, " remains")+text.When(left.Findings != 1, " remain")+eventsText(left.Events), counts.String())
	repaired := f.ByVerdict[report.Artefact]
	return text.Join(" ", text.Join("; ", said, text.When(repaired > 0, text.Count(repaired)+" made by the capture's order, repaired"))+".", damagedText(r), unknown, unread)
}

// eventsText says to how many events findings belong, where that is known.
func eventsText(n int64) string { return text.When(n > 0, " in "+text.Plural(n, "event")) }

// damagedText says that what the input holds is not all that it held; "" where it is whole.
func damagedText(r *report.Report) string {
	n := bounded.Add(int64(len(r.Damage)), r.DamageOmitted)
	return text.When(n > 0, "The input is damaged in "+text.Plural(n, "place")+".")
}
