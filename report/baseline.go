package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/mendcap/mendcap/report/internal/bounded"
)

// BaselineSchema names the form of a baseline file.
const BaselineSchema = "mendcap.baseline/1"

// maxKnown is how many different findings and captures a baseline may have: a
// finding and its span are two of the objects that are read back.
const maxKnown = 1 << 17

// ErrBaseline is wrapped by what ReadBaseline and Baseline.Write say of
// baselines that can't be used.
var ErrBaseline = errors.New("not a usable baseline")

// Baseline is a set of findings that are known and accepted, by capture. They
// are named by what they are, not by where they are: packets that are added
// to a capture elsewhere leave them known. The zero value is empty.
type Baseline struct {
	captures map[string]map[known]int64
}

// known is what a finding is, without its frame, time and words.
type known struct {
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail,omitempty"`
	Flag    string  `json:"flag,omitempty"`
	Law     LawName `json:"law,omitempty"` // of a finding without a flag
	Flow    string  `json:"flow"`
	Ranged  bool    `json:"-"`
	Left    uint32  `json:"-"`
	Right   uint32  `json:"-"`
}

func knownOf(f *Finding) known {
	k := known{Verdict: f.Verdict, Detail: f.Detail, Flag: f.Flag, Flow: f.Flow.String()}
	if f.Flag == "" {
		k.Law = f.Law
	}
	if f.Sequence != nil {
		k.Ranged, k.Left, k.Right = true, f.Sequence.Left, f.Sequence.Right
	}
	return k
}

// finding is what is known of one.
func (k known) finding() Finding {
	return Finding{Verdict: k.Verdict, Detail: k.Detail, Flag: k.Flag, Law: k.Law}
}

// Findings counts those that the baseline holds, of all captures and of so many.
func (b *Baseline) Findings() (findings int64, captures int) {
	for _, known := range b.captures {
		for _, n := range known {
			findings = bounded.Add(findings, n)
		}
	}
	return findings, len(b.captures)
}

func (k known) compare(o known) int {
	return cmp.Or(cmp.Compare(k.Verdict, o.Verdict), cmp.Compare(k.Detail, o.Detail), cmp.Compare(k.Flag, o.Flag),
		cmp.Compare(k.Law, o.Law), cmp.Compare(k.Flow, o.Flow), cmp.Compare(k.Left, o.Left), cmp.Compare(k.Right, o.Right))
}

// The form of the file.
type (
	baselineFile struct {
		Schema   string            `json:"schema"`
		Captures []baselineCapture `json:"captures"`
	}
	baselineCapture struct {
		Name     string          `json:"name"`
		Findings []baselineEntry `json:"findings"`
	}
	baselineEntry struct {
		known
		Sequence *Range `json:"sequence,omitempty"`
		Count    int64  `json:"count"`
	}
)

// ReadBaseline reads what Write wrote. Its errors about the content are
// ErrBaseline.
func ReadBaseline(r io.Reader) (*Baseline, error) {
	var file baselineFile
	if err := baselineForm.read(r, &file); err != nil {
		return nil, err
	}
	b := &Baseline{captures: make(map[string]map[known]int64)}
	for _, c := range file.Captures {
		findings := make(map[known]int64)
		for _, e := range c.Findings {
			if e.Count < 1 {
				return nil, fmt.Errorf("%w: %s: a finding with count %d", ErrBaseline, shortened(c.Name), e.Count)
			}
			if e.Sequence != nil {
				e.Ranged, e.Left, e.Right = true, e.Sequence.Left, e.Sequence.Right
			}
			findings[e.known] = bounded.Add(findings[e.known], e.Count)
		}
		b.captures[c.Name] = findings
	}
	return b, nil
}

// Write writes the baseline as JSON, sorted.
func (b *Baseline) Write(w io.Writer) error {
	file := baselineFile{Schema: BaselineSchema, Captures: []baselineCapture{}}
	for _, name := range slices.Sorted(maps.Keys(b.captures)) {
		c := baselineCapture{Name: name, Findings: []baselineEntry{}}
		for _, k := range slices.SortedFunc(maps.Keys(b.captures[name]), known.compare) {
			e := baselineEntry{known: k, Count: b.captures[name][k]}
			if k.Ranged {
				e.Sequence = &Range{k.Left, k.Right}
			}
			c.Findings = append(c.Findings, e)
		}
		file.Captures = append(file.Captures, c)
	}
	return writeJSON(w, file)
}

// Update replaces what is known of a capture by the findings of t.
func (b *Baseline) Update(t *Tally) error {
	all := len(t.seen) + 1
	for name, findings := range b.captures {
		if name != t.capture {
			all += len(findings) + 1
		}
	}
	switch {
	case t.overflowed:
		return fmt.Errorf("%w: %s has more than %d different findings; use a limit on their number instead (check --max)", ErrBaseline, t.capture, maxKnown)
	case all > maxKnown:
		return fmt.Errorf("%w: with %s it would have more than %d different findings; use a limit on their number instead (check --max)", ErrBaseline, t.capture, maxKnown)
	}
	if b.captures == nil {
		b.captures = make(map[string]map[known]int64)
	}
	b.captures[t.capture] = t.seen
	return nil
}
