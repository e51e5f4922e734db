package report

import (
	"cmp"
	"errors"
	"io"
	"maps"
	"reflect"
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
	OutcomeRepaired  Outcome = "repaired"  // packets were edited or moved
	OutcomeIntact    Outcome = "intact"    // nothing had to be repaired
	OutcomeUnchanged Outcome = "unchanged" // the same, and so no output was written
	OutcomeDamaged   Outcome = "damaged"   // broken in places; what could be read was repaired
	OutcomeFailed    Outcome = "failed"    // there is no output
	OutcomePlanned   Outcome = "planned"   // a dry run would repair it
)

// Outcomes lists the outcomes of entries in the order in which they are shown.
func Outcomes() []Outcome {
	return []Outcome{OutcomeRepaired, OutcomeIntact, OutcomeUnchanged, OutcomeDamaged, OutcomeFailed, OutcomePlanned}
}

// Entry is what became of one capture, or of a folder or an archive that could
// not be read to its end.
type Entry struct {
	Path        string  `json:"path"`             // as reached from the command line, with slashes; members after their archive
	Output      string  `json:"output,omitempty"` // with slashes
	Page        string  `json:"page,omitempty"`   // of the capture, beside the output
	Outcome     Outcome `json:"outcome"`
	Code        int     `json:"code"`            // exit code that its repair alone would have
	Error       string  `json:"error,omitempty"` // why it failed
	Format      string  `json:"format,omitempty"`
	Compression string  `json:"compression,omitempty"`
	Counts
	Notes  int64   `json:"notes"`            // limits that were met
	Filter string  `json:"filter,omitempty"` // as Remains has it, if it is short
	Worst  []Group `json:"worst,omitempty"`  // what remains, of the first five groups of the batch
}

// Totals sum up the entries.
type Totals struct {
	Captures  int64             `json:"captures"`
	ByOutcome map[Outcome]int64 `json:"byOutcome"`
	Counts
}

// Counts are what an Entry has of one capture, and Totals of all.
type Counts struct {
	Packets      int64             `json:"packets"`
	Bytes        int64             `json:"bytes"` // captured bytes of the packets
	First        time.Time         `json:"first,omitzero"`
	Last         time.Time         `json:"last,omitzero"`
	Headerless   int64             `json:"headerless"`   // header-less IPv6 packets
	Destinations int64             `json:"destinations"` // of them, whose destination was inferred
	Edited       int64             `json:"edited"`
	Moved        int64             `json:"moved"`
	Before       int64             `json:"before"` // analyser's flags in the input in recorded order, with headers filled in
	After        int64             `json:"after"`  // and in the output
	ByVerdict    map[Verdict]int64 `json:"byVerdict,omitzero"`
	Damage       int64             `json:"damage"`           // places that are broken
	Events       int64             `json:"events,omitempty"` // that the findings which remain belong to
}

// Skipped counts what was met on the way and is no capture to repair.
type Skipped struct {
	Other    int64 `json:"other"`    // files of other kinds
	Traces   int64 `json:"traces"`   // named .etl, and no event traces
	Own      int64 `json:"own"`      // mendcap's outputs
	Excluded int64 `json:"excluded"` // files and folders, by the patterns
	Links    int64 `json:"links"`    // symbolic links
	Special  int64 `json:"special"`  // pipes, devices and the like
}

// Add counts what another count has too.
func (s *Skipped) Add(o *Skipped) { addNumbers(s, o) }

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
		Format: r.Capture.Format, Compression: r.Capture.Compression, Notes: int64(len(r.Notes)),
		Counts: Counts{
			Packets: r.Capture.Packets, Bytes: r.Capture.Bytes, First: r.Capture.First, Last: r.Capture.Last,
			Headerless: r.Inference.Packets, Edited: r.Output.Edited, Moved: r.Order.Moved,
			Destinations: bounded.Add(r.Inference.Destination.Proved, r.Inference.Destination.Likely),
			Before:       bounded.Sum(r.Analysis.Before), After: bounded.Sum(r.Analysis.After),
			Damage: bounded.Add(int64(len(r.Damage)), r.DamageOmitted), Events: max(0, r.Findings.Events),
		},
	}
	left := r.Remaining()
	e.Worst = slices.Clone(left.Groups[:min(len(left.Groups), worstGroups)]) // the other groups have all findings
	for i := range e.Worst {
		e.Worst[i].First = nil
	}
	if len(left.Filter) <= shortFilter {
		e.Filter = left.Filter
	}
	for verdict, n := range r.Findings.ByVerdict {
		if n != 0 {
			e.count(verdict, n)
		}
	}
	switch {
	case e.Damage > 0:
		e.Outcome, e.Code = OutcomeDamaged, codeDamaged
	case r.Output.Changed:
		e.Outcome = OutcomeRepaired
	case r.Output.Status == StatusOmitted:
		e.Outcome, e.Output = OutcomeUnchanged, ""
	}
	return e
}

