package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// pageLimits are what is left for one capture of a page.
type pageLimits struct{ findings, graphs int }

// captureView is all that the page says of one capture; its texts are
// sanitised.
type captureView struct {
	Number         int
	Name, Headline string
	Verdicts       []verdictView
	Facts          []factView
	Timeline       *chartView
	Flows          *flowsView
	Moves          *chartView
	Tables         []*tableView
	Notes          []string
	findings       int
}

// verdictView is a tile, and its share of the bar below.
type verdictView struct{ Name, Class, Count, Meaning, X, W string }

type factView struct{ Label, Text string }

type flowsView struct {
	ID, Rest string
	Table    *tableView
	Graphs   []graphView
}

func viewCapture(r *report.Report, number int, left pageLimits) *captureView {
	id := func(name string) string { return fmt.Sprintf("%s-%d", name, number) }
	v := &captureView{
		Number: number, Name: text.Sanitise(r.Capture.Name), Headline: headline(r), Verdicts: viewVerdicts(r),
		Timeline: viewTimeline(r, id("time")), Flows: viewFlows(r, id("flows"), left.graphs), Moves: viewMoves(r, id("moves")),
	}
	for _, f := range reportFacts(r) {
		v.Facts = append(v.Facts, factView{f.label, sanitisedText(f.text)})
	}
	findings := findingsTable(r, left.findings)
	if findings != nil {
		v.findings = len(findings.Rows)
	}
	for _, t := range []*tableView{
		flagsTable(r), findings, lossTable(r), overflowTable(r), lawsTable(r), headersTable(r), sourcesTable(r), interfacesTable(r),
	} {
		if t != nil && len(t.Rows) > 0 {
			t.ID = id(t.ID)
			v.Tables = append(v.Tables, t)
		}
	}
	v.Notes = notDrawn(r)
	for i, note := range r.Notes {
		if i == pageNotes {
			v.Notes = append(v.Notes, fmt.Sprintf("and %d more", len(r.Notes)-i))
			break
		}
		v.Notes = append(v.Notes, text.Sanitise(note))
	}
	return v
}

func viewVerdicts(r *report.Report) []verdictView {
	var list []verdictView
	at := 0.0
	for _, name := range report.VerdictsIn(r.Findings.ByVerdict) {
		n := r.Findings.ByVerdict[name]
		if n <= 0 {
			continue
		}
		w := 1000 * float64(n) / float64(max(r.Findings.Total, 1))
		list = append(list, verdictView{text.Sanitise(name), verdictClass(name), text.Count(n), report.Meaning(name), px(at), px(w)})
		at += w
	}
	return list
}

func viewFlows(r *report.Report, id string, graphs int) *flowsView {
	if len(r.Flows.List) == 0 {
		return nil
	}
	v := &flowsView{ID: id, Table: &tableView{
		Label:   "Connections",
		Columns: columnsOf("connection", "packets#", "payload#", "lasted#", "moved#", "flags before#", "after#", "findings"),
	}}
	shown := r.Flows.List[:min(len(r.Flows.List), pageFlows)]
	for i := range shown {
		f := &shown[i]
		v.Table.Rows = append(v.Table.Rows, []cell{
			textCell(f.Name, "mono conn"), numberCell(f.Packets), sizeCell(f.Bytes), durationCell(f.Last.Sub(f.First)), numberCell(f.Moved),
			numberCell(f.Before), numberCell(f.After), tagsCell(f.ByVerdict),
		})
		if f.Graph != nil && len(f.Graph.Points) > 0 && len(f.Graph.Points) <= drawnPoints && len(v.Graphs) < graphs {
			g := viewGraph(f, id+"-"+strconv.Itoa(i))
			g.Open = len(v.Graphs) < 3
			v.Graphs = append(v.Graphs, g)
		}
	}
	if more := bounded.Sub(r.Flows.Total, int64(len(shown))); more > 0 {
		v.Rest = fmt.Sprintf("Listed: %s of %s.", text.Count(int64(len(shown))), text.Plural(r.Flows.Total, "connection"))
	}
	return v
}

func flagsTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "flags", Heading: "Flags of the analyser", Label: "Flags of the analyser before and after",
		Hints:   []string{"What Wireshark shows as tcp.analysis, in the capture and in the repaired one.", beforeMeans},
		Columns: columnsOf("flag", "before#", "after#"),
	}
	flags := flagCounts(r)
	for i, f := range flags {
		cells := []cell{textCell(f.name, "mono"), numberCell(f.before), numberCell(f.after)}
		if i == len(flags)-1 {
			t.Foot = cells
		} else {
			t.Rows = append(t.Rows, cells)
		}
	}
	return t
}

