package render

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

func captureText(c *report.Capture) string {
	lines := cut(c.Interfaces, shownInterfaces, 1, 0, interfaceText, " interfaces")
	return strings.Join(append([]string{captureSummary(c)}, lines...), "\n")
}

func interfaceText(f *report.Interface) string {
	section := text.When(f.Section > 0, fmt.Sprintf(" of section %d", f.Section))
	return fmt.Sprintf("interface %d%s%s: %s (%d), ticks of %s, %s", f.ID, section, text.When(f.Name != "", " ("+f.Name+")"),
		f.LinkName, f.LinkType, f.Resolution, text.Plural(f.Packets, "packet"))
}

// packetsText says how many packets there are, and when they were captured.
func packetsText(packets, bytes int64, first, last time.Time) string {
	said := text.Plural(packets, "packet") + ", " + text.Size(bytes)
	return said + text.When(!first.IsZero(), "\n"+period(first, last))
}

// period writes two times in UTC and what lies between; the second without its
// date where that is the same.
func period(first, last time.Time) string {
	const date = "2006-01-02"
	first, last = first.UTC(), last.UTC()
	clock := clockOf(first, last)
	again := text.When(first.Format(date) != last.Format(date), last.Format(date)+" ")
	return fmt.Sprintf("%s %s to %s%s UTC, %s", first.Format(date), first.Format(clock), again, last.Format(clock),
		text.Duration(last.Sub(first)))
}

func outputText(o *report.Output) string {
	if o.Status == "" {
		return "" // nothing was to be written
	}
	name := cmp.Or(text.When(o.Name == "-", "standard output"), text.Sanitise(o.Name))
	s := name + " " + text.Sanitise(o.Status)
	switch o.Status {
	case report.StatusOmitted:
		s = name + " is not written"
	case "unchanged":
		s = name + " is unchanged: the same bytes were there"
	}
	if !o.Changed {
		return s + "; no packet was edited or moved"
	}
	return text.Join("; ", s, text.Plural(o.Edited, "packet")+" edited",
		text.When(o.Annotated > 0, text.Plural(o.Annotated, "packet")+" with verdicts as comments"),
		text.When(o.LeftOut > 0, text.Plural(o.LeftOut, "item")+" left out, since they must not be copied when data changes"))
}

func tablesText(tables []report.Table) string {
	return strings.Join(cut(tables, shownTables, 1, 0, tableText, " files"), "\n")
}

func tableText(t *report.Table) string {
	return fmt.Sprintf("%s: %s, %s, %s", t.Name, t.Format, text.Plural(int64(t.Rows), "row"),
		text.Plural(int64(t.Addresses), "address")) + refusedText(int64(t.Cut), int64(t.NotUnderstood))
}

func inferenceText(i *report.Inference) string {
	return text.Plural(i.Packets, "header-less IPv6 packet") + ", " +
		text.Plural(int64(i.Candidates), "address") + " tried" +
		evidence("\nproved by ", i.ByEvidence, "") + evidence("\nlikely by ", i.LikelyByEvidence, "")
}

// evidence lists counts of answers by what carried them, the most frequent first,
// between the words before and after; of no answers it says nothing.
func evidence(before string, counts map[string]int64, after string) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var by []string
	for _, name := range names {
		if n := counts[name]; n > 0 {
			by = append(by, text.Sanitise(name)+" "+text.Count(n))
		}
	}
	return text.When(len(by) > 0, before+strings.Join(by, ", ")+after)
}

func orderText(o *report.Order) string { return text.Join("\n", orderSummary(o), orderDetails(o)) }

// orderDetails say on what the order rests.
func orderDetails(o *report.Order) string {
	found := disturbanceText(&o.Disturbance)
	measured := o.TimeScales != (report.TimeScales{}) || o.ShiftLimit != 0 // by a violation
	return text.Join("\n",
		"basis "+text.Sanitise(o.Basis)+
			text.When(o.Vantage != "", "; capturing host: "+text.Sanitise(o.Vantage)+localText(o)),
		text.When(found != "", "found: "+found),
		text.When(o.Uncertainty.Max > 0, fmt.Sprintf("times are certain to %s (half of the packets), %s (99 %%)",
			text.Duration(o.Uncertainty.Median), text.Duration(o.Uncertainty.P99))),
		text.When(measured, "clock tick "+text.Duration(o.TimeScales.Tick)+
			", jitter of threads "+text.Duration(o.TimeScales.ThreadJitter)+
			", of the queue "+text.Duration(o.TimeScales.QueueJitter)+
			"; no packet moves by more than "+text.Duration(o.ShiftLimit)))
}

// disturbanceText says what was found of how the capture was taken, in short; "" for nothing.
func disturbanceText(d *report.Disturbance) string {
	return text.Join(", ",
		text.When(d.IPID != "" && d.IPID != "none", "IPv4 IDs are counted ("+text.Sanitise(d.IPID)+")"),
		text.When(d.Copies, "packets were seen twice"),
		text.When(d.EarlyResponses, "responses were recorded before their causes"),
		text.When(d.SwappedPackets, "packets of one sender were swapped"),
		text.When(d.ClockSteps > 0, "stamps go back by more than any jitter "+text.Plural(d.ClockSteps, "time")))
}

func localText(o *report.Order) string {
	shown := cut(o.Local[:min(len(o.Local), shownAddresses)], shownAddresses, 0, 0, (*netip.Addr).String, "")
	more := len(o.Local) - len(shown)
	said := strings.Join(shown, ", ") + text.When(more > 0, " "+andMore(int64(more), ""))
	return text.When(said != "", " ("+said+")")
}
