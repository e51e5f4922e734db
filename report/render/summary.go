package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What summaries show of lists that can be long.
const (
	shownDamage     = 3
	shownDropCounts = 3
	shownDirections = 3 // in, out and both are all that there are
)

// reportFacts are what every rendering says first of a capture.
func reportFacts(r *report.Report) facts {
	all := facts{{"Capture", captureSummary(&r.Capture)}}
	all.add("Output", outputText(&r.Output))
	all.add("Tables", tablesLine(r.Tables))
	all.add("Trace", traceText(r.EventTrace))
	all.add("Headers", inferenceSummary(&r.Inference))
	all.add("Order", orderSummary(&r.Order))
	all.add("Clocks", clocksText(r.Order.Clocks))
	all.add("Loss", lossText(&r.CaptureLoss))
	damage := cut(r.Damage, shownDamage, 1, r.DamageOmitted, (*report.Damage).Text, " places")
	all.add("Damage", strings.Join(damage, "\n"))
	return all
}

// cut returns the texts of the first elements of a list, most of them, sanitised and
// without empty ones, and after them how many are left out, here or of the list
// already, of what more names. A list that is longer by slack at most is not
// cut.
func cut[T any](list []T, most, slack int, omitted int64, said func(*T) string, more string) (lines []string) {
	if len(list) > most+slack {
		list, omitted = list[:most], bounded.Add(int64(len(list)-most), omitted)
	}
	for i := range list {
		if line := text.Sanitise(said(&list[i])); line != "" {
			lines = append(lines, line)
		}
	}
	if omitted > 0 {
		lines = append(lines, andMore(omitted, more))
	}
	return lines
}

// andMore says that there are so many more, and after that what there is to say of them.
func andMore(n int64, of string) string { return "and " + text.Count(n) + " more" + of }

// captureSummary describes the capture in short. Its names are sanitised, since there
// may be a second line.
func captureSummary(c *report.Capture) string {
	name := cmp.Or(text.When(c.Name == "-", "standard input"), c.Name)
	format := text.Join(" in ", c.Format, c.Compression)
	return fmt.Sprintf("%s: %s, %s", text.Sanitise(name), text.Sanitise(format), packetsText(c.Packets, c.Bytes, c.First, c.Last))
}

func tablesLine(tables []report.Table) string {
	if len(tables) == 0 {
		return ""
	}
	var rows, cut, not int64
	for _, t := range tables {
		rows, cut, not = bounded.Add(rows, int64(t.Rows)), bounded.Add(cut, int64(t.Cut)), bounded.Add(not, int64(t.NotUnderstood))
	}
	return text.Plural(int64(len(tables)), "file") + " with " + text.Plural(rows, "row") + refusedText(cut, not)
}

// refusedText says what of network tables counts for little or nothing.
func refusedText(cut, not int64) string {
	return text.When(cut > 0, "; "+text.Plural(cut, "address")+" cut") +
		text.When(not > 0, "; "+text.Plural(not, "line")+" not understood")
}

// traceText says how many packets have an event of a trace, and how the clocks run by which
// that is known.
func traceText(e *report.EventTrace) string {
	switch {
	case e == nil:
		return ""
	case e.Clock == nil:
		return "events of raw sockets are not used: nothing shows how the trace's clock runs beside the capture's"
	}
	return fmt.Sprintf("%s of raw sockets matched to packets%s\nthe trace's clock is %s", text.Plural(e.Matched, "event"),
		text.When(e.Unchecked > 0, ", "+text.Count(e.Unchecked)+" of them without a checksum that agrees"), traceClockText(e.Clock))
}

func inferenceSummary(i *report.Inference) string {
	if i.Packets == 0 {
		return ""
	}
	return fmt.Sprintf("%s\nNext Header: %s; destination: %s",
		text.Plural(i.Packets, "header-less IPv6 packet"), proofText(&i.NextHeader), proofText(&i.Destination))
}

func proofText(p *report.Proof) string {
	return text.Join(", ", counted(p.Proved, "proved"), counted(p.Likely, "likely"),
		counted(p.AsCaptured, "as captured"), counted(p.Unknown, "unknown"))
}

