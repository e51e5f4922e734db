package pipeline

import (
	"cmp"
	"slices"

	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/summary"
	"github.com/mendcap/mendcap/report"
)

// collector counts all findings and keeps those of the lowest frames, what remains before
// what was repaired.
type collector struct {
	limit     int
	each      func(*report.Finding)      // nil where nobody wants all
	evident   func(*report.Finding) bool // which of them with their evidence; nil: all
	handed    report.Finding             // to each, last
	sequence  report.Range               // of it
	seen      *summary.Summary
	total     int64
	byVerdict diagnose.Counts
	kept      []*diagnose.Finding // those of the lowest frames as compareKept has it, and some more
	beyond    *diagnose.Finding   // the last of those that were enough; nil before they are
}

// add takes in a finding.
func (c *collector) add(f *diagnose.Finding) {
	c.total++
	c.byVerdict[f.Verdict]++
	c.seen.Finding(f)
	if c.each != nil {
		c.hand(f)
	}
	if c.beyond != nil && compareKept(f, c.beyond) > 0 {
		return
	}
	one := *f
	if c.kept = append(c.kept, &one); len(c.kept) >= c.limit+c.limit/8 {
		c.cut()
	}
}

// cut keeps the first ones, as many as are wanted.
func (c *collector) cut() {
	slices.SortFunc(c.kept, compareKept)
	if len(c.kept) > c.limit {
		clear(c.kept[c.limit:])
		c.kept = c.kept[:c.limit]
		c.beyond = c.kept[c.limit-1]
	}
}

// hand hands a finding on. A hostile capture has several for each packet, so nothing
// is allocated for it, and its evidence is put into words only where it is needed.
func (c *collector) hand(f *diagnose.Finding) {
	c.handed = described(f, &c.sequence)
	if c.evident == nil || c.evident(&c.handed) {
		c.handed.Evidence = f.Evidence()
	}
	c.each(&c.handed)
}

// result lists what was kept, in the order of the frames.
func (c *collector) result() report.Findings {
	c.cut()
	slices.SortFunc(c.kept, compareFindings)
	list := make([]report.Finding, len(c.kept))
	for i, f := range c.kept {
		list[i] = described(f, new(report.Range))
		list[i].Evidence = f.Evidence()
	}
	c.kept = nil
	return report.Findings{Total: c.total, Omitted: c.total - int64(len(list)), ByVerdict: c.byVerdict.Reported(), List: list}
}

// described is what a finding says without its evidence. It has room for its sequence
// numbers.
func described(f *diagnose.Finding, sequence *report.Range) report.Finding {
	r := report.Finding{
		Frame: f.Frame, FrameAfter: f.FrameAfter, Time: utc(f.Time), Flow: endsOf(&f.Pair),
		Flag: f.Flag(), Verdict: f.Verdict.Reported(), Detail: f.Detail, Repaired: f.Repaired, Law: report.LawName(f.Law()), Event: f.Event,
	}
	if f.Sequenced {
		*sequence = f.Sequence
		r.Sequence = sequence
	}
	return r
}

// endsOf are those of a packet; none of one without IP.
func endsOf(p *conn.Pair) report.Endpoints {
	if *p == (conn.Pair{}) {
		return report.Endpoints{}
	}
	from, to := p.Key.Ends(p.Dir)
	return endpoints(from.Addr(), to.Addr(), from.Port(), to.Port())
}

// compareKept orders findings by how little is lost with them: what remains comes first.
func compareKept(a, b *diagnose.Finding) int {
	switch repaired := a.Verdict == diagnose.Artefact; {
	case repaired == (b.Verdict == diagnose.Artefact):
		return compareFindings(a, b)
	case repaired:
		return 1
	}
	return -1
}

// compareFindings orders findings: by frame, then by flag, and those without one by verdict.
func compareFindings(a, b *diagnose.Finding) int {
	if a.Frame != b.Frame {
		return cmp.Compare(a.Frame, b.Frame)
	}
	return cmp.Or(cmp.Compare(a.FlagNumber, b.FlagNumber), cmp.Compare(a.Verdict, b.Verdict))
}
