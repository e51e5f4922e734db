package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// MaxExplained is how many frames Explain takes at once.
const MaxExplained = 1000

// Explain says of frames of the capture in ("-" for standard input), by their
// numbers from 1 or with Options.OutputFrames by those in the output, what File would do
// to them and why; without frames of those of the worst findings that remain. It writes
// nothing. Options about outputs and findings are not used. Errors are those of File; a
// frame that the capture does not have is an ErrUsage.
func Explain(ctx context.Context, in string, frames []int64, o Options) (report.Explanations, error) {
	x, err := newExplainer(frames, o.OutputFrames)
	if err != nil {
		return report.Explanations{}, err
	}
	j, err := newJob(in, "-", o)
	if err != nil {
		return report.Explanations{}, err
	}
	return x.explain(ctx, j)
}

// explain takes the capture through its passes. Where the first has seen only the
// beginning, the second one tells how many frames there are.
func (x *explainer) explain(ctx context.Context, j *job) (report.Explanations, error) {
	j.explain, x.facts = x, &j.facts
	last := int64(0)
	if x.find == nil {
		last = slices.Max(slices.Collect(maps.Keys(x.wanted)))
	}
	err := j.run(ctx, func(j *job, ctx context.Context) error {
		if in := j.lastFrame(); last > in && !j.facts.Partial {
			return noFrame(last, in)
		}
		if err := j.rehearse(ctx); err != nil || x.find == nil {
			return err
		}
		return x.again(ctx, j)
	})
	if err != nil {
		return report.Explanations{}, err
	}
	if in := j.lastFrame(); last > in {
		return report.Explanations{}, noFrame(last, in)
	}
	if j.source.converted != nil {
		if err := x.leftOut(); err != nil {
			return report.Explanations{}, err
		}
	}
	return x.result(j.source.name), nil
}

// lastFrame is the number of the last frame of the capture, taken or not, as far as it
// was read.
func (j *job) lastFrame() int64 {
	if c := j.source.converted; c != nil {
		return c.Last()
	}
	return j.facts.lastFrame
}

// again repeats the pass that would write for the frames that were found in it.
func (x *explainer) again(ctx context.Context, j *job) (err error) {
	x.finding = false
	if x.order, err = x.find.frames(); err != nil || len(x.order) == 0 {
		return err
	}
	x.wanted = make(map[int64]bool)
	for _, frame := range x.order {
		x.wanted[frame] = true
	}
	j.passed++
	p, err := j.emit(ctx, nil, nil)
	if err == nil {
		p.judge.result(j.facts.interfaces) // which decides the last verdicts
		err = j.source.changed()
	}
	return err
}

// leftOut returns an error if a frame of a capture of another format is not among the
// packets that were taken.
func (x *explainer) leftOut() error {
	for _, frame := range slices.Sorted(maps.Keys(x.wanted)) {
		if x.met[frame] == nil {
			return fmt.Errorf("%w: frame %d is no packet, or one of a layer that is left out: all layers would have to be taken", ErrUsage, frame)
		}
	}
	return nil
}

// explainer follows a few frames through a pass that writes. The sequencer asks it for
// clues, the judge shows it what became of their packets: neither touches what the other
// does.
type explainer struct {
	wanted map[int64]bool
	facts  *facts

	find    finder  // of the frames that are wanted; nil where they are known
	finding bool    // they are being found
	order   []int64 // those that were found

	initials conn.InitialNumbers // the sequencer's, as what follows
	taken    int64               // packets so far

	met       map[int64]*explained // the judge's, by frame
	remaining int64                // findings that remain, on these frames
}

// explained is a frame that was met in the output, and what is to be said of it
// once the whole pass is over: initial numbers are still learnt meanwhile.
type explained struct {
	report.Explanation // its Flags are those that have verdicts
	clue               *clue
	seg                tcp.Segment // where the clue has initial numbers
	before, after      tcp.Analysis
}

