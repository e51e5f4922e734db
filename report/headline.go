package report

import "strings"

// headline says in a sentence what a capture's findings come to; "" where flags
// were counted and no finding was made of them.
func headline(r *Report) string {
	f := &r.Findings
	if f.Total == 0 && len(r.flagCounts()) > 0 {
		return ""
	}
	if n := r.Inference.Unanalysed; n > 0 && f.Total == 0 {
		return plural(n, "TCP packet") + " could not be analysed: the destination is unknown. In the others nothing odd was found."
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
			parts = append(parts, count(n)+" "+many)
		}
	}
	by := f.ByVerdict
	network, open := int64(0), f.Total
	for _, verdict := range []string{Loss, Reordering, Spurious} {
		network = plus(network, by[verdict])
	}
	for _, n := range []int64{by[Artefact], by[Drop], by[Genuine], by[Duplicate], by[NotCaptured], network} {
		open = less(open, n)
	}
	add(by[Artefact], "was made by the capture's order and is repaired", "were made by the capture's order and are repaired")
	add(by[Drop], "comes from packets that the capture missed", "come from packets that the capture missed")
	add(network, "is the network's doing", "are the network's doing")
	add(by[Duplicate], "is of a packet seen twice", "are of packets seen twice") // by the network or the capture
	add(by[Genuine], "happened as flagged", "happened as flagged")
	add(by[NotCaptured], "is a connection of which one direction was not recorded", "are connections of which one direction was not recorded")
	add(open, "stays open", "stay open")
	text := "Of " + plural(f.Total, "finding") + ", " + strings.Join(parts, "; ") + "."
	if n := r.Inference.Unanalysed; n > 0 {
		text += " " + plural(n, "TCP packet") + " could not be analysed: the destination is unknown."
	}
	return text
}
