package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mendcap/mendcap/report/internal/text"
)

// Rules say which findings make a check fail. The zero value holds captures to
// having none but those that are repaired (Artefact) and those that merely
// happened as flagged (Genuine).
type Rules struct {
	FailOn   []Kind  // nil: the verdicts but Artefact and Genuine
	Max      []Limit // how many are allowed, by kind; of others none
	Baseline *Baseline
	// Passing says that no tally will be taken into a baseline, so that what
	// different findings there are need not be kept.
	Passing bool
}

// Tally counts the findings of one capture by the rules. Findings that the
// baseline knows of this capture are set apart.
type Tally struct {
	rules   *Rules
	capture string
	kinds   []kindTally
	packets []Limit         // of Unknown and Unread, where they are checked
	known   map[known]int64 // of the baseline, not met yet

	seen       map[known]int64 // for Baseline.Update; nil where none will be
	overflowed bool            // seen is not complete
}

// kindTally counts the findings of one kind.
type kindTally struct {
	limit Limit
	found int64 // new ones
	old   int64 // that the baseline knows
	first []Finding
}

// Begin starts to count a capture, under the name that the baseline has for it.
// The rules must not change while they are counted by.
func (r *Rules) Begin(capture string) *Tally {
	t := &Tally{rules: r, capture: capture}
	if r.Baseline != nil {
		t.known = maps.Clone(r.Baseline.captures[capture])
	}
	if !r.Passing {
		t.seen = make(map[known]int64)
	}
	for _, l := range r.limits() {
		if l.Kind.ofPackets() {
			t.packets = append(t.packets, l)
		} else {
			t.kinds = append(t.kinds, kindTally{limit: l})
		}
	}
	return t
}

// Reset forgets what was counted, so that the capture can be counted anew.
func (t *Tally) Reset() { *t = *t.rules.Begin(t.capture) }

// unknownPPB is the share of TCP packets that may be unknown where nothing else
// is asked for, parts per billion.
const unknownPPB = 1e7

// limits lists the kinds that are counted, each with its limit; those with a
// flag come first, since a finding counts for the kind that says most of it.
func (r *Rules) limits() []Limit {
	kinds := r.FailOn
	if kinds == nil {
		for _, v := range Verdicts() {
			if FailsCheck(v) {
				kinds = append(kinds, Kind{Verdict: v})
			}
		}
	}
	limits := slices.Clone(r.Max)
	isUnknown := func(l Limit) bool { return l.Kind.Verdict == Unknown }
	if r.FailOn == nil && !slices.ContainsFunc(limits, isUnknown) {
		limits = append(limits, Limit{Kind: Kind{Verdict: Unknown}, PPB: unknownPPB})
	}
	for _, k := range kinds {
		if !slices.ContainsFunc(limits, func(l Limit) bool { return l.Kind == k }) {
			limits = append(limits, Limit{Kind: k})
		}
	}
	order := Verdicts()
	slices.SortStableFunc(limits, func(a, b Limit) int {
		return cmp.Or(cmp.Compare(min(len(b.Kind.Flag), 1), min(len(a.Kind.Flag), 1)),
			slices.Index(order, a.Kind.Verdict)-slices.Index(order, b.Kind.Verdict), cmp.Compare(a.Kind.Flag, b.Kind.Flag))
	})
	return limits
}

// Add counts one finding. Nothing of it is kept but what examples need.
func (t *Tally) Add(f *Finding) {
	k := t.kind(f)
	if k == nil {
		return
	}
	if (t.seen != nil || len(t.known) > 0) && t.knows(knownOf(f)) {
		k.old++
		return
	}
	k.found++
	k.example(f)
}

// NeedsEvidence reports whether the finding can become an example, which says its
// Evidence. Of others only the number counts.
func (t *Tally) NeedsEvidence(f *Finding) bool {
	k := t.kind(f)
	return k != nil && k.place(f) < examplesPerCheck
}

// kind is the kind that the finding counts for, nil where there is none.
func (t *Tally) kind(f *Finding) *kindTally {
	for i := range t.kinds {
		if k := &t.kinds[i]; k.limit.Kind.Covers(f) {
			return k
		}
	}
	return nil
}

