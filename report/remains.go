package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Remains is what a repair left of the findings, the worst first. WriteJSON fills it
// from the findings that the report lists.
type Remains struct {
	Findings      int64             `json:"findings"`
	Events        int64             `json:"events,omitempty"`   // that they belong to; see Finding.Event
	Unlisted      int64             `json:"unlisted,omitempty"` // of them, not in Findings.List
	ByVerdict     map[Verdict]int64 `json:"byVerdict"`
	Filter        string            `json:"filter"` // a display filter for their frames in the output; "" where there is none
	Groups        []Group           `json:"groups"` // the first ones
	GroupsOmitted int64             `json:"groupsOmitted,omitempty"`
}

// Group is findings of which the same sentence is said.
type Group struct {
	Verdict  Verdict   `json:"verdict"`
	Detail   string    `json:"detail,omitempty"`
	About    []string  `json:"about"` // the flags, or the law, or "connection"
	Count    int64     `json:"count"`
	Events   int64     `json:"events,omitempty"` // that they belong to
	Frames   []int64   `json:"frames"`           // in the output, the first ones
	Flow     Endpoints `json:"flow"`             // of the first
	Flows    int64     `json:"flows"`            // how many there are
	Evidence string    `json:"evidence"`

	First *Finding `json:"-"`
}

const (
	groupFrames   = 8
	storedGroups  = 200
	shortFilter   = 240  // bytes, three lines of a terminal: one by numbers needs no analyser
	longestFilter = 8192 // bytes
)

// Remains reports whether the finding is there after the repair.
func (f *Finding) Remains() bool { return f.Verdict != Artefact }

// Groups folds the findings that are listed: by verdict, the worst first, and then by
// frame in the output.
func (f *Findings) Groups() []Group { return f.groups(func(*Finding) bool { return true }) }

// groups folds those of the findings that wanted is true of.
func (f *Findings) groups(wanted func(*Finding) bool) []Group {
	var sorted []int
	for i := range f.List {
		if wanted(&f.List[i]) {
			sorted = append(sorted, i)
		}
	}
	slices.SortFunc(sorted, func(i, j int) int { return cmp.Or(CompareRemaining(&f.List[i], &f.List[j]), cmp.Compare(i, j)) })
	type sentence struct {
		verdict          Verdict
		detail, evidence string
	}
	var fold folder
	place := make(map[sentence]int)
	for _, i := range sorted {
		one := &f.List[i]
		said := sentence{one.Verdict, one.Detail, one.Evidence}
		in, ok := place[said]
		if !ok {
			in = len(fold.groups)
			place[said] = in
			fold.groups = append(fold.groups, Group{Verdict: one.Verdict, Detail: one.Detail, Flow: one.Flow, Flows: 1, Evidence: one.Evidence, First: one})
		}
		fold.add(in, one)
	}
	return fold.groups
}

// folder folds findings into groups. Most groups have one flow and one event, those of
// their first finding: only others are looked up.
type folder struct {
	groups []Group
	flows  map[groupFlow]bool
	events map[groupEvent]bool
}

type groupFlow struct {
	group int
	flow  Endpoints
}

type groupEvent struct {
	group int
	event int64
}

// add adds a finding to a group, which has begun with its first one.
func (f *folder) add(group int, one *Finding) {
	g := &f.groups[group]
	g.Count++
	if label := one.Label(); !slices.Contains(g.About, label) && len(g.About) < groupFrames {
		g.About = append(g.About, label)
	}
	if !slices.Contains(g.Frames, one.FrameAfter) && len(g.Frames) < groupFrames {
		g.Frames = append(g.Frames, one.FrameAfter)
	}
	if one.Flow != g.Flow && isNew(&f.flows, groupFlow{group, one.Flow}) {
		g.Flows++
	}
	if one.Event > 0 && (g.Count == 1 || one.Event != g.First.Event && isNew(&f.events, groupEvent{group, one.Event})) {
		g.Events++
	}
}

