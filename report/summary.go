package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// fact is one line of a summary, or a few, under a label. Its text is not
// sanitised.
type fact struct{ label, text string }

// What summaries show of lists that can be long.
const (
	shownDamage     = 3
	shownDeclared   = 3
	shownDirections = 3 // in, out and both are all that there are
)

// facts are what every rendering says first of a capture.
func (r *Report) facts() []fact {
	all := []fact{{"Capture", r.Capture.line()}}
	add := func(label, text string) {
		if text != "" {
			all = append(all, fact{label, text})
		}
	}
	add("Output", r.Output.text())
	add("Tables", tablesLine(r.Tables))
	add("Headers", r.Inference.line())
	add("Order", r.Order.line())
	add("Clocks", clocksText(r.Order.Clocks))
	add("Loss", r.CaptureLoss.text())
	add("Damage", r.damageText())
	return all
}

// line describes the capture in short.
func (c *Capture) line() string {
	format := c.Format
	if c.Compression != "" {
		format += " in " + c.Compression
	}
	s := fmt.Sprintf("%s: %s, %s, %s", c.Name, format, plural(c.Packets, "packet"), size(c.Bytes))
	if !c.First.IsZero() {
		s += "\n" + period(c.First, c.Last)
	}
	return s
}

func tablesLine(tables []Table) string {
	if len(tables) == 0 {
		return ""
	}
	var rows, cut, not int64
	for _, t := range tables {
		rows, cut, not = plus(rows, int64(t.Rows)), plus(cut, int64(t.Cut)), plus(not, int64(t.NotUnderstood))
	}
	s := plural(int64(len(tables)), "file") + " with " + plural(rows, "row")
	if cut > 0 {
		s += "; " + addresses(cut) + " cut"
	}
	if not > 0 {
		s += "; " + plural(not, "line") + " not understood"
	}
	return s
}

func (i *Inference) line() string {
	if i.Packets == 0 {
		return ""
	}
	return fmt.Sprintf("%s without a header of its own\nNext Header: %s; destination: %s",
		plural(i.Packets, "IPv6 packet"), i.NextHeader.text(), i.Destination.text())
}

func (p *Proof) text() string {
	var parts []string
	for _, n := range []struct {
		count int64
		what  string
	}{{p.Inferred, "proved"}, {p.Likely, "likely"}, {p.AsCaptured, "as captured"}, {p.Unknown, "unknown"}} {
		if n.count > 0 {
			parts = append(parts, count(n.count)+" "+n.what)
		}
	}
	return strings.Join(parts, ", ")
}

// line says what was done about the order.
func (o *Order) line() string {
	if o.Basis == "" {
		return ""
	}
	s := "no packet moved"
	if o.Moved > 0 {
		s = plural(o.Moved, "packet") + " moved"
		if o.MaxShift > 0 {
			s += ", by up to " + duration(o.MaxShift)
		}
	}
	if o.Unrepaired > 0 {
		s += "; " + plural(o.Unrepaired, "violation") + " left unrepaired"
	}
	if o.Placed {
		s += "; mendcap had ordered this capture before"
	}
	return s
}

// text says what the capture missed; "" where nothing is known of it.
func (c *CaptureLoss) text() string {
	var lines []string
	for i := range c.Directions {
		if i == shownDirections {
			lines = append(lines, fmt.Sprintf("and %d more estimates", len(c.Directions)-i))
			break
		}
		if text := c.Directions[i].text(); text != "" {
			lines = append(lines, text)
		}
	}
	if n := plus(int64(len(c.Overflows)), c.OverflowsOmitted); n > 0 {
		lines = append(lines, plural(n, "time")+" several connections had gaps at once: an overflow")
	}
	for i, d := range c.Declared {
		if i == shownDeclared {
			lines = append(lines, fmt.Sprintf("and %d more drop counts in the file", len(c.Declared)-i))
			break
		}
		lines = append(lines, fmt.Sprintf("the file itself counts %s on interface %d (%s)", plural(d.Packets, "dropped packet"), d.Interface, d.Source))
	}
	return strings.Join(lines, "\n")
}

func (d *DirectionLoss) text() string {
	side := d.Direction
	if side == "both" {
		side = "both directions"
	}
	switch {
	case d.Abstained != "":
		return fmt.Sprintf("%s: no estimate: %s", side, d.Abstained)
	case d.AckedBytes == 0:
		return ""
	case d.MissedBytes == 0:
		return fmt.Sprintf("%s: missed none of %s acknowledged", side, size(d.AckedBytes))
	}
	return fmt.Sprintf("%s: missed %s of %s acknowledged, %s (95 %%: %s to %s), in %s; %s packets",
		side, size(d.MissedBytes), size(d.AckedBytes), percent(d.RatePPM), percent(d.LowPPM), percent(d.HighPPM),
		plural(d.GapEvents, "gap"), fromTo(d.PacketsLeast, d.PacketsMost))
}

func fromTo(least, most int64) string {
	if least == most {
		return count(least)
	}
	return count(least) + " to " + count(most)
}

// percent writes parts per million.
func percent(ppm int64) string {
	if ppm > 0 && ppm < 100 {
		return "under 0.01 %"
	}
	return threeDigits(float64(ppm)/1e4) + " %"
}

func (r *Report) damageText() string {
	var lines []string
	for i := range r.Damage {
		if i == shownDamage && len(r.Damage) > shownDamage+1 {
			lines = append(lines, fmt.Sprintf("and %d more places", plus(int64(len(r.Damage)-i), r.DamageOmitted)))
			break
		}
		lines = append(lines, r.Damage[i].text())
	}
	return strings.Join(lines, "\n")
}

// flagCount is how often the analyser set one flag.
type flagCount struct {
	name          string
	before, after int64
}

// beforeMeans says what flags before the repair are counted in.
const beforeMeans = "Before: in recorded order, with headers filled in."

// flagCounts lists the flags that were set, the most frequent first; the sum
// of all is the last. None are an empty list.
func (r *Report) flagCounts() []flagCount {
	names := map[string]bool{}
	for name := range r.Analysis.Before {
		names[name] = true
	}
	for name := range r.Analysis.After {
		names[name] = true
	}
	var list []flagCount
	sum := flagCount{name: "all flags"}
	for name := range names {
		f := flagCount{name, r.Analysis.Before[name], r.Analysis.After[name]}
		if f.before == 0 && f.after == 0 {
			continue
		}
		list = append(list, f)
		sum.before, sum.after = plus(sum.before, f.before), plus(sum.after, f.after)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b flagCount) int {
		return cmp.Or(cmp.Compare(b.before, a.before), cmp.Compare(a.name, b.name))
	})
	return append(list, sum)
}

// verdictsText lists the findings of a connection by verdict, the worst kinds
// first.
func (f *Flow) verdictsText() string {
	r := Report{Findings: Findings{ByVerdict: f.ByVerdict}}
	var parts []string
	for _, v := range r.verdictsFound(Verdicts()) {
		if n := f.ByVerdict[v]; n > 0 {
			parts = append(parts, count(n)+" "+v)
		}
	}
	return strings.Join(parts, ", ")
}

// frames names a finding's place in the input and, if it is another, in the
// output.
func (f *Finding) frames() string {
	if f.FrameAfter == f.Frame || f.FrameAfter == 0 {
		return fmt.Sprint(f.Frame)
	}
	return fmt.Sprintf("%d → %d", f.Frame, f.FrameAfter)
}