func newExplainer(frames []int64, ofOutput bool) (*explainer, error) {
	x := &explainer{wanted: make(map[int64]bool), met: make(map[int64]*explained)}
	for _, f := range frames {
		if f < 1 {
			return nil, fmt.Errorf("%w: frame %d: frames are counted from 1", ErrUsage, f)
		}
		x.wanted[f] = true
	}
	switch n := len(x.wanted); {
	case n > MaxExplained:
		return nil, fmt.Errorf("%w: %d frames: at most %d can be explained at once", ErrUsage, n, MaxExplained)
	case n == 0:
		x.find = new(worst)
	case ofOutput:
		x.find, x.wanted = &outputFrames{wanted: x.wanted}, nil
	}
	x.finding = x.find != nil
	return x, nil
}

// restart forgets what was learnt in a pass that is repeated. A nil explainer has
// nothing to explain.
func (x *explainer) restart() {
	if x == nil {
		return
	}
	x.initials, x.taken = conn.InitialNumbers{}, 0
	clear(x.met)
	x.remaining = 0
	if x.finding {
		x.find.restart()
	}
}

// clue is what the sequencer knows of a frame that is to be explained.
type clue struct {
	trace    reorder.Trace  // its indices turned into frames
	timeFrom int64          // frame whose stamp it takes
	initials *conn.Initials // of its connection, nil without TCP
	taken    int64          // its number among the packets that were read
}

// wants reports whether a frame is to be explained.
func (x *explainer) wants(frame int64) bool { return x.wanted[frame] }

// begin takes in a packet in file order, before it is placed, and returns the clue of
// one that is to be explained.
func (x *explainer) begin(u *unit) *clue {
	x.taken++
	var of *conn.Initials
	if u.tracked.followed {
		of = x.initials.Learn(&u.seg)
	}
	if !x.wants(u.block.Frame) {
		return nil
	}
	return &clue{initials: of, taken: x.taken}
}

// take takes in the packet's trace, whose indices frame turns into frames.
func (c *clue) take(t reorder.Trace, frame func(index int64) int64) {
	c.trace, c.timeFrom = t, frame(t.TimeFrom)
	for _, list := range [][]reorder.Relation{t.Causes, t.Followers} {
		for i := range list {
			list[i].Index = frame(list[i].Index)
		}
	}
}

// judged takes in a packet in output order.
func (x *explainer) judged(u *unit) {
	if u.clue != nil {
		x.placed(u)
	}
	if x.finding {
		x.find.packet(u)
	}
}

// placed takes a frame in output order.
func (x *explainer) placed(u *unit) {
	e := report.Explanation{
		Frame: u.block.Frame, FrameAfter: u.judged.frame, Protocol: protocolOf(u), Flow: flowOf(u),
		Header: explainHeader(u), Place: x.place(u), More: u.clue.trace.Cut, Comments: explainComments(u.block),
	}
	if u.clue.taken != e.Frame {
		e.Taken = u.clue.taken
	}
	x.met[e.Frame] = &explained{e, u.clue, u.seg, u.before, u.judged.after}
}

// found takes a verdict, which can come after the packets that settle it.
func (x *explainer) found(f *diagnose.Finding) {
	if x.finding {
		x.find.found(f)
	}
	if e := x.met[f.Frame]; e != nil {
		if f.Verdict != diagnose.Artefact {
			x.remaining++
		}
		e.flag(report.ExplainedFlag{Flag: f.Flag(), Verdict: f.Verdict.Reported(), Detail: f.Detail, Evidence: f.Evidence(), Event: f.Event})
	}
}

// flag adds a flag, with whether the packet has it before and after.
func (e *explained) flag(f report.ExplainedFlag) {
	f.Before, f.After = slices.Contains(e.before.Names(), f.Flag), slices.Contains(e.after.Names(), f.Flag)
	e.Flags = append(e.Flags, f)
}

func (x *explainer) result(name string) report.Explanations {
	all := report.Explanations{
		Schema: report.ExplainSchema, Capture: name, Basis: x.facts.profile.Basis.String(),
		ShiftLimit: time.Duration(x.facts.profile.Reach()), Frames: []report.Explanation{},
	}
	order := x.order
	if x.find == nil {
		order = slices.Sorted(maps.Keys(x.met))
	}
	if w, ok := x.find.(*worst); ok {
		all.Remains = w.remains(x.remaining)
	}
	for _, frame := range order {
		all.Frames = append(all.Frames, x.met[frame].whole())
	}
	all.Damage, _ = describeDamage(x.facts.damage)
	return all
}