// knows takes a finding out of those that the baseline knows, if it is one, and
// notes it for the next baseline.
func (t *Tally) knows(is known) bool {
	if t.seen != nil {
		if _, ok := t.seen[is]; ok || len(t.seen) < maxKnown {
			t.seen[is]++
		} else {
			t.overflowed = true
		}
	}
	if t.known[is] == 0 {
		return false
	}
	t.known[is]--
	return true
}

// example keeps the finding if it is among the first by frame.
func (k *kindTally) example(f *Finding) {
	at := k.place(f)
	if at == examplesPerCheck {
		return
	}
	k.first = slices.Insert(k.first, at, *f)
	k.first = k.first[:min(len(k.first), examplesPerCheck)]
	k.first[at].Sequence = nil // it is valid only now
}

// place is where the finding is among the first, by frame.
func (k *kindTally) place(f *Finding) int {
	at := len(k.first)
	for at > 0 && k.first[at-1].Frame > f.Frame {
		at--
	}
	return at
}

// Gone is how many findings the baseline knows that did not come. It is complete
// when all have been added.
func (t *Tally) Gone() int64 {
	var n int64
	for _, left := range t.known {
		n += left
	}
	return n
}

// Checks says how the capture did: first whether the input was whole, then each
// kind. The report is that of the capture.
func (t *Tally) Checks(r *Report) []Check {
	all := []Check{inputCheck(r)}
	for i := range t.kinds {
		c := t.kinds[i].check(r.Capture.Packets)
		for k, n := range t.known {
			if f := k.finding(); t.kind(&f) == &t.kinds[i] {
				c.Gone += n
			}
		}
		c.Message += text.When(c.Gone > 0, fmt.Sprintf("; %s of the baseline did not come", text.Count(c.Gone)))
		all = append(all, c)
	}
	held := false
	for i := range t.packets {
		switch l := &t.packets[i]; {
		case l.Kind.Verdict == Unread:
			all, held = append(all, l.checkRead(r)), true
		case r.Inference.Packets > 0:
			all = append(all, l.checkUnknown(r))
		}
	}
	if held {
		return all
	}
	return append(all, readCheck(r)...)
}

// Checked says how the capture did, as Checks does, and what its findings come to.
func (t *Tally) Checked(r *Report) *Checked {
	c := &Checked{Checks: t.Checks(r), Gone: t.Gone()}
	c.Failed = Failed(c.Checks)
	for i := range t.kinds {
		c.New, c.Known = c.New+t.kinds[i].found, c.Known+t.kinds[i].old
	}
	for _, k := range slices.SortedFunc(maps.Keys(t.known), known.compare) {
		if n := t.known[k]; n > 0 && len(c.Lost) < examplesPerCheck {
			f := k.finding()
			c.Lost = append(c.Lost, text.When(n > 1, text.Count(n)+" times ")+string(k.Verdict)+", "+f.Label()+", "+k.Flow)
		}
	}
	return c
}

// checkUnknown holds a capture to the share of its TCP packets that could not be
// analysed.
func (l *Limit) checkUnknown(r *Report) Check {
	n, of := r.Inference.Unanalysed, r.Analysis.Segments+r.Inference.Unanalysed
	allowed := l.allows(of)
	return Check{Name: l.Kind.String(), Found: n, Allowed: allowed, Failed: n > allowed,
		Message: fmt.Sprintf("%s of %s with an unknown destination, %s allowed", text.Count(n), text.Plural(of, "TCP packet"), text.Count(allowed))}
}

func (k *kindTally) check(packets int64) Check {
	allowed := k.limit.allows(packets)
	c := Check{Name: k.limit.Kind.String(), Found: k.found, Allowed: allowed, Known: k.old, Failed: k.found > allowed}
	for i := range k.first {
		c.Frame = k.first[0].Frame
		c.Examples = append(c.Examples, k.first[i].line())
	}
	c.Message = fmt.Sprintf("%s, %s allowed%s%s", text.Plural(k.found, "finding"), text.Count(allowed),
		text.When(k.old > 0, fmt.Sprintf(", %s more in the baseline", text.Count(k.old))),
		text.When(len(k.first) > 0, fmt.Sprintf("; the first at frame %d", c.Frame)))
	return c
}

// Failed reports whether one of the checks did.
func Failed(checks []Check) bool {
	return slices.ContainsFunc(checks, func(c Check) bool { return c.Failed })
}
