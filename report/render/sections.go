package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// listed gives a section a table with a row for each element of a list, of so many in
// all, and says so where not all are shown.
func listed[T any](s section, list []T, all int64, columns []column, row func(*T) []any) section {
	s.Table, s.Total = tableOf(columns, list, row), all
	if shown := int64(len(list)); shown < all {
		s.Hints = append(s.Hints, fmt.Sprintf("The first %s of %s.", text.Count(shown), text.Count(all)))
	}
	return s
}

// first are as many elements as a page shows.
func first[T any](list []T) []T { return list[:min(len(list), pageRows)] }

func flowsSection(r *report.Report, most int, id string, graphs int) section {
	columns := []column{
		{"connection", asConnection}, {"packets", asNumber}, {"payload", asNumber}, {"lasted", asNumber}, {"moved", asNumber},
		{"flags before", asNumber}, {"after", asNumber}, {"findings", asVerdicts},
	}
	shown := r.Flows.List[:min(len(r.Flows.List), most)]
	s := section{ID: "flows", Heading: "Connections, worst first", Label: "Connections", Total: r.Flows.Total}
	s.Table = tableOf(columns, shown, func(f *report.Flow) []any {
		return []any{f.Name, f.Packets, size(f.Bytes), f.Last.Sub(f.First), f.Moved, f.Before, f.After, verdictsCell(f.ByVerdict)}
	})
	suffix := strings.TrimPrefix(id, "flows") // of a page's number
	for i, f := range shown {
		if f.Graph != nil && len(f.Graph.Points) > 0 && len(f.Graph.Points) <= drawnPoints && len(s.Graphs) < graphs {
			g := viewGraph(&f, fmt.Sprintf("%s-%d", id, i))
			g.Open = len(s.Graphs) < 3
			row := &s.Table.Rows[i][0]
			row.ID, row.Link = fmt.Sprintf("row%s-%d", suffix, i), fmt.Sprintf("graph%s-%d", suffix, i)
			g.ID, g.Row, g.Findings, g.Words = row.Link, row.ID, "remaining"+suffix, text.Sanitise(f.Graph.Direction.Source.String())
			s.Graphs = append(s.Graphs, g)
		}
	}
	if more := bounded.Sub(r.Flows.Total, int64(len(shown))); more > 0 {
		s.Hints = []string{fmt.Sprintf("Listed: %s of %s.", text.Count(int64(len(shown))), text.Plural(r.Flows.Total, "connection"))}
	}
	return s
}

func flagsSection(r *report.Report) section {
	return section{
		ID: "flags", Heading: "Flags of the analyser", Label: "Flags of the analyser before and after",
		Hints: []string{"What Wireshark shows as tcp.analysis, in the capture and in the repaired one.", beforeMeans},
		Table: flagsTable(flagCounts(r)),
	}
}

// flagsTable shows flags of which the last is the sum, as flagCounts gives them.
func flagsTable(flags []flagCount) *table {
	columns := []column{{"flag", asCode}, {"before", asNumber}, {"after", asNumber}}
	t := tableOf(columns, flags, func(f *flagCount) []any { return []any{f.name, f.before, f.after} })
	if last := len(t.Rows) - 1; last >= 0 {
		t.Rows, t.Foot = t.Rows[:last], t.Rows[last]
	}
	return t
}

// findingsSections show what remains of the findings, and then what was repaired,
// each sentence once.
func findingsSections(r *report.Report, left *report.Remains, limit int) (remaining, repaired section) {
	limit = max(0, limit)
	remaining = section{Finds: true, ID: "remaining", Heading: "Still there", Label: "What remains of the findings, worst first"}
	if left.Filter != "" {
		remaining.Hints = []string{"Display filter for the output: " + left.Filter}
	}
	shown := left.Groups[:min(len(left.Groups), limit)]
	others := r.Findings.Groups()[len(left.Groups):]
	repaired = section{Finds: true, ID: "findings", Heading: "Repaired", Label: "Findings that were repaired"}
	return groupsSection(remaining, shown, left.Groups), groupsSection(repaired, others[:min(len(others), limit-len(shown))], others)
}

// groupsSection shows the first ones of some groups.
func groupsSection(s section, shown, all []report.Group) section {
	columns := []column{
		{"frame", asNumber}, {"findings", asNumber}, {"flag", asFlag}, {"verdict", asVerdicts}, {"connection", asConnection}, {"evidence", asSentence},
	}
	s.Tall = len(shown) > 15
	return listed(s, shown, int64(len(all)), columns, func(g *report.Group) []any {
		verdict := cell{Tags: []tag{{detailed(g.Verdict, g.Detail), string(g.Verdict)}}}
		return []any{sortedCell(findingFrames(g.First), g.First.Frame), g.Count, strings.Join(g.About, ", "), verdict,
			groupFlow(g), text.Join("; ", g.Evidence, text.When(len(g.Frames) > 1, "in the output "+groupFrames(g)))}
	})
}

// groupFlow names the connection of the first of a group.
func groupFlow(g *report.Group) string {
	return g.Flow.String() + text.When(g.Flows > 1, " "+andMore(g.Flows-1, ""))
}

// groupFrames lists the first frames of a group that has several.
func groupFrames(g *report.Group) string {
	if len(g.Frames) < 2 {
		return ""
	}
	said := strings.ReplaceAll(strings.Trim(fmt.Sprint(first(g.Frames)), "[]"), " ", ", ")
	return "frames " + said + text.When(int64(len(g.Frames)) < g.Count, ", …")
}

