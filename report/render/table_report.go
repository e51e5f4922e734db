package render

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mendcap/mendcap/report"
)

// flagsTable shows flags of which the last is the sum, as flagCounts gives them.
func flagsTable(flags []flagCount) *table {
	columns := []column{{"flag", asCode}, {"before", asNumber}, {"after", asNumber}}
	t := tableOf(columns, flags, func(f *flagCount) []any { return []any{f.name, f.before, f.after} })
	if last := len(t.Rows) - 1; last >= 0 {
		t.Rows, t.Foot = t.Rows[:last], t.Rows[last]
	}
	return t
}

func flowsTable(flows []report.Flow) *table {
	columns := []column{
		{"connection", asConnection}, {"packets", asNumber}, {"payload", asNumber}, {"lasted", asNumber}, {"moved", asNumber},
		{"flags before", asNumber}, {"after", asNumber}, {"findings", asVerdicts},
	}
	return tableOf(columns, flows, func(f *report.Flow) []any {
		return []any{f.Name, f.Packets, size(f.Bytes), f.Last.Sub(f.First), f.Moved, f.Before, f.After, verdictsCell(f.ByVerdict)}
	})
}

func findingsTable(findings []report.Finding) *table {
	columns := []column{
		{"frame", asNumber}, {"flag", asFlag}, {"verdict", asVerdicts}, {"connection", asConnection}, {"evidence", asSentence},
	}
	return tableOf(columns, findings, func(f *report.Finding) []any {
		verdict := cell{Tags: []tag{{detailed(f.Verdict, f.Detail), string(f.Verdict)}}}
		return []any{sortedCell(findingFrames(f), f.Frame), f.Label(), verdict, f.Flow, f.Evidence}
	})
}

// lawsTable shows the laws that met something.
func lawsTable(r *report.Report) *table {
	t := newTable([]column{
		{"law", asCode}, {"violations", asNumber}, {"explained by drops", asNumber}, {"moved", asNumber}, {"unrepaired", asNumber},
	})
	for _, name := range slices.Sorted(maps.Keys(r.Order.ByLaw)) {
		if l := r.Order.ByLaw[name]; l != (report.Law{}) {
			t.add(name, l.Violations, l.Explained, l.Moved, l.Unrepaired)
		}
	}
	return t
}

// headersTable says where the fields of IPv6 headers come from, if any were
// missing.
func headersTable(r *report.Report) *table {
	t := newTable([]column{
		{"field", asWords}, {"proved", asNumber}, {"likely", asNumber}, {"as captured", asNumber}, {"unknown", asNumber},
	})
	if r.Inference.Packets != 0 {
		next, to := r.Inference.NextHeader, r.Inference.Destination
		t.add("Next Header", next.Proved, next.Likely, next.AsCaptured, next.Unknown)
		t.add("Destination", to.Proved, to.Likely, to.AsCaptured, to.Unknown)
	}
	return t
}

func sourcesTable(files []report.Table) *table {
	columns := []column{
		{"file", asName}, {"format", asCode}, {"rows", asNumber}, {"addresses", asNumber}, {"cut", asNumber}, {"lines not understood", asNumber},
	}
	return tableOf(columns, files, func(f *report.Table) []any {
		return []any{f.Name, f.Format, f.Rows, f.Addresses, f.Cut, f.NotUnderstood}
	})
}

func interfacesTable(interfaces []report.Interface) *table {
	columns := []column{
		{"section", asNumber}, {"interface", asNumber}, {"name", asName}, {"link type", asWords}, {"tick", asWords}, {"packets", asNumber},
	}
	return tableOf(columns, interfaces, func(f *report.Interface) []any {
		return []any{f.Section, int64(f.ID), f.Name, fmt.Sprintf("%s (%d)", f.LinkName, f.LinkType), f.Resolution, f.Packets}
	})
}

// lossTable shows the estimates of what the capture missed.
func lossTable(directions []report.DirectionLoss) *table {
	columns := []column{
		{"direction", asWords}, {"acknowledged", asNumber}, {"missed", asNumber}, {"share", asNumber}, {"95 % interval", asWords},
		{"gaps", asNumber}, {"packets", asNumber}, {"connections judged", asNumber}, {"remark", asSentence},
	}
	return tableOf(columns, directions, func(d *report.DirectionLoss) []any {
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
}

// overflowTable shows when gaps came together.
func overflowTable(overflows []report.Overflow) *table {
	columns := []column{
		{"time (UTC)", asWords}, {"lasted", asNumber}, {"connections", asNumber}, {"missed", asNumber}, {"frame after it", asNumber},
	}
	return tableOf(columns, overflows, func(o *report.Overflow) []any {
		return []any{o.Start.UTC().Format("2006-01-02 15:04:05.000000"), o.Span, o.Connections, size(o.MissedBytes), o.Frame}
	})
}
