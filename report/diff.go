package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// DiffSchema names the form of the JSON difference.
const DiffSchema = "mendcap.diff/1"

// Diff is what differs between two reports, the first of them the older.
// Findings are compared by what they are, as by a Baseline.
type Diff struct {
	Schema  string   `json:"schema"`
	Before  string   `json:"before"` // names of the captures
	After   string   `json:"after"`
	Figures []Change `json:"figures"` // those that differ
	Gained  Findings `json:"gained"`  // findings of the second alone, by its frames
	Lost    Findings `json:"lost"`    // findings of the first alone, by its frames
	// Partial says that one of the reports leaves findings out, so that Gained
	// and Lost speak of those that are listed only.
	Partial bool `json:"partial"`
}

// Change is one figure that differs.
type Change struct {
	Figure string `json:"figure"` // by its path in the report: "order.moved"
	Before string `json:"before"`
	After  string `json:"after"`
}

// Compare says what differs between two reports.
func Compare(a, b *Report) Diff {
	d := Diff{
		Schema: DiffSchema, Before: a.Capture.Name, After: b.Capture.Name,
		Figures: changes(a, b), Partial: a.Findings.Omitted > 0 || b.Findings.Omitted > 0,
	}
	d.Gained, d.Lost = missingFrom(a, b), missingFrom(b, a)
	return d
}

// WriteJSON writes the difference as indented JSON with a closing line feed.
func (d *Diff) WriteJSON(w io.Writer) error { return writeJSON(w, d) }

// Same reports whether nothing differs.
func (d *Diff) Same() bool {
	return len(d.Figures) == 0 && d.Gained.Total == 0 && d.Lost.Total == 0
}

// missingFrom lists the findings of b that a does not have as often.
func missingFrom(a, b *Report) Findings {
	has := make(map[known]int64)
	for i := range a.Findings.List {
		has[knownOf(&a.Findings.List[i])]++
	}
	f := Findings{ByVerdict: map[Verdict]int64{}, List: []Finding{}}
	for _, one := range b.Findings.List {
		if is := knownOf(&one); has[is] > 0 {
			has[is]--
			continue
		}
		f.Total++
		f.ByVerdict[one.Verdict]++
		f.List = append(f.List, one)
	}
	return f
}

// changes compares the figures of both reports.
func changes(a, b *Report) []Change {
	list := []Change{}
	figure := func(name string, before, after any) {
		if before != after {
			list = append(list, Change{name, fmt.Sprint(before), fmt.Sprint(after)})
		}
	}
	figure("capture.packets", a.Capture.Packets, b.Capture.Packets)
	figure("capture.bytes", a.Capture.Bytes, b.Capture.Bytes)
	figure("inference.packets", a.Inference.Packets, b.Inference.Packets)
	figure("inference.nextHeader.unknown", a.Inference.NextHeader.Unknown, b.Inference.NextHeader.Unknown)
	figure("inference.destination.unknown", a.Inference.Destination.Unknown, b.Inference.Destination.Unknown)
	figure("order.basis", a.Order.Basis, b.Order.Basis)
	figure("order.vantage", a.Order.Vantage, b.Order.Vantage)
	figure("order.moved", a.Order.Moved, b.Order.Moved)
	figure("order.unrepaired", a.Order.Unrepaired, b.Order.Unrepaired)
	figure("order.maxShift", a.Order.MaxShift, b.Order.MaxShift)
	figure("order.shiftLimit", a.Order.ShiftLimit, b.Order.ShiftLimit)
	counts(figure, "analysis.before", a.Analysis.Before, b.Analysis.Before)
	counts(figure, "analysis.after", a.Analysis.After, b.Analysis.After)
	counts(figure, "findings", a.Findings.ByVerdict, b.Findings.ByVerdict)
	for _, direction := range []string{"in", "out", "both"} {
		before, after := a.CaptureLoss.of(direction), b.CaptureLoss.of(direction)
		figure("captureLoss."+direction+".missedBytes", before.MissedBytes, after.MissedBytes)
		figure("captureLoss."+direction+".gapEvents", before.GapEvents, after.GapEvents)
	}
	figure("damage", len(a.Damage), len(b.Damage))
	return list
}

// of returns what was found of one direction, zero where there is no estimate.
func (l *CaptureLoss) of(direction string) DirectionLoss {
	for _, d := range l.Directions {
		if d.Direction == direction {
			return d
		}
	}
	return DirectionLoss{}
}

// counts compares counts by their names, in the order of those.
func counts[Name ~string](figure func(name string, before, after any), path string, before, after map[Name]int64) {
	all := make(map[Name]int64)
	maps.Copy(all, before)
	maps.Copy(all, after)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		figure(path+"."+string(name), before[name], after[name])
	}
}
