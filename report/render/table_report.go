package render

import (
	"fmt"
	"maps"
	"slices"

	"github.com/mendcap/mendcap/report"
)

// verdictsTable counts the findings by verdict.
func verdictsTable(r *report.Report) *table {
	t := newTable([]column{{"verdict", asCode}, {"findings", asNumber}, {"meaning", asWords}})
	for _, v := range report.VerdictsIn(r.Findings.ByVerdict) {
		if n := r.Findings.ByVerdict[v]; n > 0 {
			t.add(textCell(string(v)), numberCell(n), textCell(v.Meaning()))
		}
	}
	return t
}

// flagsTable shows flags of which the last is the sum, as flagCounts gives them.
func flagsTable(flags []flagCount) *table {
	t := newTable([]column{{"flag", asCode}, {"before", asNumber}, {"after", asNumber}})
	for _, f := range flags {
		t.add(textCell(f.name), numberCell(f.before), numberCell(f.after))
	}
	if last := len(t.Rows) - 1; last >= 0 {
		t.Rows, t.Foot = t.Rows[:last], t.Rows[last]
	}
	return t
}

func flowsTable(flows []report.Flow) *table {
	t := newTable([]column{
		{"connection", asConnection}, {"packets", asNumber}, {"payload", asNumber}, {"lasted", asNumber}, {"moved", asNumber},
		{"flags before", asNumber}, {"after", asNumber}, {"findings", asVerdicts},
	})
	for _, f := range flows {
		t.add(textCell(f.Name), numberCell(f.Packets), sizeCell(f.Bytes), durationCell(f.Last.Sub(f.First)), numberCell(f.Moved),
			numberCell(f.Before), numberCell(f.After), verdictsCell(f.ByVerdict))
	}
	return t
}

func findingsTable(findings []report.Finding) *table {
	t := newTable([]column{
		{"frame", asNumber}, {"flag", asFlag}, {"verdict", asVerdicts}, {"connection", asConnection}, {"evidence", asSentence},
	})
	for _, f := range findings {
		verdict := tag{detailed(f.Verdict, f.Detail), string(f.Verdict)}
		t.add(sortedCell(findingFrames(&f), f.Frame), textCell(f.Label()), cell{Tags: []tag{verdict}},
			textCell(f.Flow.String()), textCell(f.Evidence))
	}
	return t
}

// lawsTable shows the laws that met something.
func lawsTable(r *report.Report) *table {
	t := newTable([]column{
		{"law", asCode}, {"violations", asNumber}, {"explained by drops", asNumber}, {"moved", asNumber}, {"unrepaired", asNumber},
	})
	for _, name := range slices.Sorted(maps.Keys(r.Order.ByLaw)) {
		if l := r.Order.ByLaw[name]; l != (report.Law{}) {
			t.add(textCell(string(name)), numberCell(l.Violations), numberCell(l.Explained), numberCell(l.Moved), numberCell(l.Unrepaired))
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
	add := func(name string, p report.Proof) {
		t.add(textCell(name), numberCell(p.Proved), numberCell(p.Likely), numberCell(p.AsCaptured), numberCell(p.Unknown))
	}
	if r.Inference.Packets != 0 {
		add("Next Header", r.Inference.NextHeader)
		add("Destination", r.Inference.Destination)
	}
	return t
}

func sourcesTable(files []report.Table) *table {
	t := newTable([]column{
		{"file", asName}, {"format", asCode}, {"rows", asNumber}, {"addresses", asNumber}, {"cut", asNumber}, {"lines not understood", asNumber},
	})
	for _, f := range files {
		t.add(textCell(f.Name), textCell(f.Format), numberCell(int64(f.Rows)), numberCell(int64(f.Addresses)),
			numberCell(int64(f.Cut)), numberCell(int64(f.NotUnderstood)))
	}
	return t
}

func interfacesTable(interfaces []report.Interface) *table {
	t := newTable([]column{
		{"section", asNumber}, {"interface", asNumber}, {"name", asName}, {"link type", asWords}, {"tick", asWords}, {"packets", asNumber},
	})
	for _, f := range interfaces {
		t.add(numberCell(int64(f.Section)), numberCell(int64(f.ID)), textCell(f.Name),
			textCell(fmt.Sprintf("%s (%d)", f.LinkName, f.LinkType)), textCell(f.Resolution), numberCell(f.Packets))
	}
	return t
}

// lossTable shows the estimates of what the capture missed.
func lossTable(directions []report.DirectionLoss) *table {
	t := newTable([]column{
		{"direction", asWords}, {"acknowledged", asNumber}, {"missed", asNumber}, {"share", asNumber}, {"95 % interval", asWords},
		{"gaps", asNumber}, {"packets", asNumber}, {"connections judged", asNumber}, {"remark", asSentence},
	})
	for _, d := range directions {
		var share, interval, packets, remark cell
		if d.NoEstimate == "" {
			share = sortedCell(percent(d.RatePPM), d.RatePPM)
			interval.Text = percent(d.LowPPM) + " to " + percent(d.HighPPM)
			packets = sortedCell(fromTo(d.PacketsLeast, d.PacketsMost), d.PacketsLeast)
		} else {
			remark.Text = "no estimate: " + d.NoEstimate
		}
		t.add(textCell(d.Direction), sizeCell(d.AckedBytes), sizeCell(d.MissedBytes), share, interval, numberCell(d.GapEvents), packets,
			numberCell(d.Connections), remark)
	}
	return t
}

// overflowTable shows when gaps came together.
func overflowTable(overflows []report.Overflow) *table {
	t := newTable([]column{
		{"time (UTC)", asWords}, {"lasted", asNumber}, {"connections", asNumber}, {"missed", asNumber}, {"frame after it", asNumber},
	})
	for _, o := range overflows {
		t.add(textCell(o.Start.UTC().Format("2006-01-02 15:04:05.000000")), durationCell(o.Span), numberCell(int64(o.Connections)),
			sizeCell(o.MissedBytes), numberCell(o.Frame))
	}
	return t
}
