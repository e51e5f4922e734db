package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

func captureText(c *report.Capture) string {
	named := *c
	named.Name, named.Format = text.Sanitise(c.Name), text.Sanitise(c.Format)
	named.Compression = text.Sanitise(c.Compression)
	lines := cut(c.Interfaces, shownInterfaces, 1, 0, interfaceText, "and %d more interfaces")
	return strings.Join(append([]string{captureSummary(&named)}, lines...), "\n")
}

func interfaceText(f *report.Interface) string {
	s := fmt.Sprintf("interface %d", f.ID)
	if f.Section > 0 {
		s += fmt.Sprintf(" of section %d", f.Section)
	}
	if f.Name != "" {
		s += " (" + text.Sanitise(f.Name) + ")"
	}
	return fmt.Sprintf("%s: %s (%d), ticks of %s, %s", s, text.Sanitise(f.LinkName), f.LinkType,
		text.Sanitise(f.Resolution), text.Plural(f.Packets, "packet"))
}

// period writes two times in UTC and what lies between; the second without its
// date where that is the same.
func period(first, last time.Time) string {
	const date = "2006-01-02"
	first, last = first.UTC(), last.UTC()
	clock := clockOf(first, last)
	end := last.Format(clock)
	if first.Format(date) != last.Format(date) {
		end = last.Format(date) + " " + end
	}
	return fmt.Sprintf("%s %s to %s UTC, %s", first.Format(date), first.Format(clock), end,
		text.Duration(last.Sub(first)))
}

func outputText(o *report.Output) string {
	if o.Status == "" {
		return "" // nothing was to be written
	}
	name := text.Sanitise(o.Name)
	if o.Name == "-" {
		name = "standard output"
	}
	s := name + " " + text.Sanitise(o.Status)
	if o.Status == "unchanged" {
		s = name + " is unchanged: the same bytes were there"
	}
	if !o.Changed {
		return s + "; no packet was edited or moved"
	}
	s += "; " + text.Plural(o.Edited, "packet") + " edited"
	if o.LeftOut > 0 {
		s += "; " + text.Plural(o.LeftOut, "item") + " left out, since they must not be copied when data changes"
	}
	return s
}

func tablesText(tables []report.Table) string {
	return strings.Join(cut(tables, shownTables, 1, 0, tableText, "and %d more files"), "\n")
}

func tableText(t *report.Table) string {
	return fmt.Sprintf("%s: %s, %s, %s", text.Sanitise(t.Name), text.Sanitise(t.Format), text.Plural(int64(t.Rows), "row"),
		text.Plural(int64(t.Addresses), "address")) + refusedText(int64(t.Cut), int64(t.NotUnderstood))
}

func inferenceText(i *report.Inference) string {
	s := text.Plural(i.Packets, "IPv6 packet") + " without a header of its own, " +
		text.Plural(int64(i.Candidates), "address") + " tried"
	if by := evidence(i.ByEvidence); by != "" {
		s += "\nproved by " + by
	}
	if by := evidence(i.LikelyByEvidence); by != "" {
		s += "\nlikely by " + by
	}
	return s
}

// evidence lists counts of answers by what carried them, the most frequent first.
func evidence(counts map[string]int64) string {
	names := slices.SortedFunc(maps.Keys(counts), byCount(counts))
	var by []string
	for _, name := range names {
		if n := counts[name]; n > 0 {
			by = append(by, text.Sanitise(name)+" "+text.Count(n))
		}
	}
	return strings.Join(by, ", ")
}

// byCount orders names by falling count, then by name.
func byCount(counts map[string]int64) func(a, b string) int {
	return func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	}
}

func orderText(o *report.Order) string {
	if details := orderDetails(o); details != "" {
		return orderSummary(o) + "\n" + details
	}
	return orderSummary(o)
}

// orderDetails say on what the order rests.
func orderDetails(o *report.Order) string {
	s := "basis " + text.Sanitise(o.Basis)
	if o.Vantage != "" {
		s += "; capturing host: " + text.Sanitise(o.Vantage) + localText(o)
	}
	if found := disturbanceText(&o.Disturbance); found != "" {
		s += "\nfound: " + found
	}
	if o.Uncertainty.Max > 0 {
		s += fmt.Sprintf("\ntimes are certain to %s (half of the packets), %s (99 %%)",
			text.Duration(o.Uncertainty.Median), text.Duration(o.Uncertainty.P99))
	}
	if o.TimeScales == (report.TimeScales{}) && o.ShiftLimit == 0 {
		return s // no violation measured anything
	}
	return s + fmt.Sprintf("\nclock tick %s, jitter of threads %s, of the queue %s; no packet moves by more than %s", text.Duration(o.TimeScales.Tick),
		text.Duration(o.TimeScales.ThreadJitter), text.Duration(o.TimeScales.QueueJitter), text.Duration(o.ShiftLimit))
}

// disturbanceText says what was found of how the capture was taken, in short; "" for nothing.
func disturbanceText(l *report.Disturbance) string {
	var parts []string
	if l.IPID != "" && l.IPID != "none" {
		parts = append(parts, "IPv4 IDs are counted ("+text.Sanitise(l.IPID)+")")
	}
	for _, p := range []struct {
		holds bool
		text  string
	}{
		{l.Copies, "packets were seen twice"},
		{l.EarlyResponses, "responses were recorded before their causes"},
		{l.SwappedPackets, "packets of one sender were swapped"},
	} {
		if p.holds {
			parts = append(parts, p.text)
		}
	}
	if l.ClockSteps > 0 {
		parts = append(parts, "stamps go back by more than any jitter "+text.Plural(l.ClockSteps, "time"))
	}
	return strings.Join(parts, ", ")
}

func localText(o *report.Order) string {
	if len(o.Local) == 0 {
		return ""
	}
	shown := make([]string, 0, shownAddresses)
	for _, a := range o.Local[:min(len(o.Local), shownAddresses)] {
		shown = append(shown, text.Sanitise(a.String()))
	}
	s := strings.Join(shown, ", ")
	if more := len(o.Local) - len(shown); more > 0 {
		s += fmt.Sprintf(" and %d more", more)
	}
	return " (" + s + ")"
}
