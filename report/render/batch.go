package render

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/bounded"
	"github.com/mendcap/mendcap/report/internal/text"
)

// What the terminal shows of a batch.
const (
	shownFailed  = 10 // entries that failed, and as many that are damaged
	shownEntries = 20 // a batch of more is not listed
)

// outcomes says in words what the outcomes are.
var outcomes = map[report.Outcome]struct{ short, meaning string }{
	report.OutcomeRepaired:  {"repaired", "packets were edited or moved"},
	report.OutcomeIntact:    {"without anything to repair", "nothing had to be repaired"},
	report.OutcomeUnchanged: {"unchanged and not written", "nothing had to be repaired; no output was written"},
	report.OutcomeDamaged:   {"damaged", "broken in places; what could be read was repaired"},
	report.OutcomeFailed:    {"failed", "there is no output"},
	report.OutcomePlanned:   {"to repair", "a dry run would repair them"},
}

// BatchTerminal writes the summary for a terminal of the given width in columns
// (80 if it is not positive): what remains, totals, what failed, what is damaged, and
// all captures where they are few.
func BatchTerminal(w io.Writer, b *report.Batch, width int) error {
	p := newPrinter(w, width)
	listing, named := &table{}, batchRepaired(b)
	if len(b.Captures) <= shownEntries {
		listing = entriesTable(slices.DeleteFunc(slices.Clone(b.Captures), func(e report.Entry) bool { return isUnread(&e) }))
		named = &table{}
	}
	answer := batchAnswer(b)
	if b.Kept > 0 {
		answer = slices.Insert(answer, 1, Fact{"Kept", keptText(b)})
	}
	remaining, filters := batchRemaining(b)
	p.tables(answer.table(asLines), remaining, filters, batchFacts(b).table(asLines), listing, named,
		batchTroubles(b, report.OutcomeFailed), batchTroubles(b, report.OutcomeDamaged), batchPlans(b))
	return p.err
}

// batchRemaining shows the worst of what remains, and filters for the outputs that have
// it.
func batchRemaining(b *report.Batch) (remaining, filters *table) {
	remaining = newTable([]column{{"frame", asNumber}, {"still there, worst first; frames of the outputs", asJudged}})
	filters = newTable([]column{{"what remains, as a display filter for the output", asJudged}})
	seen := make(map[*report.Entry]bool)
	for _, w := range b.Worst() {
		remaining.addGroup(&w.Group, text.Sanitise(w.Of.Path))
		if !seen[w.Of] && w.Of.Filter != "" {
			filters.add(text.Sanitise(w.Of.Path) + "\n" + text.Sanitise(w.Of.Filter))
		}
		seen[w.Of] = true
	}
	return remaining, filters
}

// batchPage is all that is said of a batch.
func batchPage(b *report.Batch) *page {
	p := &page{Kind: "mendcap batch", Name: "Batch", Answer: batchAnswer(b), Facts: batchFacts(b), Counts: "Captures by outcome"}
	for _, outcome := range report.Outcomes() {
		p.tile(b.Totals.ByOutcome[outcome], b.Totals.Captures, string(outcome), outcomes[outcome].meaning)
	}
	troubles := newTable([]column{{"capture", asName}, {"outcome", asVerdicts}, {"why", asSentence}})
	for _, outcome := range []report.Outcome{report.OutcomeFailed, report.OutcomeDamaged} {
		list := worstEntries(b, outcome)
		if isShort(b) {
			list = list[:min(len(list), worstListed-len(troubles.Rows))]
		}
		for _, e := range list {
			troubles.add(e.Path, outcomeCell(&e), troubleText(&e))
		}
	}
	troubles.more(bounded.Add(b.Totals.ByOutcome[report.OutcomeFailed], b.Totals.ByOutcome[report.OutcomeDamaged]), "; the CSV and JSON summaries have all of them")
	label := "Captures that failed or are damaged"
	p.add(section{ID: "failed", Heading: "Failed or damaged", Label: label, Tall: true, Table: troubles})
	return p
}

