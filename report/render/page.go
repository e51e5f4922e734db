package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// page is what is said of one capture, or of a batch: first in short, then in
// sections. Its texts are as the report has them; each format shows what it has
// room for, and makes it safe in its own way.
type page struct {
	Number         int // of several pages, from 1
	Kind           string
	Name, Headline string
	Counts         string // what the tiles count
	Tiles          []tile
	Facts          facts
	Sections       []section
	Notes          []string
	MoreNotes      string  // says how many are left out; "" for none
	at             float64 // where the next tile's share begins
}

// room is what a format shows of lists that can be long.
type room struct {
	flows, findings, notes int
	slack                  int    // notes that a list may have beyond, so that it is not cut for them
	moreNotes              string // format for the number of notes left out
	graphs                 int    // pictures of connections
	charts                 bool   // all other pictures
}

// Fact is one line of a summary, or a few, under a label.
type Fact struct{ Label, Text string }

type facts []Fact

// add adds a fact, unless there is nothing to say.
func (f *facts) add(label, text string) {
	if text != "" {
		*f = append(*f, Fact{label, text})
	}
}

// table shows the texts beside their labels.
func (f facts) table(beside look) *table {
	return tableOf([]column{{"", asLabel}, {"", beside}}, f, func(f *Fact) []any { return []any{f.Label, f.Text} })
}

// tile is a count, and its share of the bar below all tiles: from X, W wide, of
// 1000.
type tile struct{ Class, Count, Name, Meaning, X, W string }

// section is a table or pictures, and what is said of them.
type section struct {
	ID, Heading string
	Hints       []string
	Label       string // says what the table is to those who don't see it
	Tall        bool   // the table scrolls by itself
	Table       *table
	Total       int64 // rows that there are, shown or not; 0 where all are shown
	Chart       *chart
	Graphs      []graphView
}

// capturePage is what a format has room for of all that is said of one capture.
func capturePage(r *report.Report, number int, has room) *page {
	p := &page{Number: number, Kind: "mendcap report", Name: r.Capture.Name, Headline: headline(r), Facts: reportFacts(r), Counts: "Findings by verdict"}
	for _, name := range report.VerdictsIn(r.Findings.ByVerdict) {
		p.tile(r.Findings.ByVerdict[name], r.Findings.Total, string(name), name.Meaning())
	}
	if has.charts {
		p.add(timelineSection(r))
	}
	p.add(flowsSection(r, has.flows, fmt.Sprintf("flows-%d", number), has.graphs))
	if has.charts {
		p.add(movesSection(r))
		p.Notes = notDrawn(r)
	}
	p.add(flagsSection(r), findingsSection(r, has.findings), lossSection(r), overflowsSection(r), lawsSection(r), headersSection(r),
		rest(section{ID: "sources", Heading: "Network tables", Label: "Network tables that were read", Table: sourcesTable(first(r.Tables))}, int64(len(r.Tables))),
		rest(section{ID: "interfaces", Heading: "Interfaces", Label: "Interfaces of the capture", Table: interfacesTable(first(r.Capture.Interfaces))}, int64(len(r.Capture.Interfaces))))
	shown := len(r.Notes)
	if shown > has.notes+has.slack {
		shown = has.notes
		p.MoreNotes = fmt.Sprintf(has.moreNotes, len(r.Notes)-shown)
	}
	p.Notes = append(p.Notes, r.Notes[:shown]...)
	return p
}

// add adds the sections that have something to show.
func (p *page) add(all ...section) {
	for _, s := range all {
		if s.Chart != nil || s.Table != nil && len(s.Table.Rows) > 0 {
			p.Sections = append(p.Sections, s)
		}
	}
}

// section returns the section of a name, an empty one where the page has none.
func (p *page) section(id string) section {
	if i := slices.IndexFunc(p.Sections, func(s section) bool { return s.ID == id }); i >= 0 {
		return p.Sections[i]
	}
	return section{Table: newTable([]column{{}})}
}

// tile adds a count that is not zero.
func (p *page) tile(n, of int64, name, meaning string) {
	if n <= 0 {
		return
	}
	w := 1000 * float64(n) / float64(max(of, 1))
	p.Tiles = append(p.Tiles, tile{tagClass(name), text.Count(n), name, meaning, px(p.at), px(w)})
	p.at += w
}

// tagClass is the class of the colour of a verdict, or of an outcome.
func tagClass(of string) string {
	if report.Verdict(of).Meaning() == "" && !slices.Contains(report.Outcomes(), report.Outcome(of)) {
		return "v-other"
	}
	return "v-" + of
}

// rest adds to a section how many rows there are, and says so where not all are
// shown.
func rest(s section, all int64) section {
	s.Total = all
	if shown := len(s.Table.Rows); int64(shown) < all {
		s.Hints = append(s.Hints, fmt.Sprintf("The first %s of %s.", text.Count(int64(shown)), text.Count(all)))
	}
	return s
}

// first are as many elements as a page shows.
func first[T any](list []T) []T { return list[:min(len(list), pageRows)] }

func flowsSection(r *report.Report, most int, id string, graphs int) section {
	shown := r.Flows.List[:min(len(r.Flows.List), most)]
	s := section{ID: "flows", Heading: "Connections, worst first", Label: "Connections", Table: flowsTable(shown), Total: r.Flows.Total}
	for i, f := range shown {
		if f.Graph != nil && len(f.Graph.Points) > 0 && len(f.Graph.Points) <= drawnPoints && len(s.Graphs) < graphs {
			g := viewGraph(&f, fmt.Sprintf("%s-%d", id, i))
			g.Open = len(s.Graphs) < 3
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

func findingsSection(r *report.Report, limit int) section {
	shown := r.Findings.List[:max(0, min(len(r.Findings.List), limit))]
	return rest(section{ID: "findings", Heading: "Findings", Label: "Findings", Tall: len(shown) > 15, Table: findingsTable(shown)}, r.Findings.Total)
}

func lossSection(r *report.Report) section {
	s := rest(section{
		ID: "loss", Heading: "What the capture missed", Label: "Estimates of what the capture missed",
		Hints: []string{"Bytes that one end acknowledged and that the capture does not hold."},
		Table: lossTable(first(r.CaptureLoss.Directions)),
	}, int64(len(r.CaptureLoss.Directions)))
	dropCount := func(d *report.DropCount) string { return "The" + strings.TrimPrefix(dropCountText(d), "the") + "." }
	s.Hints = append(s.Hints, cut(r.CaptureLoss.DropCounts, pageRows, 0, 0, dropCount, moreDropCounts)...)
	return s
}

func overflowsSection(r *report.Report) section {
	return rest(section{
		ID: "overflows", Heading: "Overflows", Label: "Times at which several connections had gaps at once",
		Hints: []string{"Gaps in several connections at once, as when the socket's buffer is full."},
		Table: overflowTable(first(r.CaptureLoss.Overflows)),
	}, bounded.Add(int64(len(r.CaptureLoss.Overflows)), r.CaptureLoss.OverflowsOmitted))
}

func lawsSection(r *report.Report) section {
	return section{ID: "laws", Heading: "Laws of order", Label: "Laws of order", Hints: strings.Split(orderDetails(&r.Order), "\n"), Table: lawsTable(r)}
}

func headersSection(r *report.Report) section {
	return section{
		ID: "headers", Heading: "IPv6 headers", Label: "Inferred fields of IPv6 headers", Table: headersTable(r),
		Hints: text.Parts(evidence("Proved by ", r.Inference.ByEvidence, "."),
			evidence("Likely by ", r.Inference.LikelyByEvidence, ".")),
	}
}
