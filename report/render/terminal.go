package render

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What a terminal shows of lists that can be long.
const (
	shownFlags      = 8
	flagsWidth      = 78 // columns that the heading of flags takes
	shownFlows      = 5
	mostFlows       = 1000 // with details; a repair lists no more
	shownRemaining  = 5
	shownFindings   = 50
	shownTables     = 4
	shownInterfaces = 3
	shownAddresses  = 2
	shownDoubtful   = 5 // flows
	shownCandidates = 4 // of a doubtful flow
	shownNotes      = 8
)

// Screen says what a terminal can show, and how much is asked for. The zero
// value is a plain one of 80 columns.
type Screen struct {
	Width   int  // columns
	Colour  bool // it takes colours (ECMA-48, SGR)
	Details bool // interfaces, tables, headers, laws, all connections and the first findings too

	// Output is where the repaired capture lies. A report has its base name alone, which
	// is what is shown if this is empty.
	Output string
}

// Terminal writes r for a terminal: what remains of the findings, then a summary
// (what was read and written, the analyser's flags), the worst connections and the
// notes. Parts that have nothing to say are left out.
func Terminal(w io.Writer, r *report.Report, s Screen) error {
	p := newPrinter(w, s.Width)
	p.colour = s.Colour
	left := r.Remaining()
	said := capturePage(r, 0, room{
		flows: flowsToShow(r, s.Details), notes: shownNotes, slack: 1,
		moreNotes: " notes; the JSON report has all of them",
	})
	most := shownRemaining
	if s.Details {
		most = shownFindings
	}
	remaining := groupsTable("still there, worst first", left.Groups, most, s.Details)
	parts := []*table{said.Answer.table(asLines), remaining, overview(r, said, s), frequentFlags(r, s), worstFlows(said.section("flows"))}
	if s.Details {
		parts = append(parts, said.section("headers").Table.titled("IPv6 header field"), doubtfulTable(r),
			said.section("laws").Table.titled("law of order"),
			groupsTable("repaired", r.Findings.Groups()[len(left.Groups):], shownFindings, true))
	}
	p.tables(append(parts, notesTable(said))...)
	return p.err
}

// overview says what every rendering says first, or more of the same.
func overview(r *report.Report, said *page, s Screen) *table {
	output := r.Output
	output.Name = cmp.Or(s.Output, output.Name)
	long := map[string]string{"Output": outputText(&output)}
	if s.Details {
		long["Capture"], long["Tables"], long["Headers"], long["Order"] =
			captureText(&r.Capture), tablesText(r.Tables), inferenceText(&r.Inference), orderText(&r.Order)
	}
	all := said.Facts
	for i, f := range all {
		all[i].Text = cmp.Or(long[f.Label], f.Text)
	}
	return all.table(asLines)
}

// frequentFlags shows the analyser's flags, of many the most frequent.
func frequentFlags(r *report.Report, s Screen) *table {
	flags := flagCounts(r)
	if last := len(flags) - 1; !s.Details && last > shownFlags+1 {
		rest := flagCount{name: andMore(int64(last-shownFlags), "")}
		for _, f := range flags[shownFlags:last] {
			rest.before, rest.after = bounded.Add(rest.before, f.before), bounded.Add(rest.after, f.after)
		}
		flags = append(slices.Clone(flags[:shownFlags]), rest, flags[last])
	}
	title := "tcp.analysis flag (before: recorded order, headers filled in)"
	if s.Width > 0 && s.Width < flagsWidth {
		title = "tcp.analysis flag"
	}
	return flagsTable(flags).titled(title)
}

// flowsToShow is how many connections are shown, the worst first: of those
// with something to say a few, or all.
func flowsToShow(r *report.Report, all bool) (n int) {
	if all {
		return mostFlows
	}
	for n < min(shownFlows, len(r.Flows.List)) && !nothingToSay(&r.Flows.List[n]) {
		n++
	}
	return n
}

// worstFlows shows connections with their findings below them.
func worstFlows(s section) *table {
	t := newTable([]column{{"packets", asNumber}, {"moved", asNumber}, {"flags", asNumber}, {"after", asNumber}, {"connection, worst first", asJudged}})
	for _, row := range s.Table.without("payload", "lasted").Rows {
		t.add(row[1], row[2], row[3], row[4], text.Join("\n", text.Sanitise(row[0].Text), row[5].String()))
	}
	if len(t.Rows) > 0 {
		t.more(s.Total, ": "+text.Plural(s.Total, "connection")+" in all")
	}
	return t
}

// nothingToSay reports whether there is nothing to say of a connection.
func nothingToSay(f *report.Flow) bool {
	return f.Moved == 0 && f.Before == 0 && f.After == 0 && len(f.ByVerdict) == 0
}

// doubtfulTable shows flows whose header was left open or decided narrowly.
func doubtfulTable(r *report.Report) *table {
	shown := r.Inference.Doubtful[:min(len(r.Inference.Doubtful), shownDoubtful)]
	columns := []column{{"packets", asNumber}, {"left open or decided narrowly", asSentence}}
	t := tableOf(columns, shown, func(d *report.DoubtfulFlow) []any { return []any{d.Packets, doubtfulText(d)} })
	t.more(int64(r.Inference.DoubtfulTotal), "")
	return t
}

// doubtfulText says what a flow's header may be; a tie is shown with the addresses that
// fit.
func doubtfulText(d *report.DoubtfulFlow) string {
	if len(d.Candidates) == 0 {
		return fmt.Sprintf("%s: %s to %s %.4f, next %.4f", d.Flow,
			d.Best.NextHeader, d.Best.Destination, d.Best.Posterior, d.RunnerUp.Posterior)
	}
	choice := func(c *report.HeaderChoice) string {
		return fmt.Sprintf("%s to %s %.4f", c.NextHeader, c.Destination, c.Posterior)
	}
	list := cut(d.Candidates, shownCandidates, 0, int64(d.CandidatesOmitted), choice, "")
	return d.Flow.String() + ": " + strings.Join(list, ", ")
}

// groupsTable shows the first ones of groups of findings: frame of the output, verdict
// and connection, with details what was seen, too, whose frames are those of the input.
func groupsTable(title string, groups []report.Group, most int, details bool) *table {
	t := newTable([]column{{"frame", asNumber}, {title + "; frames of the output" + text.When(details, ", in evidence of the input"), asJudged}})
	for i := range groups[:min(len(groups), most)] {
		g := &groups[i]
		t.addGroup(g, text.Join("\n", text.Sanitise(groupFlow(g)), text.When(details, text.Sanitise(g.Evidence))))
	}
	t.more(int64(len(groups)), cmp.Or(text.When(details, "; the JSON report lists the findings"), " like these; -v shows more"))
	return t
}

// addGroup adds a row for a group of findings, and below that sanitised lines.
func (t *table) addGroup(g *report.Group, of string) {
	said := detailed(g.Verdict, g.Detail) + ": " + strings.Join(first(g.About), ", ") +
		text.When(g.Count > 1, " ("+text.Join("; ", text.Plural(g.Count, "finding")+text.When(g.Events < g.Count, eventsText(g.Events)), groupFrames(g))+")")
	frame := ""
	if len(g.Frames) > 0 {
		frame = fmt.Sprint(g.Frames[0])
	}
	t.add(frame, text.Sanitise(said)+"\n"+of)
}

// notesTable shows the limits that were met.
func notesTable(said *page) *table {
	var all facts
	for _, note := range said.Notes {
		all = append(all, Fact{"Note", note})
	}
	all.add("Note", said.MoreNotes)
	return all.table(asSentence)
}