// count counts n findings under a verdict.
func (c *Counts) count(verdict Verdict, n int64) {
	if c.ByVerdict == nil {
		c.ByVerdict = make(map[Verdict]int64)
	}
	c.ByVerdict[verdict] = bounded.Add(c.ByVerdict[verdict], n)
}

// add adds the counts of one more capture.
func (c *Counts) add(o *Counts) {
	addNumbers(c, o)
	for verdict, n := range o.ByVerdict {
		c.count(verdict, n)
	}
	if o.First.IsZero() {
		return
	}
	if c.First.IsZero() || o.First.Before(c.First) {
		c.First = o.First
	}
	if o.Last.After(c.Last) {
		c.Last = o.Last
	}
}

// addNumbers adds the numbers of a struct to those of another one.
func addNumbers[T any](to, by *T) {
	sum, more := reflect.ValueOf(to).Elem(), reflect.ValueOf(by).Elem()
	for i := range sum.NumField() {
		if n := sum.Field(i); n.Kind() == reflect.Int64 {
			n.SetInt(bounded.Add(n.Int(), more.Field(i).Int()))
		}
	}
}

// NewBatch sums up entries, which it sorts and keeps. Of several with one path
// the last one counts.
func NewBatch(entries []Entry, skipped Skipped) *Batch {
	b := NewLot(entries, skipped)
	b.keepWorst()
	return b
}

// NewLot is NewBatch for a part of a batch: its entries keep all their groups, since which
// of them are the worst is known of the whole.
func NewLot(entries []Entry, skipped Skipped) *Batch {
	last := make(map[string]int, len(entries))
	for i := range entries {
		last[entries[i].Path] = i
	}
	b := &Batch{Schema: BatchSchema, Skipped: skipped, Captures: make([]Entry, 0, len(last))}
	for _, path := range slices.Sorted(maps.Keys(last)) {
		b.Captures = append(b.Captures, entries[last[path]])
	}
	b.Totals = noTotals()
	for i := range b.Captures {
		b.Totals.addEntry(&b.Captures[i])
	}
	return b
}

// addEntry takes in an entry.
func (t *Totals) addEntry(e *Entry) {
	t.Captures++
	t.ByOutcome[e.Outcome]++
	t.add(&e.Counts)
}

func noTotals() Totals {
	return Totals{ByOutcome: make(map[Outcome]int64), Counts: Counts{ByVerdict: make(map[Verdict]int64)}}
}

// worstGroups is how many groups of findings the summary of a batch has.
const worstGroups = 5

// Remaining is one of the worst groups of findings of a batch, and of which capture.
type Remaining struct {
	Of *Entry
	Group
}

// Worst lists the worst groups that the entries have: by verdict, and then by path.
func (b *Batch) Worst() []Remaining {
	var all []Remaining
	for i := range b.Captures {
		for _, g := range b.Captures[i].Worst {
			all = append(all, Remaining{&b.Captures[i], g})
		}
	}
	slices.SortStableFunc(all, func(x, y Remaining) int { return compareWorst(&x.Group, &y.Group) })
	return all[:min(len(all), worstGroups)]
}

// compareWorst orders groups of findings by their verdict, the worst first.
func compareWorst(x, y *Group) int { return cmp.Compare(rank(x.Verdict), rank(y.Verdict)) }

// keepWorst takes the groups that are not among the worst out of the entries.
func (b *Batch) keepWorst() {
	worst := b.Worst()
	for i := range b.Captures {
		b.Captures[i].Worst = nil
	}
	for _, w := range worst {
		w.Of.Worst = append(w.Of.Worst, w.Group)
	}
}

// MergeBatches joins the summaries of runs over parts of an archive. What is
// said of one path by several is what the last of them says.
func MergeBatches(batches ...*Batch) *Batch {
	var entries []Entry
	var skipped Skipped
	for _, b := range batches {
		entries = append(entries, b.Captures...)
		skipped.Add(&b.Skipped)
	}
	return NewBatch(entries, skipped)
}

// Code is the exit code that the entries ask for: 6 where a capture failed, else
// the largest of theirs.
func (b *Batch) Code() int {
	code := 0
	for _, e := range b.Captures {
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

// ErrBatch is wrapped by what ReadBatch and BatchReader say of files that hold no summary.
var ErrBatch = errors.New("not the summary of a batch")

// WriteJSON writes b as indented JSON with a closing line feed, as reports are
// written.
func (b *Batch) WriteJSON(w io.Writer) error {
	to, err := NewBatchWriter(w, &BatchHead{Totals: b.Totals, Skipped: b.Skipped})
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

// ReadBatch reads what Batch.WriteJSON wrote, up to 65,000 entries and 24 MiB. The
// totals are counted anew. Its errors about the content are ErrBatch.
func ReadBatch(r io.Reader) (*Batch, error) {
	var b Batch
	if err := batchForm.read(r, &b); err != nil {
		return nil, err
	}
	return NewBatch(b.Captures, b.Skipped), nil
}
