package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
)

// What is listed of a batch whose captures are too many for one page.
const (
	mostListed  = 10_000 // captures, up to which all are
	worstListed = 2_000  // captures in which most remains otherwise, and as many that failed or are damaged
)

// Shortlist keeps of the captures of a batch those that BatchTerminal and BatchHTML show:
// all of them up to 10,000, and else the worst. It holds little, however many there are.
type Shortlist struct {
	all    []*report.Entry // up to mostListed
	lists  []*worst
	marked []*report.Entry // that have groups which are among the worst ones
	many   bool
}

// NewShortlist returns an empty one.
func NewShortlist() *Shortlist {
	of := func(outcome report.Outcome, most int) *worst {
		return &worst{most: most, takes: func(e *report.Entry) bool { return e.Outcome == outcome }, compare: byCode}
	}
	return &Shortlist{lists: []*worst{
		{most: worstListed, takes: func(*report.Entry) bool { return true }, compare: byRemains()},
		of(report.OutcomeFailed, worstListed), of(report.OutcomeDamaged, worstListed), of(report.OutcomeRepaired, shownFailed),
	}}
}

// Add takes in the next capture, which is the shortlist's from then on. They come by path.
func (s *Shortlist) Add(e *report.Entry) error {
	if s.all = append(s.all, e); len(s.all) > mostListed || s.many {
		s.many = true
		for _, e := range s.all {
			s.pick(e)
		}
		s.all = s.all[:0]
	}
	return nil
}

func (s *Shortlist) pick(e *report.Entry) {
	if len(e.Worst) > 0 {
		s.marked = append(s.marked, e)
	}
	for _, l := range s.lists {
		if l.takes(e) {
			l.add(e)
		}
	}
}

// Batch is the summary with the captures that are shown, and the totals of all.
func (s *Shortlist) Batch(h *report.BatchHead) *report.Batch {
	kept := append([]*report.Entry{}, s.all...)
	if s.many {
		kept = s.marked
		for _, l := range s.lists {
			kept = append(kept, l.cut()...)
		}
		slices.SortStableFunc(kept, func(x, y *report.Entry) int { return strings.Compare(x.Path, y.Path) })
		kept = slices.Compact(kept)
	}
	b := &report.Batch{Schema: report.BatchSchema, Totals: h.Totals, Skipped: h.Skipped, Captures: make([]report.Entry, len(kept))}
	for i, e := range kept {
		b.Captures[i] = *e
	}
	return b
}

// shortened is a batch with the captures that are shown.
func shortened(b *report.Batch) *report.Batch {
	if len(b.Captures) <= mostListed {
		return b
	}
	s := NewShortlist()
	for i := range b.Captures {
		s.pick(&b.Captures[i])
	}
	s.many = true
	short := s.Batch(&report.BatchHead{Totals: b.Totals, Skipped: b.Skipped})
	short.Kept = b.Kept
	return short
}

// worst keeps the first of many entries in some order, those that came earlier before
// others that are equal.
type worst struct {
	most    int
	takes   func(*report.Entry) bool
	compare func(x, y *report.Entry) int
	list    []*report.Entry
	last    *report.Entry // of the first ones when there were enough; nil before
}

func (w *worst) add(e *report.Entry) {
	if w.last != nil && w.compare(e, w.last) >= 0 {
		return
	}
	if w.list = append(w.list, e); len(w.list) >= 2*w.most {
		w.cut()
	}
}

// cut sorts the list and shortens it.
func (w *worst) cut() []*report.Entry {
	slices.SortStableFunc(w.list, w.compare)
	clear(w.list[min(len(w.list), w.most):])
	w.list = w.list[:min(len(w.list), w.most)]
	if len(w.list) == w.most {
		w.last = w.list[w.most-1]
	}
	return w.list
}

// byCode puts those with the largest code first.
func byCode(x, y *report.Entry) int { return cmp.Compare(y.Code, x.Code) }

// byRemains returns an order that puts captures first of which nothing is known, and then
// goes by the counts of verdicts that remain, those of the worst verdict before others.
func byRemains() func(x, y *report.Entry) int {
	unread := func(e *report.Entry) int {
		if isUnread(e) {
			return 0
		}
		return 1
	}
	verdicts := report.Verdicts()
	return func(x, y *report.Entry) int {
		order := cmp.Compare(unread(x), unread(y))
		for _, v := range verdicts {
			if order == 0 && v != report.Artefact {
				order = cmp.Compare(y.ByVerdict[v], x.ByVerdict[v])
			}
		}
		return order
	}
}
