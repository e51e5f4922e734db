package report

import (
	"maps"
	"slices"
	"time"

	"github.com/mendcap/mendcap/report/internal/bounded"
)

// BatchSchema names the form of the JSON summary of a batch.
const BatchSchema = "mendcap.batch/1"

// Batch sums up the repair of many captures. The same captures give the same
// summary, whatever the order in which they were done, and in however many runs.
type Batch struct {
	Schema   string  `json:"schema"`
	Totals   Totals  `json:"totals"`
	Skipped  Skipped `json:"skipped"`
	Captures []Entry `json:"captures"` // by path
	// Kept is how many captures the run left alone, since an earlier run had finished
	// them. No file has it: summaries are the same in however many runs.
	Kept int64 `json:"-"`
}

// Outcome is what became of a capture.
type Outcome string

// The outcomes of an Entry.
const (
	OutcomeRepaired Outcome = "repaired" // packets were edited or moved
	OutcomeIntact   Outcome = "intact"   // nothing had to be repaired
	OutcomeDamaged  Outcome = "damaged"  // broken in places; what could be read was repaired
	OutcomeFailed   Outcome = "failed"   // there is no output
	OutcomePlanned  Outcome = "planned"  // a dry run would repair it
)

// Outcomes lists the outcomes of entries in the order in which they are shown.
func Outcomes() []Outcome {
	return []Outcome{OutcomeRepaired, OutcomeIntact, OutcomeDamaged, OutcomeFailed, OutcomePlanned}
}

// Entry is what became of one capture, or of a folder or an archive that could
// not be read to its end.
type Entry struct {
	Path         string            `json:"path"`             // as reached from the command line, with slashes; members after their archive
	Output       string            `json:"output,omitempty"` // with slashes
	Outcome      Outcome           `json:"outcome"`
	Code         int               `json:"code"`            // exit code that its repair alone would have
	Error        string            `json:"error,omitempty"` // why it failed
	Format       string            `json:"format,omitempty"`
	Compression  string            `json:"compression,omitempty"`
	Packets      int64             `json:"packets"`
	Bytes        int64             `json:"bytes"` // captured bytes of the packets
	First        time.Time         `json:"first,omitzero"`
	Last         time.Time         `json:"last,omitzero"`
	Headerless   int64             `json:"headerless"`   // IPv6 packets without a header of their own
	Destinations int64             `json:"destinations"` // of them, whose destination was inferred
	Edited       int64             `json:"edited"`
	Moved        int64             `json:"moved"`
	Before       int64             `json:"before"` // analyser's flags in the input in recorded order, with headers filled in
	After        int64             `json:"after"`  // and in the output
	ByVerdict    map[Verdict]int64 `json:"byVerdict,omitempty"`
	Damage       int64             `json:"damage"` // places that are broken
	Notes        int64             `json:"notes"`  // limits that were met
}

// Totals sum up the entries.
type Totals struct {
	Captures     int64             `json:"captures"`
	ByOutcome    map[Outcome]int64 `json:"byOutcome"`
	Packets      int64             `json:"packets"`
	Bytes        int64             `json:"bytes"`
	First        time.Time         `json:"first,omitzero"`
	Last         time.Time         `json:"last,omitzero"`
	Headerless   int64             `json:"headerless"`
	Destinations int64             `json:"destinations"`
	Edited       int64             `json:"edited"`
	Moved        int64             `json:"moved"`
	Before       int64             `json:"before"`
	After        int64             `json:"after"`
	ByVerdict    map[Verdict]int64 `json:"byVerdict"`
	Damage       int64             `json:"damage"`
}

// Skipped counts what was met on the way and is no capture to repair.
type Skipped struct {
	Other    int64 `json:"other"`    // files of other kinds
	Traces   int64 `json:"traces"`   // Windows' traces of events (.etl), which are not read
	Own      int64 `json:"own"`      // mendcap's outputs
	Excluded int64 `json:"excluded"` // files and folders, by the patterns
	Links    int64 `json:"links"`    // symbolic links
	Special  int64 `json:"special"`  // pipes, devices and the like
}

// Origin is what a report follows from, so that a later run can tell whether it
// still holds. Both are SHA-256, in hex.
type Origin struct {
	Inputs string `json:"inputs"` // of capture, tables, options and program
	Output string `json:"output"` // of the repaired capture
}