// batchAnswer is what every rendering says first of a batch.
func batchAnswer(b *report.Batch) facts {
	t := &b.Totals
	all, verdicts := facts{{"Captures", outcomesText(b)}}, verdictsCell(t.ByVerdict)
	all.add("Verdicts", text.Join("; ", verdicts.String(), text.When(t.Events > 0, "events that remain: "+text.Count(t.Events))))
	all.add("Flags", text.When(t.Packets != 0, fmt.Sprintf("%s of the analyser before, %s after", text.Count(t.Before), text.Count(t.After))))
	return all
}

// batchFacts are what they say then.
func batchFacts(b *report.Batch) (all facts) {
	t := &b.Totals
	all.add("Skipped", skippedText(&b.Skipped))
	if t.Packets == 0 {
		return all
	}
	all.add("Packets", packetsText(t.Packets, t.Bytes, t.First, t.Last))
	all.add("Headers", text.When(t.Headerless > 0, text.Plural(t.Headerless, "header-less IPv6 packet")+
		"; destination inferred for "+text.Count(t.Destinations)))
	all.add("Repaired", fmt.Sprintf("%s edited, %s moved", text.Plural(t.Edited, "packet"), text.Count(t.Moved)))
	all.add("Damage", text.When(t.Damage > 0, "in "+text.Plural(t.Damage, "place")))
	return all
}

// counted says how many there are of what a word names, if any.
func counted(n int64, word string) string { return text.When(n > 0, text.Count(n)+" "+word) }

// outcomesText counts the captures by what became of them.
func outcomesText(b *report.Batch) string {
	var parts []string
	for _, outcome := range report.Outcomes() {
		parts = append(parts, counted(b.Totals.ByOutcome[outcome], outcomes[outcome].short))
	}
	said := text.Join(", ", parts...)
	return cmp.Or(text.When(said != "", text.Count(b.Totals.Captures)+": "+said), "none")
}

func skippedText(s *report.Skipped) string {
	return text.Join(", ",
		text.When(s.Other != 0, text.Plural(s.Other, "other file")),
		text.When(s.Traces != 0, text.Plural(s.Traces, "file")+" named .etl, not read"),
		text.When(s.Own != 0, text.Plural(s.Own, "output")+" of mendcap's"),
		text.When(s.Excluded != 0, text.Count(s.Excluded)+" excluded"),
		text.When(s.Links != 0, text.Plural(s.Links, "symbolic link")),
		text.When(s.Special != 0, text.Plural(s.Special, "special file")))
}

// entriesTable is a row for each capture.
func entriesTable(entries []report.Entry) *table {
	columns := []column{{"packets", asNumber}, {"flags", asNumber}, {"after", asNumber}, {"capture; outcome; what remains", asJudged}}
	return tableOf(columns, entries, func(e *report.Entry) []any {
		return []any{e.Packets, e.Before, e.After, text.Sanitise(e.Path) + "\n" + text.Join("; ", outcomeText(e), remainsText(e))}
	})
}

// outcomeText says what became of a capture, with how much of it was repaired.
func outcomeText(e *report.Entry) string {
	done := text.Join(", ", counted(e.Edited, "edited"), counted(e.Moved, "moved"))
	return string(e.Outcome) + text.When(done != "", " ("+done+")")
}

// remainsText counts by verdict what remains in a capture.
func remainsText(e *report.Entry) string {
	left := maps.Clone(e.ByVerdict)
	delete(left, report.Artefact)
	verdicts := verdictsCell(left)
	return verdicts.String()
}

// batchRepaired names captures that were repaired, where not all captures are listed.
func batchRepaired(b *report.Batch) *table {
	list := worstEntries(b, report.OutcomeRepaired)
	t := tableOf([]column{{"flags", asNumber}, {"after", asNumber}, {"repaired; what remains", asJudged}}, list[:min(len(list), shownFailed)], func(e *report.Entry) []any {
		return []any{e.Before, e.After, text.Sanitise(e.Path) + "\n" + text.Join("; ", outcomeText(e), remainsText(e))}
	})
	t.more(b.Totals.ByOutcome[report.OutcomeRepaired], "; the JSON summary has all of them")
	return t
}

