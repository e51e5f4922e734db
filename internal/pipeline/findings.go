package pipeline

import (
	"cmp"
	"container/heap"
	"slices"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/summary"
	"github.com/mendcap/mendcap/report"
)

// collector counts all findings and keeps those of the lowest frames.
type collector struct {
	limit     int
	each      func(*report.Finding)      // nil where nobody wants all
	evident   func(*report.Finding) bool // which of them with their evidence; nil: all
	handed    report.Finding             // to each, last
	sequence  report.Range               // of it
	seen      *summary.Summary
	total     int64
	byVerdict [diagnose.NumVerdicts]int64
	kept      lastFirst
}

func newCollector(limit int, each func(*report.Finding), evident func(*report.Finding) bool, seen *summary.Summary) *collector {
	return &collector{limit: limit, each: each, evident: evident, seen: seen}
}

// add takes in a finding.
func (c *collector) add(f *diagnose.Finding) {
	c.total++
	c.byVerdict[f.Verdict]++
	c.seen.Finding(f)
	if c.each != nil {
		c.hand(f)
	}
	switch {
	case len(c.kept) < c.limit:
		one := *f
		if c.kept = append(c.kept, &one); len(c.kept) == c.limit {
			slices.SortFunc(c.kept, func(a, b *diagnose.Finding) int { return compareFindings(b, a) }) // that is a heap
		}
	case c.limit > 0 && compareFindings(f, c.kept[0]) < 0:
		*c.kept[0] = *f
		heap.Fix(&c.kept, 0)
	}
}

// hand hands a finding on. A hostile capture has several for each packet, so nothing
// is allocated for it, and its evidence is put into words only where it is needed.
func (c *collector) hand(f *diagnose.Finding) {
	c.handed = described(f)
	if f.Sequenced {
		c.sequence = f.Sequence
		c.handed.Sequence = &c.sequence
	}
	if c.evident == nil || c.evident(&c.handed) {
		c.handed.Evidence = f.Evidence()
	}
	c.each(&c.handed)
}

// result lists what was kept, in the order of the frames.
func (c *collector) result() report.Findings {
	slices.SortFunc(c.kept, compareFindings)
	list := make([]report.Finding, len(c.kept))
	for i, f := range c.kept {
		list[i] = reported(f)
	}
	c.kept = nil
	by := make(map[report.Verdict]int64)
	for verdict, n := range c.byVerdict {
		if n > 0 {
			by[diagnose.Verdict(verdict).Reported()] = n
		}
	}
	return report.Findings{Total: c.total, Omitted: c.total - int64(len(list)), ByVerdict: by, List: list}
}

// reported puts a finding into words.
func reported(f *diagnose.Finding) report.Finding {
	r := described(f)
	r.Evidence = f.Evidence()
	if f.Sequenced {
		sequence := f.Sequence
		r.Sequence = &sequence
	}
	return r
}

// described is what a finding says without its sequence numbers and its evidence.
func described(f *diagnose.Finding) report.Finding {
	return report.Finding{
		Frame: f.Frame, FrameAfter: f.FrameAfter, Time: utc(f.Time),
		Flow: report.Endpoints{Source: f.Source.AddrPort(), Destination: f.Target.AddrPort()},
		Flag: f.Flag(), Verdict: f.Verdict.Reported(), Detail: f.Detail, Repaired: f.Repaired, Law: report.LawName(f.Law()),
	}
}

// compareFindings orders findings: by frame, then by flag. No frame has two of the
// same place.
func compareFindings(a, b *diagnose.Finding) int {
	if a.Frame != b.Frame {
		return cmp.Compare(a.Frame, b.Frame)
	}
	return cmp.Compare(a.FlagNumber, b.FlagNumber)
}

// lastFirst is a heap with the last finding on top, once there are as many as are kept.
type lastFirst []*diagnose.Finding

func (h lastFirst) Len() int           { return len(h) }
func (h lastFirst) Less(i, j int) bool { return compareFindings(h[i], h[j]) > 0 }
func (h lastFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lastFirst) Push(x any)        { *h = append(*h, x.(*diagnose.Finding)) }
func (h *lastFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
