package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/olekukonko/tablewriter/tw"
)

// What the terminal shows of a batch.
const (
	shownFailed  = 10 // entries that failed, and as many that are damaged
	shownEntries = 20 // a batch of more is not listed
)

// WriteTerminal writes the summary for a terminal of the given width in columns
// (80 if it is not positive): totals, what failed, what is damaged, and all
// captures where they are few.
func (b *Batch) WriteTerminal(w io.Writer, width int) error {
	if width <= 0 {
		width = 80
	}
	parts := []*grid{b.overview(), b.listing(), b.troubles(FateFailed), b.troubles(FateDamaged), b.plans()}
	return renderParts(w, width, parts)
}

func (b *Batch) overview() *grid {
	g := labelled()
	for _, f := range b.facts() {
		g.add(f.label, f.text)
	}
	return g
}

// facts are what every rendering says first of a batch.
func (b *Batch) facts() []fact {
	t := &b.Totals
	all := []fact{{"Captures", b.fates()}}
	add := func(label, text string) {
		if text != "" {
			all = append(all, fact{label, text})
		}
	}
	add("Skipped", b.Skipped.text())
	if t.Packets == 0 {
		return all
	}
	packets := plural(t.Packets, "packet") + ", " + size(t.Bytes)
	if !t.First.IsZero() {
		packets += "\n" + period(t.First, t.Last)
	}
	add("Packets", packets)
	if t.Headerless > 0 {
		add("Headers", fmt.Sprintf("%s without a header of its own; destination inferred for %s", plural(t.Headerless, "IPv6 packet"), count(t.Destinations)))
	}
	add("Repaired", fmt.Sprintf("%s edited, %s moved", plural(t.Edited, "packet"), count(t.Moved)))
	add("Flags", fmt.Sprintf("%s of the analyser before, %s after", count(t.Before), count(t.After)))
	var parts []string
	for _, v := range Verdicts() {
		if n := t.ByVerdict[v]; n > 0 {
			parts = append(parts, count(n)+" "+v)
		}
	}
	add("Verdicts", strings.Join(parts, ", "))
	if t.Damage > 0 {
		add("Damage", "in "+plural(t.Damage, "place"))
	}
	return all
}

// fates counts the captures by what became of them.
func (b *Batch) fates() string {
	words := map[string]string{
		FateRepaired: "repaired", FateSound: "without anything to repair", FateDamaged: "damaged", FateFailed: "failed", FatePlanned: "to repair",
	}
	var parts []string
	for _, fate := range Fates() {
		if n := b.Totals.ByFate[fate]; n > 0 {
			parts = append(parts, count(n)+" "+words[fate])
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return count(b.Totals.Captures) + ": " + strings.Join(parts, ", ")
}

func (s *Skipped) text() string {
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
			parts = append(parts, count(p.n)+" excluded")
		case p.what == "output of mendcap's" && p.n > 1:
			parts = append(parts, count(p.n)+" outputs of mendcap's")
		default:
			parts = append(parts, plural(p.n, p.what))
		}
	}
	return strings.Join(parts, ", ")
}

// listing is a line a capture, where they are few.
func (b *Batch) listing() *grid {
	g := numbers("capture", "packets", "edited", "moved", "flags", "after", "fate")
	g.align[len(g.align)-1] = tw.AlignLeft
	if len(b.Captures) > shownEntries {
		return g
	}
	for i := range b.Captures {
		e := &b.Captures[i]
		if e.Fate == FateFailed || e.Fate == FatePlanned {
			continue
		}
		g.add(Sanitise(e.Path), count(e.Packets), count(e.Edited), count(e.Moved), count(e.Before), count(e.After), Sanitise(e.Fate))
	}
	return g
}

// troubles lists the entries of a fate that people must look at.
func (b *Batch) troubles(fate string) *grid {
	g := &grid{
		header:  []string{"code", fate},
		align:   []tw.Align{tw.AlignRight, tw.AlignLeft},
		wrapped: true,
	}
	list := b.worst(fate)
	for i, e := range list {
		if i == shownFailed && len(list) > shownFailed+1 {
			g.add("", fmt.Sprintf("and %s more; the JSON summary has all of them", count(int64(len(list)-i))))
			break
		}
		text := Sanitise(e.Path)
		if e.Error != "" {
			text += ": " + Sanitise(e.Error)
		} else if e.Damage > 0 {
			text += ": in " + plural(e.Damage, "place")
		}
		g.add(strconv.Itoa(e.Code), text)
	}
	return g
}

// plans lists what a dry run would do, all of it: that is what it is for.
func (b *Batch) plans() *grid {
	g := &grid{
		header: []string{"capture", "output"},
		align:  []tw.Align{tw.AlignLeft, tw.AlignLeft},
	}
	for _, e := range b.worst(FatePlanned) {
		g.add(Sanitise(e.Path), Sanitise(e.Output))
	}
	return g
}
