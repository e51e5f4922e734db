package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/report"
)

// finder learns in a pass over the whole capture which frames are to be explained.
type finder interface {
	restart() // the pass is repeated
	packet(u *unit)
	found(f *diagnose.Finding)
	frames() ([]int64, error) // of the input, in the order in which they are explained
}

// outputFrames finds frames by their numbers in the output.
type outputFrames struct {
	wanted map[int64]bool
	met    map[int64]int64 // frames of the input, by those of the output
	last   int64
}

func (x *outputFrames) restart()                { x.met, x.last = make(map[int64]int64), 0 }
func (x *outputFrames) found(*diagnose.Finding) {}

func (x *outputFrames) packet(u *unit) {
	x.last = u.judged.frame
	if x.wanted[x.last] {
		x.met[x.last] = u.block.Frame
	}
}

func (x *outputFrames) frames() (list []int64, err error) {
	for _, frame := range slices.Sorted(maps.Keys(x.wanted)) {
		if frame > x.last {
			return nil, noFrame(slices.Max(slices.Collect(maps.Keys(x.wanted))), x.last)
		}
		list = append(list, x.met[frame])
	}
	return list, nil
}

// worst finds the frames of the worst findings that remain: first one of each kind of
// them, then more.
type worst struct {
	kinds  map[findingKind][]*diagnose.Finding // the worst of each, in their order
	counts diagnose.Counts
}

// maxWorst is how many frames it finds.
const maxWorst = 10

// findingKind tells findings apart by what is said of them, figures left out.
type findingKind struct {
	verdict      diagnose.Verdict
	detail, form string
}

func (x *worst) restart() {
	x.kinds, x.counts = make(map[findingKind][]*diagnose.Finding), diagnose.Counts{}
}
func (x *worst) packet(*unit) {}

func (x *worst) found(f *diagnose.Finding) {
	if f.Verdict == diagnose.Artefact {
		return
	}
	x.counts[f.Verdict]++
	kind := findingKind{f.Verdict, f.Detail, f.Form()}
	known := x.kinds[kind]
	if slices.ContainsFunc(known, func(other *diagnose.Finding) bool { return other.Frame == f.Frame }) {
		return // it is explained with the same frame
	}
	at, _ := slices.BinarySearchFunc(known, f, compareWorst)
	if at >= maxWorst {
		return
	}
	one := *f
	known = slices.Insert(known, at, &one)
	x.kinds[kind] = known[:min(len(known), maxWorst)]
}

// compareWorst orders findings that remain: by verdict, the worst first, then by frame in
// the output.
func compareWorst(a, b *diagnose.Finding) int {
	return cmp.Or(cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.FrameAfter, b.FrameAfter), cmp.Compare(a.FlagNumber, b.FlagNumber))
}

func (x *worst) frames() ([]int64, error) {
	var first, rest, chosen []*diagnose.Finding
	for _, known := range x.kinds {
		first, rest = append(first, known[0]), append(rest, known[1:]...)
	}
	for _, some := range [][]*diagnose.Finding{first, rest} {
		slices.SortFunc(some, compareWorst)
		for _, f := range some {
			same := func(other *diagnose.Finding) bool { return other.Frame == f.Frame }
			if len(chosen) < maxWorst && !slices.ContainsFunc(chosen, same) {
				chosen = append(chosen, f)
			}
		}
	}
	slices.SortFunc(chosen, compareWorst)
	list := make([]int64, len(chosen))
	for i, f := range chosen {
		list[i] = f.Frame
	}
	return list, nil
}

// remains says how much remains, where the frames that are explained have so many of the
// findings.
func (x *worst) remains(explained int64) *report.ExplainedRemains {
	r := &report.ExplainedRemains{ByVerdict: x.counts.Reported()}
	for _, n := range x.counts {
		r.Findings += n
	}
	r.More = r.Findings - explained
	return r
}

// noFrame says that a frame is not there.
func noFrame(frame, last int64) error {
	return fmt.Errorf("%w: no frame %d: the last one is frame %d", ErrUsage, frame, last)
}