// whole adds what is told by sequence numbers, and the flags without a verdict: their
// connection could not be judged. Flags are in the analyser's order.
func (e *explained) whole() report.Explanation {
	c := e.clue
	e.Causes, e.Followers = c.neighbours(c.trace.Causes), c.neighbours(c.trace.Followers)
	if c.initials != nil {
		e.Segment = explainSegment(&e.seg, c.initials)
	}
	names := tcp.AnalysisNames()
	for _, name := range (e.before | e.after).Names() {
		if !slices.ContainsFunc(e.Flags, func(f report.ExplainedFlag) bool { return f.Flag == name }) {
			e.flag(report.ExplainedFlag{
				Flag: name, Verdict: report.NotCaptured, Evidence: "it is not judged, since only one direction of its connection had been recorded",
			})
		}
	}
	slices.SortStableFunc(e.Flags, func(a, b report.ExplainedFlag) int {
		return cmp.Compare(slices.Index(names, a.Flag), slices.Index(names, b.Flag))
	})
	return e.Explanation
}

// neighbours names the packets of a trace by their frames.
func (c *clue) neighbours(relations []reorder.Relation) []report.Relation {
	list := make([]report.Relation, len(relations))
	for i := range relations {
		r := &relations[i]
		list[i] = report.Relation{Frame: r.Index, Law: report.LawName(r.Law.String()), Broken: r.Broken, Repaired: r.Repaired}
		if r.Segment != (reorder.Segment{}) && c.initials != nil {
			list[i].Segment = explainSegment((*tcp.Segment)(&r.Segment), c.initials)
		}
	}
	return list
}

// bitNames are those of Wireshark, from the lowest bit.
var bitNames = [...]string{"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"}

// explainSegment counts the segment's numbers from the initial ones of its connection.
func explainSegment(seg *tcp.Segment, n *conn.Initials) *report.ExplainedTCP {
	own, peer := n[seg.Dir&1].Initial(), n[1-seg.Dir&1].Initial()
	relative := func(r tcp.Range, to tcp.Seq) report.Range {
		return report.Range{Left: uint32(r.Left - to), Right: uint32(r.Right - to)}
	}
	e := &report.ExplainedTCP{
		Bits: []string{}, Seq: uint32(seg.Seq), Ack: uint32(seg.Ack), Len: seg.Len, Sack: []report.Range{},
		Relative: relative(seg.Range(), own), Acks: seg.HasAck(),
	}
	for i, name := range bitNames {
		if seg.Bits&(1<<i) != 0 {
			e.Bits = append(e.Bits, name)
		}
	}
	if seg.Bits&tcp.ACK != 0 {
		e.RelativeAck = uint32(seg.Ack - peer)
	}
	for _, block := range seg.SACK[:seg.SACKs] {
		e.Sack = append(e.Sack, relative(block, peer))
	}
	if seg.HasTS {
		val, ecr := seg.TSval, seg.TSecr
		e.TSval, e.TSecr = &val, &ecr
	}
	return e
}

func protocolOf(u *unit) string {
	known := map[uint8]string{
		packet.ProtoTCP: "TCP", packet.ProtoUDP: "UDP", packet.ProtoICMP: "ICMP", packet.ProtoICMPv6: "ICMPv6",
	}
	name, ok := known[u.proto]
	switch {
	case u.view.Form == packet.NoIP:
		return ""
	case ok:
		return name
	case u.answer != nil && u.proto == infer.Unknown:
		return "unknown protocol"
	}
	return fmt.Sprintf("protocol %d", u.proto)
}

// flowOf returns both ends, with ports where there are some.
func flowOf(u *unit) report.Endpoints {
	if u.view.Form == packet.NoIP {
		return report.Endpoints{}
	}
	src, dst := u.ends()
	return endpoints(src, dst, u.sport, u.dport)
}

