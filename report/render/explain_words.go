package render

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

//go:embed explain.tmpl
var explainText string

// explainTemplate says in words what is known of a frame: its parts in turn, and by a kind and
// a name what is said of one form, proof, place or law.
var explainTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("explain").Funcs(template.FuncMap{
		"plural": text.Plural, "duration": text.Duration, "frames": framesText, "detailed": detailed,
		"line":  func(s string) string { return strings.Join(strings.Fields(s), " ") },
		"len64": func(frames []report.Explanation) int64 { return int64(len(frames)) },
		"stamp": stamp, "clock": clock, "earliest": earliest, "latest": latest,
		"mover": mover, "late": lateCauses, "groups": relationGroups,
		"acknowledges": acknowledges, "below": below, "reported": reported,
		"payload": payload, "lastByte": lastByte, "has": hasBit,
	}).Parse(explainText))
})

// sentences returns what the template of a name says of something; nothing where
// there is no such template.
func sentences(name string, of any) (list []string) {
	t := explainTemplate().Lookup(name)
	if t == nil {
		return nil
	}
	var b strings.Builder
	if err := t.Execute(&b, of); err != nil {
		panic(err) // the template is ours
	}
	for paragraph := range strings.SplitSeq(b.String(), "\n\n") {
		list = append(list, strings.Join(strings.Fields(paragraph), " "))
	}
	return text.Parts(list...)
}

// explainedFrame is what the template speaks of.
type explainedFrame struct {
	*report.Explanation
	ShiftLimit     time.Duration
	Earlier, Later int64 // by how many packets the output has it so
}

// Sentence is what is said of one kind of things of the one that has this name.
func (f explainedFrame) Sentence(kind, name string) string {
	return strings.Join(sentences(kind+" "+name, f), " ")
}

// Reason says why the frame comes before n.
func (f explainedFrame) Reason(n *report.Relation) string { return reason(f.Explanation, n) }

// inWords makes the sentences of e. They are not sanitised.
func inWords(x *report.Explanations, e *report.Explanation) report.ExplainedInWords {
	earlier := cmp.Or(e.Taken, e.Frame) - e.FrameAfter
	f := explainedFrame{e, x.ShiftLimit, earlier, -earlier}
	return report.ExplainedInWords{
		Header: sentences("header", f), Order: sentences("order", f),
		Laws: sentences("laws", f), Flags: sentences("flags", f),
	}
}

// mover returns the packet that made the frame move: one that was recorded before
// it, or else one that moved itself; nil if neither is among those named.
func mover(e *report.Explanation) *report.Relation {
	for _, fits := range []func(n report.Relation) bool{
		func(n report.Relation) bool { return n.Repaired && n.Law == e.Place.Law },
		func(n report.Relation) bool { return n.Law == e.Place.Law },
		func(n report.Relation) bool { return n.Repaired },
	} {
		if i := slices.IndexFunc(e.Followers, fits); i >= 0 {
			return &e.Followers[i]
		}
	}
	return nil
}

// lateCauses are the frames that must come before it, and were recorded late.
func lateCauses(causes []report.Relation) (late []int64) {
	for _, n := range causes {
		if n.Repaired {
			late = append(late, n.Frame)
		}
	}
	return late
}

// stamp and clock write a time in UTC, with and without its date.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 ") + clock(t) + " UTC" }

func clock(t time.Time) string { return t.UTC().Format(clockOf(t)) }

// clockOf is the format of a clock that shows the times exactly.
func clockOf(times ...time.Time) string {
	for _, t := range times {
		if t.Nanosecond()%1000 != 0 {
			return "15:04:05.000000000"
		}
	}
	return "15:04:05.000000"
}

// earliest and latest write a time to the microsecond at or before it, and at or after.
func earliest(t time.Time) string { return clock(t.Truncate(time.Microsecond)) }
func latest(t time.Time) string   { return earliest(t.Add(time.Microsecond - 1)) }

// relationGroup are constraints of one law that can be named together.
type relationGroup struct {
	report.Relation // without its frame
	How, Words      string
	Frames          []int64
}

// relationGroups lists the constraints, those of one law together.
func relationGroups(e *report.Explanation) []relationGroup {
	return append(grouped(e.Causes, "It comes after", reorder.Law.Cause),
		grouped(e.Followers, "It comes before", reorder.Law.Follower)...)
}

func grouped(all []report.Relation, how string, words func(reorder.Law) string) (groups []relationGroup) {
	for _, n := range all {
		k := report.Relation{Law: n.Law, Broken: n.Broken, Repaired: n.Repaired}
		i := slices.IndexFunc(groups, func(g relationGroup) bool { return g.Relation == k })
		if i < 0 {
			i = len(groups)
			groups = append(groups, relationGroup{Relation: k, How: how})
			if law, ok := reorder.LawNamed(string(k.Law)); ok {
				groups[i].Words = words(law)
			}
		}
		groups[i].Frames = append(groups[i].Frames, n.Frame)
		slices.Sort(groups[i].Frames)
	}
	return groups
}

// framesText writes "frame 7", "frames 7, 8 and 9".
func framesText(frames []int64) string {
	if len(frames) == 1 {
		return fmt.Sprintf("frame %d", frames[0])
	}
	last := len(frames) - 1
	words := cut(frames[:last], last, 0, 0, func(f *int64) string { return fmt.Sprint(*f) }, "")
	return fmt.Sprintf("frames %s and %d", strings.Join(words, ", "), frames[last])
}
