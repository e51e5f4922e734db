package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What the terminal shows of a batch.
const (
	shownFailed  = 10 // entries that failed, and as many that are damaged
	shownEntries = 20 // a batch of more is not listed
)

// BatchTerminal writes the summary for a terminal of the given width in columns
// (80 if it is not positive): totals, what failed, what is damaged, and all
// captures where they are few.
func BatchTerminal(w io.Writer, b *report.Batch, width int) error {
	if width <= 0 {
		width = 80
	}
	parts := []*grid{batchOverview(b), batchListing(b), batchTroubles(b, report.FateFailed), batchTroubles(b, report.FateDamaged), batchPlans(b)}
	return renderParts(w, width, parts)
}

func batchOverview(b *report.Batch) *grid {
	g := labelled()
	for _, f := range batchFacts(b) {
		g.add(f.label, f.text)
	}
	return g
}

// batchFacts are what every rendering says first of a batch.
func batchFacts(b *report.Batch) []fact {
	t := &b.Totals
	all := []fact{{"Captures", fatesText(b)}}
	add := func(label, text string) {
		if text != "" {
			all = append(all, fact{label, text})
		}
	}
	add("Skipped", skippedText(&b.Skipped))
	if t.Packets == 0 {
		return all
	}
	packets := text.Plural(t.Packets, "packet") + ", " + text.Size(t.Bytes)
	if !t.First.IsZero() {
		packets += "\n" + period(t.First, t.Last)
	}
	add("Packets", packets)
	if t.Headerless > 0 {
		add("Headers", fmt.Sprintf("%s without a header of its own; destination inferred for %s", text.Plural(t.Headerless, "IPv6 packet"), text.Count(t.Destinations)))
	}
	add("Repaired", fmt.Sprintf("%s edited, %s moved", text.Plural(t.Edited, "packet"), text.Count(t.Moved)))
	add("Flags", fmt.Sprintf("%s of the analyser before, %s after", text.Count(t.Before), text.Count(t.After)))
	var parts []string
	for _, v := range report.Verdicts() {
		if n := t.ByVerdict[v]; n > 0 {
			parts = append(parts, text.Count(n)+" "+v)
		}
	}
	add("Verdicts", strings.Join(parts, ", "))
	if t.Damage > 0 {
		add("Damage", "in "+text.Plural(t.Damage, "place"))
	}
	return all
}

// fatesText counts the captures by what became of them.
func fatesText(b *report.Batch) string {
	words := map[string]string{
		report.FateRepaired: "repaired", report.FateSound: "without anything to repair", report.FateDamaged: "damaged", report.FateFailed: "failed", report.FatePlanned: "to repair",
	}
	var parts []string
	for _, fate := range report.Fates() {
		if n := b.Totals.ByFate[fate]; n > 0 {
			parts = append(parts, text.Count(n)+" "+words[fate])
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return text.Count(b.Totals.Captures) + ": " + strings.Join(parts, ", ")
}

func skippedText(s *report.Skipped) string {
	var parts []string
	for _, p := range []struct {
		n    int64
		what string
	}{
		{s.Other, "other file"}, {s.Own, "output of mendcap's"}, {s.Excluded, "excluded"},
		{s.Links, "symbolic link"}, {s.Special, "special file"},
	} {
		switch {
		case p.n == 0:
		case p.what == "excluded":
			parts = append(parts, text.Count(p.n)+" excluded")
		case p.what == "output of mendcap's" && p.n > 1:
			parts = append(parts, text.Count(p.n)+" outputs of mendcap's")
		default:
			parts = append(parts, text.Plural(p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// batchListing is a line a capture, where they are few.
func batchListing(b *report.Batch) *grid {
	g := numbers("capture", "packets", "edited", "moved", "flags", "after", "fate")
	g.align[len(g.align)-1] = tw.AlignLeft
	if len(b.Captures) > shownEntries {
		return g
	}
	for i := range b.Captures {
		e := &b.Captures[i]
		if e.Fate == report.FateFailed || e.Fate == report.FatePlanned {
			continue
		}
		g.add(text.Sanitise(e.Path), text.Count(e.Packets), text.Count(e.Edited), text.Count(e.Moved), text.Count(e.Before), text.Count(e.After), text.Sanitise(e.Fate))
	}
	return g
}

// batchTroubles lists the entries of a fate that people must look at.
func batchTroubles(b *report.Batch, fate string) *grid {
	g := &grid{
		header:  []string{"code", fate},
		align:   []tw.Align{tw.AlignRight, tw.AlignLeft},
		wrapped: true,
	}
	list := worstEntries(b, fate)
	for i, e := range list {
		if i == shownFailed && len(list) > shownFailed+1 {
			g.add("", fmt.Sprintf("and %s more; the JSON summary has all of them", text.Count(int64(len(list)-i))))
			break
		}
		line := text.Sanitise(e.Path)
		if e.Error != "" {
			line += ": " + text.Sanitise(e.Error)
		} else if e.Damage > 0 {
			line += ": in " + text.Plural(e.Damage, "place")
		}
		g.add(strconv.Itoa(e.Code), line)
	}
	return g
}

// batchPlans lists what a dry run would do, all of it: that is what it is for.
func batchPlans(b *report.Batch) *grid {
	g := &grid{
		header: []string{"capture", "output"},
		align:  []tw.Align{tw.AlignLeft, tw.AlignLeft},
	}
	for _, e := range worstEntries(b, report.FatePlanned) {
		g.add(text.Sanitise(e.Path), text.Sanitise(e.Output))
	}
	return g
}

// worstEntries lists the entries of one fate, those with the largest code first.
func worstEntries(b *report.Batch, fate string) []*report.Entry {
	var list []*report.Entry
	for i := range b.Captures {
		if b.Captures[i].Fate == fate {
			list = append(list, &b.Captures[i])
		}
	}
	slices.SortStableFunc(list, func(x, y *report.Entry) int { return cmp.Compare(y.Code, x.Code) })
	return list
}