func findingsTable(r *report.Report, limit int) *tableView {
	shown := r.Findings.List[:max(0, min(len(r.Findings.List), limit))]
	t := &tableView{
		ID: "findings", Heading: "Findings", Label: "Findings", Tall: len(shown) > 15,
		Columns: columnsOf("frame#", "flag", "verdict", "connection", "evidence"),
	}
	if int64(len(shown)) < r.Findings.Total {
		t.Hints = []string{fmt.Sprintf("The first %s of %s.", text.Count(int64(len(shown))), text.Count(r.Findings.Total))}
	}
	for i := range shown {
		f := &shown[i]
		t.Rows = append(t.Rows, []cell{
			framesCell(f), textCell(f.Label(), "mono flag"), {Tags: []tag{{text.Sanitise(verdictText(f)), verdictClass(f.Verdict)}}},
			textCell(f.Flow, "mono conn"), textCell(f.Evidence, "long"),
		})
	}
	return t
}

func lawsTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "laws", Heading: "Laws of order", Label: "Laws of order",
		Columns: columnsOf("law", "violations#", "explained by drops#", "moved#", "unrepaired#"),
	}
	for _, name := range slices.Sorted(maps.Keys(r.Order.ByLaw)) {
		if l := r.Order.ByLaw[name]; l != (report.Law{}) {
			t.Rows = append(t.Rows, []cell{
				textCell(name, "mono"), numberCell(l.Violations), numberCell(l.Explained), numberCell(l.Moved), numberCell(l.Unrepaired),
			})
		}
	}
	t.Hints = strings.Split(orderDetails(&r.Order), "\n")
	return t
}

func headersTable(r *report.Report) *tableView {
	if r.Inference.Packets == 0 {
		return nil
	}
	t := &tableView{
		ID: "headers", Heading: "IPv6 headers", Label: "Inferred fields of IPv6 headers",
		Columns: columnsOf("field", "proved#", "likely#", "as captured#", "unknown#"),
	}
	for _, f := range []struct {
		name string
		p    report.Proof
	}{{"Next Header", r.Inference.NextHeader}, {"Destination", r.Inference.Destination}} {
		t.Rows = append(t.Rows, []cell{textCell(f.name, ""), numberCell(f.p.Inferred), numberCell(f.p.Likely), numberCell(f.p.AsCaptured), numberCell(f.p.Unknown)})
	}
	if by := evidence(r.Inference.ByEvidence); by != "" {
		t.Hints = append(t.Hints, "Proved by "+by+".")
	}
	if by := evidence(r.Inference.LikelyByEvidence); by != "" {
		t.Hints = append(t.Hints, "Likely by "+by+".")
	}
	return t
}

func sourcesTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "sources", Heading: "Network tables", Label: "Network tables that were read",
		Columns: columnsOf("file", "format", "rows#", "addresses#", "cut#", "lines not understood#"),
	}
	shown := r.Tables[:min(len(r.Tables), pageRows)]
	for _, f := range shown {
		t.Rows = append(t.Rows, []cell{
			textCell(f.Name, "conn"), textCell(f.Format, "mono"), numberCell(int64(f.Rows)), numberCell(int64(f.Addresses)),
			numberCell(int64(f.Cut)), numberCell(int64(f.NotUnderstood)),
		})
	}
	t.rest(len(shown), int64(len(r.Tables)))
	return t
}

func interfacesTable(r *report.Report) *tableView {
	t := &tableView{
		ID: "interfaces", Heading: "Interfaces", Label: "Interfaces of the capture",
		Columns: columnsOf("section#", "interface#", "name", "link type", "tick", "packets#"),
	}
	shown := r.Capture.Interfaces[:min(len(r.Capture.Interfaces), pageRows)]
	for i := range shown {
		f := &shown[i]
		t.Rows = append(t.Rows, []cell{
			numberCell(int64(f.Section)), numberCell(int64(f.ID)), textCell(f.Name, "conn"),
			textCell(fmt.Sprintf("%s (%d)", f.LinkName, f.LinkType), ""), textCell(f.Resolution, ""), numberCell(f.Packets),
		})
	}
	t.rest(len(shown), int64(len(r.Capture.Interfaces)))
	return t
}

// rest says how many rows there are where not all are shown.
func (t *tableView) rest(shown int, all int64) {
	if int64(shown) < all {
		t.Hints = append(t.Hints, fmt.Sprintf("The first %d of %s.", shown, text.Count(all)))
	}
}
