package render

import (
	"fmt"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// tableView is a table of the page, and what is said of it. Its texts are
// sanitised.
type tableView struct {
	ID, Heading string
	Hints       []string
	Label       string // says what the table is to those who don't see it
	Tall        bool   // it scrolls by itself
	Columns     []columnView
	Rows        [][]cellView
	Foot        []cellView
}

type columnView struct{ Name, Class string }

type cellView struct {
	Text, Class, Sort string
	Tags              []tagView
}

// tagView is a verdict, with its colour beside it.
type tagView struct{ Name, Class string }

// classes are the classes of the page's style by what a column holds.
var classes = map[look]string{
	asNumber: "n", asCode: "mono", asFlag: "mono flag", asConnection: "mono conn", asName: "conn", asSentence: "long",
}

// holding returns the view with the table in it.
func (v tableView) holding(t *table) *tableView {
	for _, c := range t.columns {
		one := columnView{Name: c.name}
		if c.look == asNumber {
			one.Class = classes[asNumber]
		}
		v.Columns = append(v.Columns, one)
	}
	for _, row := range t.rows {
		v.Rows = append(v.Rows, viewRow(t.columns, row))
	}
	if t.foot != nil {
		v.Foot = viewRow(t.columns, t.foot)
	}
	return &v
}

func viewRow(columns []column, row []cell) []cellView {
	views := make([]cellView, len(row))
	for i, c := range row {
		views[i] = cellView{Text: text.Sanitise(c.text), Class: classes[columns[i].look], Sort: c.sort}
		for _, t := range c.tags {
			views[i].Tags = append(views[i].Tags, tagView{text.Sanitise(t.text), verdictClass(t.verdict)})
		}
	}
	return views
}

// verdictClass is the class of a verdict's colour.
func verdictClass(verdict string) string {
	if report.Meaning(verdict) == "" {
		return "v-other"
	}
	return "v-" + verdict
}

// rest says how many rows there are where not all are shown.
func (v *tableView) rest(all int64) *tableView {
	if shown := len(v.Rows); int64(shown) < all {
		v.Hints = append(v.Hints, fmt.Sprintf("The first %d of %s.", shown, text.Count(all)))
	}
	return v
}

// first are as many elements as a page shows.
func first[T any](list []T) []T { return list[:min(len(list), pageRows)] }

// tableViews are the tables of a capture below its connections, those without
// rows too.
func tableViews(r *report.Report, findings int) []*tableView {
	return []*tableView{
		viewFlags(r), viewFindings(r, findings), viewLoss(r), viewOverflows(r), viewLaws(r), viewHeaders(r),
		tableView{ID: "sources", Heading: "Network tables", Label: "Network tables that were read"}.
			holding(sourcesTable(first(r.Tables))).rest(int64(len(r.Tables))),
		tableView{ID: "interfaces", Heading: "Interfaces", Label: "Interfaces of the capture"}.
			holding(interfacesTable(first(r.Capture.Interfaces))).rest(int64(len(r.Capture.Interfaces))),
	}
}

func viewFlags(r *report.Report) *tableView {
	return tableView{
		ID: "flags", Heading: "Flags of the analyser", Label: "Flags of the analyser before and after",
		Hints: []string{"What Wireshark shows as tcp.analysis, in the capture and in the repaired one.", beforeMeans},
	}.holding(flagsTable(flagCounts(r)))
}

func viewFindings(r *report.Report, limit int) *tableView {
	shown := r.Findings.List[:max(0, min(len(r.Findings.List), limit))]
	v := tableView{ID: "findings", Heading: "Findings", Label: "Findings", Tall: len(shown) > 15}
	if int64(len(shown)) < r.Findings.Total {
		v.Hints = []string{fmt.Sprintf("The first %s of %s.", text.Count(int64(len(shown))), text.Count(r.Findings.Total))}
	}
	return v.holding(findingsTable(shown))
}

func viewLoss(r *report.Report) *tableView {
	v := tableView{
		ID: "loss", Heading: "What the capture missed", Label: "Estimates of what the capture missed",
		Hints: []string{"Bytes that one end acknowledged and that the capture does not hold."},
	}.holding(lossTable(first(r.CaptureLoss.Directions))).rest(int64(len(r.CaptureLoss.Directions)))
	for _, d := range first(r.CaptureLoss.Declared) {
		v.Hints = append(v.Hints, text.Sanitise(fmt.Sprintf("The file itself counts %s on interface %d (%s).", text.Plural(d.Packets, "dropped packet"), d.Interface, d.Source)))
	}
	if more := len(r.CaptureLoss.Declared) - pageRows; more > 0 {
		v.Hints = append(v.Hints, fmt.Sprintf("and %d more drop counts in the file", more))
	}
	return v
}

func viewOverflows(r *report.Report) *tableView {
	return tableView{
		ID: "overflows", Heading: "Overflows", Label: "Times at which several connections had gaps at once",
		Hints: []string{"Gaps in several connections at once, as when the socket's buffer is full."},
	}.holding(overflowTable(first(r.CaptureLoss.Overflows))).rest(bounded.Add(int64(len(r.CaptureLoss.Overflows)), r.CaptureLoss.OverflowsOmitted))
}

func viewLaws(r *report.Report) *tableView {
	return tableView{
		ID: "laws", Heading: "Laws of order", Label: "Laws of order", Hints: strings.Split(orderDetails(&r.Order), "\n"),
	}.holding(lawsTable(r))
}

func viewHeaders(r *report.Report) *tableView {
	v := tableView{ID: "headers", Heading: "IPv6 headers", Label: "Inferred fields of IPv6 headers"}
	if by := evidence(r.Inference.ByEvidence); by != "" {
		v.Hints = append(v.Hints, "Proved by "+by+".")
	}
	if by := evidence(r.Inference.LikelyByEvidence); by != "" {
		v.Hints = append(v.Hints, "Likely by "+by+".")
	}
	return v.holding(headersTable(r))
}