// NewEntry sums up the report of one capture.
func NewEntry(path, output string, r *Report) Entry {
	e := Entry{
		Path: path, Output: output, Outcome: OutcomeIntact,
		Format: r.Capture.Format, Compression: r.Capture.Compression,
		Packets: r.Capture.Packets, Bytes: r.Capture.Bytes, First: r.Capture.First, Last: r.Capture.Last,
		Headerless: r.Inference.Packets, Destinations: bounded.Add(r.Inference.Destination.Proved, r.Inference.Destination.Likely),
		Edited: r.Output.Edited, Moved: r.Order.Moved,
		Before: bounded.Sum(r.Analysis.Before), After: bounded.Sum(r.Analysis.After),
		Damage: bounded.Add(int64(len(r.Damage)), r.DamageOmitted), Notes: int64(len(r.Notes)),
	}
	for verdict, n := range r.Findings.ByVerdict {
		add(&e.ByVerdict, verdict, n)
	}
	switch {
	case e.Damage > 0:
		e.Outcome, e.Code = OutcomeDamaged, codeDamaged
	case r.Output.Changed:
		e.Outcome = OutcomeRepaired
	}
	return e
}

// add counts n under a verdict; a count of none leaves no trace.
func add(counts *map[Verdict]int64, verdict Verdict, n int64) {
	if n == 0 {
		return
	}
	if *counts == nil {
		*counts = make(map[Verdict]int64)
	}
	(*counts)[verdict] = bounded.Add((*counts)[verdict], n)
}

// NewBatch sums up entries, which it sorts and keeps. Of several with one path
// the last one counts.
func NewBatch(entries []Entry, skipped Skipped) *Batch {
	last := make(map[string]int, len(entries))
	for i := range entries {
		last[entries[i].Path] = i
	}
	b := &Batch{Schema: BatchSchema, Skipped: skipped, Captures: make([]Entry, 0, len(last))}
	for _, path := range slices.Sorted(maps.Keys(last)) {
		b.Captures = append(b.Captures, entries[last[path]])
	}
	b.Totals = total(b.Captures)
	return b
}

func total(entries []Entry) Totals {
	t := Totals{ByOutcome: make(map[Outcome]int64), ByVerdict: make(map[Verdict]int64)}
	for i := range entries {
		e := &entries[i]
		t.Captures++
		t.ByOutcome[e.Outcome]++
		for verdict, n := range e.ByVerdict {
			t.ByVerdict[verdict] = bounded.Add(t.ByVerdict[verdict], n)
		}
		for _, n := range []struct {
			to *int64
			by int64
		}{
			{&t.Packets, e.Packets}, {&t.Bytes, e.Bytes}, {&t.Headerless, e.Headerless}, {&t.Destinations, e.Destinations},
			{&t.Edited, e.Edited}, {&t.Moved, e.Moved}, {&t.Before, e.Before}, {&t.After, e.After}, {&t.Damage, e.Damage},
		} {
			*n.to = bounded.Add(*n.to, n.by)
		}
		t.First, t.Last = widen(t.First, t.Last, e.First, e.Last)
	}
	return t
}

// widen stretches the first period to hold the second; zero times are none.
func widen(first, last, from, to time.Time) (time.Time, time.Time) {
	if from.IsZero() {
		return first, last
	}
	if first.IsZero() || from.Before(first) {
		first = from
	}
	if to.After(last) {
		last = to
	}
	return first, last
}

// MergeBatches joins the summaries of runs over parts of an archive. What is
// said of one path by several is what the last of them says.
func MergeBatches(batches ...*Batch) *Batch {
	var entries []Entry
	var skipped Skipped
	for _, b := range batches {
		entries = append(entries, b.Captures...)
		skipped.Other = bounded.Add(skipped.Other, b.Skipped.Other)
		skipped.Traces = bounded.Add(skipped.Traces, b.Skipped.Traces)
		skipped.Own = bounded.Add(skipped.Own, b.Skipped.Own)
		skipped.Excluded = bounded.Add(skipped.Excluded, b.Skipped.Excluded)
		skipped.Links = bounded.Add(skipped.Links, b.Skipped.Links)
		skipped.Special = bounded.Add(skipped.Special, b.Skipped.Special)
	}
	return NewBatch(entries, skipped)
}

// Code is the exit code that the entries ask for: 6 where a capture failed, else
// the largest of theirs.
func (b *Batch) Code() int {
	code := 0
	for i := range b.Captures {
		e := &b.Captures[i]
		if e.Outcome == OutcomeFailed {
			return codeSomeFailed
		}
		code = max(code, e.Code)
	}
	return code
}

// The exit codes of a capture that is damaged, and of a batch of which some
// captures failed.
const (
	codeDamaged    = 3
	codeSomeFailed = 6
)
