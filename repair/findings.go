package repair

import (
	"cmp"
	"container/heap"

	"github.com/mendcap/mendcap/repair/diagnose"
	"github.com/mendcap/mendcap/report"
)

// collector counts all findings and keeps those of the lowest frames.
type collector struct {
	limit     int
	each      func(*report.Finding) // nil where nobody wants all
	seen      *witness
	total     int64
	byVerdict map[string]int64
	kept      lastFirst
}

func newCollector(limit int, each func(*report.Finding), seen *witness) *collector {
	return &collector{limit: limit, each: each, seen: seen, byVerdict: make(map[string]int64)}
}

// add takes in a finding.
func (c *collector) add(f *diagnose.Finding) {
	c.total++
	c.byVerdict[f.Verdict]++
	c.seen.finding(f)
	rank := ranked{frame: f.Frame, place: f.FlagNumber}
	kept := len(c.kept) < c.limit || c.limit > 0 && rank.less(&c.kept[0])
	if !kept && c.each == nil {
		return
	}
	rank.Finding = report.Finding{
		Frame: f.Frame, FrameAfter: f.FrameAfter, Time: utc(f.Stamp), Flow: f.Source.String() + " > " + f.Target.String(),
		Flag: f.Flag, Verdict: f.Verdict, Detail: f.Detail, Repaired: f.Repaired, Law: f.Law, Sequence: f.Sequence, Evidence: f.Evidence(),
	}
	if c.each != nil {
		c.each(&rank.Finding)
	}
	if !kept {
		return
	}
	if len(c.kept) == c.limit {
		heap.Pop(&c.kept)
	}
	heap.Push(&c.kept, rank)
}

// result lists what was kept, in the order of the frames.
func (c *collector) result() report.Findings {
	list := make([]report.Finding, len(c.kept))
	for i := len(list) - 1; i >= 0; i-- {
		list[i] = heap.Pop(&c.kept).(ranked).Finding
	}
	return report.Findings{Total: c.total, Omitted: c.total - int64(len(list)), ByVerdict: c.byVerdict, List: list}
}

// ranked is a finding with its place: by frame, then by flag. No frame has two
// of the same place.
type ranked struct {
	report.Finding
	frame int64
	place int
}

func (r *ranked) less(o *ranked) bool {
	return cmp.Or(cmp.Compare(r.frame, o.frame), cmp.Compare(r.place, o.place)) < 0
}

// lastFirst is a heap with the last finding on top.
type lastFirst []ranked

func (h lastFirst) Len() int           { return len(h) }
func (h lastFirst) Less(i, j int) bool { return h[j].less(&h[i]) }
func (h lastFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *lastFirst) Push(x any)        { *h = append(*h, x.(ranked)) }
func (h *lastFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}