// endpoints are both ends; ports that are both 0 are none.
func endpoints(src, dst netip.Addr, sport, dport uint16) report.Endpoints {
	return report.Endpoints{
		Source: netip.AddrPortFrom(src, sport), Destination: netip.AddrPortFrom(dst, dport), Portless: sport == 0 && dport == 0,
	}
}

func explainHeader(u *unit) report.ExplainedHeader {
	form := formNames[u.view.Form]
	switch {
	case u.view.Form.Headerless() && u.mended(), u.tracked.finished && saysHeader(u.block):
		return report.ExplainedHeader{Form: report.FormMended}
	case !u.view.Form.Headerless():
		return report.ExplainedHeader{Form: form}
	}
	a := u.answer
	h := report.ExplainedHeader{
		Form:        form,
		NextHeader:  report.ExplainedField{Value: protocolName(a.NextHeader), Origin: originNames[a.NextHeaderOrigin]},
		Destination: report.ExplainedField{Value: a.Destination.String(), Origin: originNames[a.DestinationOrigin]},
		Evidence:    string(a.Evidence), ChecksumVerified: a.ChecksumVerified, Offloaded: a.Offloaded, Synthesised: madeUp(u),
		Posterior: likelihood(a),
	}
	for _, c := range a.Candidates {
		h.Candidates = append(h.Candidates, report.ExplainedCandidate(choice(c)))
	}
	h.CandidatesOmitted = a.Unlisted
	return h
}

// formNames and originNames are the report's.
var (
	formNames = [...]string{
		packet.NoIP: report.FormNone, packet.Whole: report.FormWhole, packet.Stub: report.FormStub,
		packet.Sockaddr6: report.FormSockaddr, packet.Sockaddr4: report.FormSockaddrIPv4,
	}
	originNames = [infer.Origins]string{
		infer.NotKnown: "unknown", infer.Inferred: "inferred", infer.Likely: "likely",
		infer.AsCaptured: "as captured", infer.AsStated: "as stated",
	}
)

func (x *explainer) place(u *unit) report.ExplainedPlace {
	p := &u.placed
	e := report.ExplainedPlace{Why: x.why(u)}
	if p.byLaw || p.left {
		e.Law = report.LawName(p.law.String())
	}
	stamp, ok := u.stamp()
	if !ok {
		return e
	}
	recorded, _ := u.recorded()
	e.Recorded, e.Time = utc(recorded), utc(p.time)
	e.Shift = time.Duration(stamp - p.time)
	if u.aligned.corrected {
		e.Corrected = utc(stamp)
	}
	if p.borrowed {
		e.TimeFrom = u.clue.timeFrom
	}
	e.Earliest, e.Latest = utc(p.earliest), utc(p.latest)
	return e
}

// why is the reason for which the packet moves, or stays.
func (x *explainer) why(u *unit) string {
	t, p := &u.clue.trace, &u.placed
	switch {
	case isBarrier(u.block):
		return report.WhyNoTime
	case p.byLaw:
		return report.WhyMoved
	case p.moved:
		return report.WhySorted
	case u.tracked.finished:
		return report.WhyRepairedBefore
	case u.tracked.left == leftRisen || x.facts.left.all:
		return report.WhyFlagsWouldRise
	case u.tracked.left == leftSeenTwice:
		return report.WhySeenTwice
	case u.assembled && u.tracked.followed:
		return report.WhyFragments
	case p.excused:
		return report.WhyDrop
	case t.Tangled:
		return report.WhyContradiction
	case t.Gated || p.left && len(t.Followers) > 0 && t.Followers[0].Broken && !t.Followers[0].Repaired:
		return report.WhyBeyondLimit
	case p.left:
		return report.WhyOutOfWindow
	case len(t.Causes)+len(t.Followers) > 0:
		return report.WhyInOrder
	case !u.tracked.followed && u.proto == packet.ProtoTCP && u.view.Form != packet.NoIP:
		return report.WhyNotFollowed
	case !u.tracked.followed:
		return report.WhyNoTCP
	case !x.facts.profile.Broken():
		return report.WhyNothingBroken
	}
	return report.WhyNotInDoubt
}