// orderSummary says what was done about the order.
func orderSummary(o *report.Order) string {
	if o.Basis == "" {
		return ""
	}
	moved := "no packet moved"
	if o.Moved > 0 {
		moved = text.Plural(o.Moved, "packet") + " moved" + text.When(o.MaxShift > 0, ", by up to "+text.Duration(o.MaxShift))
	}
	return text.Join("; ", moved, text.When(o.Unrepaired > 0, text.Plural(o.Unrepaired, "violation")+" left unrepaired"),
		text.When(o.RepairedBefore, "mendcap had already put this capture in order"))
}

// lossText says what the capture missed; "" where nothing is known of it.
func lossText(c *report.CaptureLoss) string {
	lines := cut(c.Directions, shownDirections, 0, 0, directionText, " estimates")
	counts := slices.DeleteFunc(slices.Clone(c.DropCounts), func(d report.DropCount) bool { return d.Packets == 0 })
	n := bounded.Add(int64(len(c.Overflows)), c.OverflowsOmitted)
	lines = append(lines, text.When(n > 0, text.Plural(n, "time")+" several connections had gaps at once: an overflow"))
	return text.Join("\n", append(lines, cut(counts, shownDropCounts, 0, 0, dropCountText, moreDropCounts)...)...)
}

const moreDropCounts = " drop counts in the file"

func dropCountText(d *report.DropCount) string {
	return fmt.Sprintf("the file itself counts %s on interface %d (%s)", text.Plural(d.Packets, "dropped packet"), d.Interface, d.Source)
}

func directionText(d *report.DirectionLoss) string {
	side := d.Direction + text.When(d.Direction == "both", " directions")
	switch {
	case d.NoEstimate != "", d.AckedBytes == 0:
		return ""
	case d.MissedBytes == 0:
		return fmt.Sprintf("%s: missed none of %s acknowledged", side, text.Size(d.AckedBytes))
	}
	return fmt.Sprintf("%s: missed %s of %s acknowledged, %s (95 %%: %s to %s), in %s; %s packets",
		side, text.Size(d.MissedBytes), text.Size(d.AckedBytes), percent(d.RatePPM), percent(d.LowPPM), percent(d.HighPPM),
		text.Plural(d.GapEvents, "gap"), fromTo(d.PacketsLeast, d.PacketsMost))
}

func fromTo(least, most int64) string {
	return text.Count(least) + text.When(least != most, " to "+text.Count(most))
}

// percent writes parts per million.
func percent(ppm int64) string {
	if ppm > 0 && ppm < 100 {
		return "under 0.01 %"
	}
	return text.ThreeDigits(float64(ppm)/1e4) + " %"
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
func flagCounts(r *report.Report) []flagCount {
	names := slices.AppendSeq(slices.Collect(maps.Keys(r.Analysis.Before)), maps.Keys(r.Analysis.After))
	slices.Sort(names) // sums beyond int64 depend on the order
	var list []flagCount
	sum := flagCount{name: "all flags"}
	for _, name := range slices.Compact(names) {
		f := flagCount{name, r.Analysis.Before[name], r.Analysis.After[name]}
		if f.before == 0 && f.after == 0 {
			continue
		}
		list = append(list, f)
		sum.before, sum.after = bounded.Add(sum.before, f.before), bounded.Add(sum.after, f.after)
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortStableFunc(list, func(a, b flagCount) int { return cmp.Compare(b.before, a.before) })
	return append(list, sum)
}

// findingFrames names a finding's place in the input and, if it is another, in the
// output.
func findingFrames(f *report.Finding) string {
	elsewhere := f.FrameAfter != f.Frame && f.FrameAfter != 0
	return fmt.Sprint(f.Frame) + text.When(elsewhere, fmt.Sprintf(" → %d", f.FrameAfter))
}

// detailed is the verdict with its detail.
func detailed(verdict report.Verdict, detail string) string {
	return string(verdict) + text.When(detail != "", " ("+detail+")")
}
