package render

import (
	"fmt"
	"strconv"

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
	for _, t := range tableViews(r, left.findings) {
		if len(t.Rows) == 0 {
			continue
		}
		if t.ID == "findings" {
			v.findings = len(t.Rows)
		}
		t.ID = id(t.ID)
		v.Tables = append(v.Tables, t)
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
	shown := r.Flows.List[:min(len(r.Flows.List), pageFlows)]
	v := &flowsView{ID: id, Table: tableView{Label: "Connections"}.holding(flowsTable(shown))}
	for i := range shown {
		f := &shown[i]
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