// keptText says how many captures a run found finished, and how many it did: those that
// failed are neither.
func keptText(b *report.Batch) string {
	kept := text.Plural(b.Kept, "capture") + " left alone, as an earlier run had finished "
	if b.Kept == 1 {
		kept += "it"
	} else {
		kept += "them"
	}
	return kept + "; " + text.Count(b.Totals.Captures-b.Kept-b.Totals.ByOutcome[report.OutcomeFailed]) + " done now"
}

func outcomeCell(e *report.Entry) cell {
	return cell{Tags: []tag{{string(e.Outcome), string(e.Outcome)}}}
}

// isUnread reports whether nothing is known of what the capture holds.
func isUnread(e *report.Entry) bool {
	return e.Outcome == report.OutcomeFailed || e.Outcome == report.OutcomePlanned
}

// troubleText says what is wrong with a capture.
func troubleText(e *report.Entry) string {
	return cmp.Or(e.Error, text.When(e.Damage > 0, "in "+text.Plural(e.Damage, "place")))
}

// batchTroubles lists the entries of an outcome that people must look at.
func batchTroubles(b *report.Batch, outcome report.Outcome) *table {
	list := worstEntries(b, outcome)
	shown := list
	if len(list) > shownFailed+1 {
		shown = list[:shownFailed]
	}
	t := tableOf([]column{{"code", asNumber}, {string(outcome), asSentence}}, shown, func(e *report.Entry) []any {
		return []any{e.Code, text.Join(": ", e.Path, troubleText(e))}
	})
	t.more(b.Totals.ByOutcome[outcome], "; the JSON summary has all of them")
	return t
}

// batchPlans lists what a dry run would do, all of it: that is what it is for.
func batchPlans(b *report.Batch) *table {
	columns := []column{{"capture", asWords}, {"output", asWords}}
	return tableOf(columns, worstEntries(b, report.OutcomePlanned), func(e *report.Entry) []any { return []any{e.Path, e.Output} })
}

// worstEntries lists the entries of one outcome, those with the largest code first.
func worstEntries(b *report.Batch, outcome report.Outcome) []report.Entry {
	list := slices.DeleteFunc(slices.Clone(b.Captures), func(e report.Entry) bool { return e.Outcome != outcome })
	slices.SortStableFunc(list, func(x, y report.Entry) int { return byCode(&x, &y) })
	return list
}

// verdictColumn names the column of the findings of a verdict.
func verdictColumn(v report.Verdict) string {
	if v == report.Artefact {
		return "repaired"
	}
	return string(v)
}

// BatchCSV writes a line a capture, for spreadsheets (RFC 4180, with a line of
// names, and lines that end in LF alone).
func BatchCSV(w io.Writer, b *report.Batch) error {
	to, err := NewBatchCSV(w)
	for i := range b.Captures {
		if err == nil {
			err = to.Add(&b.Captures[i])
		}
	}
	if err != nil {
		return err
	}
	return to.Close()
}

// BatchCSVWriter writes what BatchCSV writes, capture by capture.
type BatchCSVWriter struct{ w *csv.Writer }

// NewBatchCSV writes the line of names.
func NewBatchCSV(w io.Writer) (*BatchCSVWriter, error) {
	names := []string{
		"path", "output", "outcome", "code", "error", "format", "compression", "packets", "bytes", "first", "last",
		"headerless", "destinations", "edited", "moved", "flags_before", "flags_after", "damage", "notes", "events",
	}
	for _, v := range report.Verdicts() {
		names = append(names, strings.ReplaceAll(verdictColumn(v), "-", "_"))
	}
	c := &BatchCSVWriter{csv.NewWriter(w)}
	return c, c.w.Write(names)
}

// Add writes the line of the next capture; they come by path.
func (c *BatchCSVWriter) Add(e *report.Entry) error {
	row := []any{
		e.Path, e.Output, e.Outcome, e.Code, e.Error, e.Format, e.Compression, e.Packets, e.Bytes, e.First, e.Last,
		e.Headerless, e.Destinations, e.Edited, e.Moved, e.Before, e.After, e.Damage, e.Notes, e.Events,
	}
	for _, v := range report.Verdicts() {
		row = append(row, e.ByVerdict[v])
	}
	return c.w.Write(csvRow(row...))
}

// Close ends the text. It closes no file.
func (c *BatchCSVWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}
