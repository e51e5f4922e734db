package render

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/report"
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
	Answer, Facts  facts
	Sections       []section
	Notes          []string
	MoreNotes      string  // says how many are left out; "" for none
	at             float64 // where the next tile's share begins
}

// room is what a format shows of lists that can be long.
type room struct {
	flows, findings, notes int
	slack                  int    // notes that a list may have beyond, so that it is not cut for them
	moreNotes              string // what is said after the number of notes left out
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
	Finds       bool // it lists findings
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
	left := r.Remaining()
	p := &page{Number: number, Kind: "mendcap report", Name: r.Capture.Name, Answer: answer(r, &left), Facts: reportFacts(r), Counts: "Findings by verdict"}
	p.Headline = headline(r, &left)
	for _, name := range report.VerdictsIn(r.Findings.ByVerdict) {
		p.tile(r.Findings.ByVerdict[name], r.Findings.Total, string(name), name.Meaning())
	}
	remaining, repaired := findingsSections(r, &left, has.findings)
	p.add(remaining)
	if has.charts {
		p.add(timelineSection(r))
	}
	p.add(flowsSection(r, has.flows, fmt.Sprintf("flows-%d", number), has.graphs))
	if has.charts {
		p.add(movesSection(r))
		p.Notes = notDrawn(r)
	}
	p.add(flagsSection(r), repaired, lossSection(r), overflowsSection(r), lawsSection(r),
		headersSection(r), sourcesSection(r), interfacesSection(r))
	shown := len(r.Notes)
	if shown > has.notes+has.slack {
		shown = has.notes
		p.MoreNotes = andMore(int64(len(r.Notes)-shown), has.moreNotes)
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

// Said is all that comes before the sections.
func (p *page) Said() facts { return append(slices.Clip(p.Answer), p.Facts...) }

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

// What a legend tells of packets.
const (
	movedTag  = "moved"
	stayedTag = "stayed"
)

// tagClass is the class of the colour of a verdict, or of an outcome.
func tagClass(of string) string {
	if of != movedTag && of != stayedTag && report.Verdict(of).Meaning() == "" && !slices.Contains(report.Outcomes(), report.Outcome(of)) {
		return "v-other"
	}
	return "v-" + of
}