// lossSection shows the estimates of what the capture missed.
func lossSection(r *report.Report) section {
	columns := []column{
		{"direction", asWords}, {"acknowledged", asNumber}, {"missed", asNumber}, {"share", asNumber}, {"95 % interval", asWords},
		{"gaps", asNumber}, {"packets", asNumber}, {"connections judged", asNumber}, {"remark", asSentence},
	}
	directions := r.CaptureLoss.Directions
	s := listed(section{
		ID: "loss", Heading: "What the capture missed", Label: "Estimates of what the capture missed",
		Hints: []string{"Bytes that one end acknowledged and that the capture does not hold."},
	}, first(directions), int64(len(directions)), columns, func(d *report.DirectionLoss) []any {
		var share, interval, packets, remark cell
		if d.NoEstimate == "" {
			share = sortedCell(percent(d.RatePPM), d.RatePPM)
			interval.Text = percent(d.LowPPM) + " to " + percent(d.HighPPM)
			packets = sortedCell(fromTo(d.PacketsLeast, d.PacketsMost), d.PacketsLeast)
		} else {
			remark.Text = "no estimate: " + d.NoEstimate
		}
		return []any{d.Direction, size(d.AckedBytes), size(d.MissedBytes), share, interval, d.GapEvents, packets, d.Connections, remark}
	})
	dropCount := func(d *report.DropCount) string { return "The" + strings.TrimPrefix(dropCountText(d), "the") + "." }
	s.Hints = append(s.Hints, cut(r.CaptureLoss.DropCounts, pageRows, 0, 0, dropCount, moreDropCounts)...)
	return s
}

// overflowsSection shows when gaps came together.
func overflowsSection(r *report.Report) section {
	columns := []column{
		{"time (UTC)", asWords}, {"lasted", asNumber}, {"connections", asNumber}, {"missed", asNumber}, {"frame after it", asNumber},
	}
	overflows := r.CaptureLoss.Overflows
	return listed(section{
		ID: "overflows", Heading: "Overflows", Label: "Times at which several connections had gaps at once",
		Hints: []string{"Gaps in several connections at once, as when the socket's buffer is full."},
	}, first(overflows), bounded.Add(int64(len(overflows)), r.CaptureLoss.OverflowsOmitted), columns, func(o *report.Overflow) []any {
		return []any{o.Start.UTC().Format("2006-01-02 15:04:05.000000"), o.Span, o.Connections, size(o.MissedBytes), o.Frame}
	})
}

// lawsSection shows the laws that met something.
func lawsSection(r *report.Report) section {
	t := newTable([]column{
		{"law", asCode}, {"violations", asNumber}, {"explained by drops", asNumber}, {"moved", asNumber}, {"unrepaired", asNumber},
	})
	for _, name := range slices.Sorted(maps.Keys(r.Order.ByLaw)) {
		if l := r.Order.ByLaw[name]; l != (report.Law{}) {
			t.add(name, l.Violations, l.Explained, l.Moved, l.Unrepaired)
		}
	}
	hints := strings.Split(orderDetails(&r.Order), "\n")
	return section{ID: "laws", Heading: "Laws of order", Label: "Laws of order", Hints: hints, Table: t}
}

// headersSection says where the fields of IPv6 headers come from, if any were
// missing.
func headersSection(r *report.Report) section {
	t := newTable([]column{
		{"field", asWords}, {"proved", asNumber}, {"likely", asNumber}, {"as captured", asNumber}, {"unknown", asNumber},
	})
	if r.Inference.Packets != 0 {
		next, to := r.Inference.NextHeader, r.Inference.Destination
		t.add("Next Header", next.Proved, next.Likely, next.AsCaptured, next.Unknown)
		t.add("Destination", to.Proved, to.Likely, to.AsCaptured, to.Unknown)
	}
	hints := text.Parts(evidence("Proved by ", r.Inference.ByEvidence, "."),
		evidence("Likely by ", r.Inference.LikelyByEvidence, "."))
	return section{ID: "headers", Heading: "IPv6 headers", Label: "Inferred fields of IPv6 headers", Table: t, Hints: hints}
}

func sourcesSection(r *report.Report) section {
	columns := []column{
		{"file", asName}, {"format", asCode}, {"rows", asNumber}, {"addresses", asNumber}, {"cut", asNumber}, {"lines not understood", asNumber},
	}
	s := section{ID: "sources", Heading: "Network tables", Label: "Network tables that were read"}
	return listed(s, first(r.Tables), int64(len(r.Tables)), columns, func(f *report.Table) []any {
		return []any{f.Name, f.Format, f.Rows, f.Addresses, f.Cut, f.NotUnderstood}
	})
}

func interfacesSection(r *report.Report) section {
	columns := []column{
		{"section", asNumber}, {"interface", asNumber}, {"name", asName}, {"link type", asWords}, {"tick", asWords}, {"packets", asNumber},
	}
	all := r.Capture.Interfaces
	s := section{ID: "interfaces", Heading: "Interfaces", Label: "Interfaces of the capture"}
	return listed(s, first(all), int64(len(all)), columns, func(f *report.Interface) []any {
		return []any{f.Section, int64(f.ID), f.Name, fmt.Sprintf("%s (%d)", f.LinkName, f.LinkType), f.Resolution, f.Packets}
	})
}
