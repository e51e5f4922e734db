package pipeline

import (
	"fmt"
	"slices"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// reportBuilder is the report as far as it is known.
type reportBuilder struct{ report.Report }

func (r *reportBuilder) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// noteIf notes what there are n of, or has happened n times, unless n is 0.
func (r *reportBuilder) noteIf(n int64, format string, args ...any) {
	if n > 0 {
		r.note(format, args...)
	}
}

// conclude fills the report from what the pass that wrote has counted.
func (j *job) conclude(p *emitter, o ordered) {
	v := p.judge.result(j.facts.interfaces)
	j.report.Capture = j.facts.contents.report(j.source.name, j.format, j.compression)
	j.report.conclude(&j.facts, o, v, p.writer)
	j.report.limits(&j.facts, o, v.givenUp, j.flows.Forgotten())
	j.report.noteClocks(&j.facts.clocks, o.forced)
	j.report.noteLeft(&j.facts)
	j.report.noteUnknown()
	j.report.noteOdd(j.odd)
	j.steps += o.steps + v.steps
}

// conclude says what was found in the passes before and in that which wrote.
func (r *reportBuilder) conclude(f *facts, o ordered, v *judgement, w *writer) {
	r.Schema = report.Schema
	r.Inference = w.phrases.result()
	r.Inference.Candidates = f.answers.Candidates()
	r.Inference.Doubtful, r.Inference.DoubtfulTotal = describeDoubts(f.answers.Doubts(maxDoubtful))
	r.Order = describeOrder(f, o.stats, w.moved)
	r.Order.Uncertainty = describeWidths(&v.widths)
	r.Analysis = report.Analysis{Segments: o.segments, AsIs: o.asIs, Before: o.before.named(), After: v.after.named()}
	r.noteUnread(&v.unread)
	r.CaptureLoss, r.Findings = v.loss, v.reported
	v.seen.Describe(&r.Report, f.Span)
	r.Damage, r.DamageOmitted = describeDamage(f.damage)
	if r.Notes == nil {
		r.Notes = []string{}
	}
	if r.Capture.Packets == 0 {
		r.note("the capture has no packets")
	}
	switch n := f.leftOut(); {
	case n == 1:
		r.note("1 packet has a time before 1990 or after 2099, which the capture's times leave out")
	case n > 1:
		r.note("%d packets have times before 1990 or after 2099, which the capture's times leave out", n)
	}
}

// noteUnread says how many packets were not analysed, and why.
func (r *reportBuilder) noteUnread(packets *[packet.Unreads]int64) {
	for why, n := range packets {
		if n > 0 {
			if r.Analysis.NotRead == nil {
				r.Analysis.NotRead = make(map[string]int64)
			}
			why := packet.Unread(why)
			r.Analysis.NotRead[why.String()] = n
			r.note("%s not analysed for TCP: %s", were(n, "packet"), why.Words())
		}
	}
}

// maxDoubtful bounds the flows whose header is doubtful that a report lists.
const maxDoubtful = 100

// choice is a candidate in the words of the report.
func choice(c infer.Candidate) report.HeaderChoice {
	return report.HeaderChoice{
		NextHeader: protocolName(c.NextHeader), Destination: c.Destination,
		Posterior: c.Posterior, Evidence: string(c.Evidence),
	}
}

func describeDoubts(doubts []infer.Doubt, total int) ([]report.DoubtfulFlow, int) {
	list := make([]report.DoubtfulFlow, 0, len(doubts))
	for _, d := range doubts {
		f := report.DoubtfulFlow{Flow: endpoints(d.Source, d.Destination, d.SourcePort, d.DestinationPort), Packets: int64(d.Packets), Best: choice(d.Best), RunnerUp: choice(d.RunnerUp)}
		for _, c := range d.Candidates {
			f.Candidates = append(f.Candidates, choice(c))
		}
		f.CandidatesOmitted = d.Unlisted
		if d.NextHeader != infer.Unknown {
			f.Answer = protocolName(d.NextHeader)
		}
		list = append(list, f)
	}
	return list, total
}

func describeOrder(f *facts, stats reorder.Stats, moved int64) report.Order {
	p := &f.profile
	r := report.Order{
		Basis: p.Basis.String(), Vantage: f.local.ShownBy(), Local: f.local.Local(),
		Moved: moved, MaxShift: time.Duration(stats.MaxShift), ByLaw: make(map[report.LawName]report.Law),
		TimeScales: report.TimeScales{
			Tick: time.Duration(p.Tick), ThreadJitter: time.Duration(p.ThreadJitter), QueueJitter: time.Duration(p.QueueJitter),
		},
		ShiftLimit: time.Duration(p.Reach()),
	}
	r.Disturbance = report.Disturbance{
		IPID: p.IPID.String(), Copies: f.left.seen[doubled] > 0, EarlyResponses: p.QueueMandate, SwappedPackets: p.ThreadMandate,
		ClockSteps: p.ClockSteps, OtherBasisViolations: p.Other,
	}
	r.Clocks = f.clocks.describe(f.interfaces)
	r.RepairedBefore = len(f.placed) > 0
	r.AsRecorded = f.left.describe()
	for i, name := range reorder.LawNames() {
		r.ByLaw[report.LawName(name)] = report.Law{
			Violations: stats.Violations[i], Explained: stats.Explained[i],
			Moved: stats.Moved[i], Unrepaired: stats.Unrepaired[i],
		}
		r.Unrepaired += stats.Unrepaired[i]
	}
	return r
}

func describeWidths(h *reorder.Histogram) report.Uncertainty {
	at := func(share float64) time.Duration { return time.Duration(h.Quantile(share)) }
	return report.Uncertainty{Median: at(0.5), P90: at(0.9), P99: at(0.99), Max: at(1)}
}

// limits says which bounds were met, and how often packets were placed early for
// their bytes.
func (r *reportBuilder) limits(f *facts, o ordered, g diagnose.GivenUp, forgotten int64) {
	stats, left := &o.stats, f.answers.GivenUp()
	r.noteIf(f.unlisted, "%s not listed: the first %d are", were(f.unlisted, "interface"), maxInterfaces)
	r.noteIf(f.strange, "of the addresses that interface descriptions state the first %d were taken for the host's, and %d beyond them not",
		maxOwn, f.strange)
	r.noteIf(left.Addresses, "an address was left out of the candidates for headers %s: there were too many",
		timesOver(left.Addresses))
	r.noteIf(forgotten, "a connection was forgotten %s: more than %d at once over the passes; what came back later was judged afresh",
		timesOver(forgotten), conn.MaxFlows)
	r.noteIf(left.Packets, "%s answered without the evidence of the flow: too many flows",
		were(left.Packets, "header-less packet"))
	r.noteIf(stats.Unsorted, "%s too late to be sorted by stamps through the window of %d packets",
		were(stats.Unsorted, "packet"), reorder.DefaultWindow)
	r.noteIf(left.Crowded, "only some of the addresses that fit a checksum were looked at, since there were so many: of %s",
		plural(left.Crowded, "checksum"))
	r.noteIf(left.Unnamed, "a destination was named for a flow that had many already, and not tried, %s",
		timesOver(left.Unnamed))
	r.noteIf(left.Unlisted, "the candidates for the header of %s are not listed: too many flows have some",
		plural(left.Unlisted, "flow"))
	r.noteIf(stats.Forced, "the window of %d packets was too small %s for how far packets may move",
		reorder.DefaultWindow, timesOver(stats.Forced))
	r.noteIf(stats.Forgotten, "order has forgotten ranges of connections' bytes %s: too many in one connection at once",
		timesOver(stats.Forgotten))
	r.noteIf(g.Holes, "holes of %s were forgotten: too many at once", plural(g.Holes, "connection"))
	r.noteIf(g.Looks, "%s judged by fewer of the packets before: too many in one connection", were(g.Looks, "flag"))
	r.noteIf(g.Waits, "%s judged before all evidence had come: too many waited for it", were(g.Waits, "flag"))
	r.noteIf(g.Gaps, "%s not set beside all others of the time: too many at once", were(g.Gaps, "gap"))
	r.noteIf(o.crowded, "the window of %d MiB, %d of them for blocks that are no packets, and %d MiB of records was too small %s for how far packets may move",
		maxWindow>>20, maxBetween>>20, maxRecords>>20, timesOver(o.crowded))
}

// noteUnknown says what destinations that stayed unknown kept from being
// analysed, and what would help.
func (r *reportBuilder) noteUnknown() {
	i := &r.Inference
	if i.Destination.Unknown == 0 {
		return
	}
	text := fmt.Sprintf("the destination of %s is unknown", plural(i.Destination.Unknown, "packet"))
	if i.Unanalysed > 0 {
		text += fmt.Sprintf(", of which TCP, and not analysed: %d", i.Unanalysed)
	}
	understood := slices.ContainsFunc(r.Tables, func(t report.Table) bool { return t.Addresses > 0 })
	switch {
	case len(r.Tables) == 0:
		text += "; no network tables were found beside the capture: mendcap tables --script windows (or linux, macos) prints a script that records them"
	case !understood:
		text += "; nothing in the network tables was understood: mendcap tables PATH says why"
	default:
		text += "; the network tables do not tell it"
	}
	r.note("%s", text)
}