// isNew reports whether the set did not have what it has from now on.
func isNew[T comparable](set *map[T]bool, one T) bool {
	if (*set)[one] {
		return false
	}
	if *set == nil {
		*set = make(map[T]bool)
	}
	(*set)[one] = true
	return true
}

// CompareRemaining orders findings: by verdict, the worst first, and then by frame in
// the output.
func CompareRemaining(a, b *Finding) int {
	if a.Verdict != b.Verdict {
		if order := cmp.Compare(rank(a.Verdict), rank(b.Verdict)); order != 0 {
			return order
		}
	}
	return cmp.Compare(a.FrameAfter, b.FrameAfter)
}

// Remaining says what is left of the findings, whatever r.Remains has.
func (r *Report) Remaining() Remains {
	left := Remains{ByVerdict: maps.Clone(r.Findings.ByVerdict), Groups: r.Findings.groups((*Finding).Remains), Events: max(0, r.Findings.Events)}
	if left.ByVerdict == nil {
		left.ByVerdict = make(map[Verdict]int64)
	}
	delete(left.ByVerdict, Artefact)
	left.Findings = max(0, r.Findings.Total-max(0, r.Findings.ByVerdict[Artefact]))
	listed := int64(0)
	for i := range left.Groups {
		listed += left.Groups[i].Count
	}
	if left.Unlisted = max(0, left.Findings-listed); left.Unlisted == 0 {
		left.Filter = r.filter()
	}
	return left
}

// filter is a display filter for the frames of what remains, in the output: by their
// numbers, or by the analyser's flags where that is much shorter and says the same.
func (r *Report) filter() string {
	flagged := make(map[string]int64)
	byFrame := make(map[int64][]string)
	for i := range r.Findings.List {
		if f := &r.Findings.List[i]; f.Remains() && f.FrameAfter > 0 {
			flagged[f.Flag]++
			byFrame[f.FrameAfter] = append(byFrame[f.FrameAfter], f.Flag)
		}
	}
	frames := slices.Sorted(maps.Keys(byFrame))
	numbers := frameFilter(frames)
	if len(numbers) <= shortFilter || r.Analysis.AsIs != nil && r.Inference.Packets == 0 {
		return withinLongest(numbers) // an analyser does not see all that has flags here
	}
	delete(flagged, "dsack") // which Wireshark has among the options
	short := "tcp.analysis.flags"
	for flag, n := range r.Analysis.After {
		if n > flagged[flag] && flag != "dsack" {
			short = "" // a flag that is of no finding here
		}
	}
	// A flag that comes as often as findings have it is there in each of their frames.
	rest := frameFilter(slices.DeleteFunc(frames, func(frame int64) bool {
		return slices.ContainsFunc(byFrame[frame], func(flag string) bool {
			return flagged[flag] > 0 && r.Analysis.After[flag] == flagged[flag]
		})
	}))
	switch {
	case short != "" && rest != "":
		short += " or " + rest
	case short == "":
		short = numbers
	}
	if len(short) > len(numbers) {
		short = numbers
	}
	return withinLongest(short)
}

// withinLongest is a filter, "" where it is too long.
func withinLongest(filter string) string {
	if len(filter) > longestFilter {
		return ""
	}
	return filter
}

// frameFilter is a display filter for frames, which are sorted; "" for none.
func frameFilter(frames []int64) string {
	var parts []string
	for i := 0; i < len(frames); i++ {
		first := i
		for i+1 < len(frames) && frames[i+1] == frames[i]+1 {
			i++
		}
		part := fmt.Sprint(frames[first])
		if i > first {
			part += ".." + fmt.Sprint(frames[i])
		}
		parts = append(parts, part)
	}
	if parts == nil {
		return ""
	}
	return "frame.number in {" + strings.Join(parts, ", ") + "}"
}
