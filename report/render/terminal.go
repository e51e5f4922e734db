package render

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter/tw"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What a terminal shows of lists that can be long.
const (
	shownFlags      = 8
	shownFlows      = 5
	mostFlows       = 1000 // with details; a repair lists no more
	shownFindings   = 50
	shownTables     = 4
	shownInterfaces = 3
	shownAddresses  = 2
	shownNotes      = 8
)

// Screen says what a terminal can show, and how much is asked for. The zero
// value is a plain one of 80 columns.
type Screen struct {
	Width   int  // columns
	Colour  bool // it takes colours (ECMA-48, SGR)
	Details bool // interfaces, tables, headers, laws, all connections and the first findings too
}

// Terminal writes r for a terminal: a summary that fits a screen (what was
// read and written, what was found, the analyser's flags), then the worst
// connections and the notes. Parts that have nothing to say are left out.
func Terminal(w io.Writer, r *report.Report, s Screen) error {
	if s.Width <= 0 {
		s.Width = 80
	}
	parts := []*grid{overview(r, s.Details), flagsGrid(r, s.Details), flowsGrid(r, s.Details)}
	if s.Details {
		parts = append(parts, gridOf(headersTable(r).titled("IPv6 header field")), doubtfulGrid(r),
			gridOf(lawsTable(r).titled("law of order")), findingsGrid(r))
	}
	parts = append(parts, notesGrid(r))
	for _, g := range parts {
		g.colour = s.Colour
	}
	return renderParts(w, s.Width, parts)
}

// labelled returns a grid of labels with text beside them.
func labelled() *grid {
	return &grid{align: []tw.Align{tw.AlignLeft, tw.AlignLeft}, wrapped: true, paint: paintLabels}
}

// paintLabels makes labels bold, and those of what went wrong red.
func paintLabels(column int, cell string) string {
	switch {
	case column > 0:
		return cell
	case cell == "Damage":
		return coloured(cell, sgrBold+sgrRed)
	}
	return coloured(cell, sgrBold)
}

// overview says what every rendering says first, or more of the same.
func overview(r *report.Report, details bool) *grid {
	g := labelled()
	long := map[string]string{}
	if details {
		long["Capture"], long["Tables"], long["Headers"], long["Order"] =
			captureText(&r.Capture), tablesText(r.Tables), inferenceText(&r.Inference), orderText(&r.Order)
	}
	for _, f := range reportFacts(r) {
		text := f.text
		if more := long[f.label]; more != "" {
			text = more
		}
		g.add(f.label, sanitisedText(text))
	}
	if text := headline(r); text != "" {
		g.add("Found", text)
	}
	return g
}

// flagsGrid shows the analyser's flags, of many the most frequent.
func flagsGrid(r *report.Report, all bool) *grid {
	flags := flagCounts(r)
	if last := len(flags) - 1; !all && last > shownFlags+1 {
		rest := flagCount{name: fmt.Sprintf("and %d more", last-shownFlags)}
		for _, f := range flags[shownFlags:last] {
			rest.before, rest.after = bounded.Add(rest.before, f.before), bounded.Add(rest.after, f.after)
		}
		flags = append(slices.Clone(flags[:shownFlags]), rest, flags[last])
	}
	return gridOf(flagsTable(flags).titled("tcp.analysis flag (before: recorded order, headers filled in)"))
}

// flowsGrid shows connections, worst first, and their findings.
func flowsGrid(r *report.Report, all bool) *grid {
	right := tw.AlignRight
	g := &grid{
		header: []string{"packets", "moved", "flags", "after", "connection, worst first"},
		align:  []tw.Align{right, right, right, right, tw.AlignLeft}, wrapped: true, paint: paintVerdicts(4),
	}
	shown := 0
	for i := range r.Flows.List {
		f := &r.Flows.List[i]
		if shown == mostFlows || !all && (shown == shownFlows || nothingToSay(f)) {
			break // behind it are only such ones
		}
		name := text.Sanitise(f.Name)
		if verdicts := verdictsCell(f.ByVerdict); len(verdicts.tags) > 0 {
			name += "\n" + text.Sanitise(verdicts.String())
		}
		g.add(text.Count(f.Packets), text.Count(f.Moved), text.Count(f.Before), text.Count(f.After), name)
		shown++
	}
	if more := bounded.Sub(r.Flows.Total, int64(shown)); more > 0 && shown > 0 {
		g.add("", "", "", "", fmt.Sprintf("and %s: %s in all", text.Count(more)+" more", text.Plural(r.Flows.Total, "connection")))
	}
	return g
}

// nothingToSay reports whether there is nothing to say of a connection.
func nothingToSay(f *report.Flow) bool {
	return f.Moved == 0 && f.Before == 0 && f.After == 0 && len(f.ByVerdict) == 0
}

// numbers returns a grid of a name and counts.
func numbers(header ...string) *grid {
	align := []tw.Align{tw.AlignLeft}
	for range header[1:] {
		align = append(align, tw.AlignRight)
	}
	return &grid{header: header, align: align}
}

// shownDoubtful is how many doubtful flows are shown.
const shownDoubtful = 5

// doubtfulGrid shows flows whose header was left open or decided narrowly.
func doubtfulGrid(r *report.Report) *grid {
	g := &grid{header: []string{"packets", "left open or decided narrowly"}, align: []tw.Align{tw.AlignRight, tw.AlignLeft}, wrapped: true}
	list := r.Inference.Doubtful
	for _, d := range list[:min(len(list), shownDoubtful)] {
		g.add(text.Count(d.Packets), text.Sanitise(doubtfulText(&d)))
	}
	if more := bounded.Sub(int64(r.Inference.DoubtfulTotal), int64(len(g.rows))); more > 0 {
		g.add("", fmt.Sprintf("and %s more", text.Count(more)))
	}
	return g
}

// doubtfulText says what a flow's header may be; a tie is shown with the addresses that
// fit.
func doubtfulText(d *report.DoubtfulFlow) string {
	const most = 4 // candidates shown
	if len(d.Candidates) == 0 {
		return fmt.Sprintf("%s: %s to %s %.4f, next %.4f", d.Flow,
			d.Best.NextHeader, d.Best.Destination, d.Best.Posterior, d.RunnerUp.Posterior)
	}
	shown := d.Candidates[:min(most, len(d.Candidates))]
	list := make([]string, 0, most+1)
	for _, c := range shown {
		list = append(list, fmt.Sprintf("%s to %s %.4f", c.NextHeader, c.Destination, c.Posterior))
	}
	if more := len(d.Candidates) - len(shown) + d.CandidatesOmitted; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return d.Flow + ": " + strings.Join(list, ", ")
}

func findingsGrid(r *report.Report) *grid {
	shown := r.Findings.List[:min(len(r.Findings.List), shownFindings)]
	g := gridOf(findingsTable(shown).without("connection"))
	if more := bounded.Sub(r.Findings.Total, int64(len(shown))); more > 0 {
		g.add("", "", "", fmt.Sprintf("and %s more; the JSON report has %s of them", text.Count(more), text.Count(int64(len(r.Findings.List)))))
	}
	return g
}

// notesGrid shows the limits that were met.
func notesGrid(r *report.Report) *grid {
	g := labelled()
	for i, note := range r.Notes {
		if i == shownNotes && len(r.Notes) > shownNotes+1 {
			g.add("Note", fmt.Sprintf("and %d more notes; the JSON report has all of them", len(r.Notes)-i))
			break
		}
		g.add("Note", text.Sanitise(note))
	}
	return g
}
