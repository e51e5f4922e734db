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
	if n := r.Inference.Unanalysed; n > 0 && f.Total == 0 {
		return text.Plural(n, "TCP packet") + " could not be analysed: the destination is unknown. In the others nothing odd was found."
	}
	if f.Total == 0 {
		return "Nothing odd was found: no flag of the analyser, and no law of order broken."
	}
	var parts []string
	add := func(n int64, one, many string) {
		switch {
		case n == 1:
			parts = append(parts, "1 "+one)
		case n > 1:
			parts = append(parts, text.Count(n)+" "+many)
		}
	}
	by := f.ByVerdict
	network, open := int64(0), f.Total
	for _, verdict := range []report.Verdict{report.Loss, report.Reordering, report.Spurious} {
		network = bounded.Add(network, by[verdict])
	}
	for _, n := range []int64{by[report.Artefact], by[report.Drop], by[report.Genuine], by[report.Duplicate], by[report.NotCaptured], network} {
		open = bounded.Sub(open, n)
	}
	add(by[report.Artefact], "was made by the capture's order and is repaired", "were made by the capture's order and are repaired")
	add(by[report.Drop], "comes from packets that the capture missed", "come from packets that the capture missed")
	add(network, "is the network's doing", "are the network's doing")
	add(by[report.Duplicate], "is of a packet seen twice", "are of packets seen twice") // by the network or the capture
	add(by[report.Genuine], "happened as flagged", "happened as flagged")
	add(by[report.NotCaptured], "is a connection of which one direction was not recorded", "are connections of which one direction was not recorded")
	add(open, "stays open", "stay open")
	sentence := "Of " + text.Plural(f.Total, "finding") + ", " + strings.Join(parts, "; ") + "."
	if n := r.Inference.Unanalysed; n > 0 {
		sentence += " " + text.Plural(n, "TCP packet") + " could not be analysed: the destination is unknown."
	}
	return sentence
}
