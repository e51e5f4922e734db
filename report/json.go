package report

import (
	"fmt"
	"io"
	"reflect"

	"github.com/mendcap/mendcap/report/internal/text"
)

// WriteJSON writes r as indented JSON with a closing line feed. Lists and maps
// that are nil are written as empty ones, so that a reader meets every field.
// Text is kept as the capture has it: what is not printable is escaped, so
// that it can be shown on a terminal; invalid UTF-8 becomes U+FFFD.
func (r *Report) WriteJSON(w io.Writer) error {
	return writeJSON(w, r.filled())
}

// writeJSON writes v as indented JSON with a closing line feed, and escapes
// what is not printable.
func writeJSON(w io.Writer, v any) error { return text.WriteJSON(w, fmt.Sprintf("%T", v), v, "  ") }

// Array writes several reports as one JSON array. The zero value with a writer
// set is ready for use.
type Array struct {
	W io.Writer
	n int
}

// Add writes one more report.
func (a *Array) Add(r *Report) error {
	before := ",\n"
	if a.n == 0 {
		before = "[\n"
	}
	a.n++
	if _, err := io.WriteString(a.W, before); err != nil {
		return err
	}
	return r.WriteJSON(a.W)
}

// Close ends the array. It does not close the writer.
func (a *Array) Close() error {
	end := "]\n"
	if a.n == 0 {
		end = "[]\n"
	}
	_, err := io.WriteString(a.W, end)
	return err
}

// filled returns a copy of r without nil lists and maps.
func (r *Report) filled() Report {
	c := *r
	if c.Schema == "" {
		c.Schema = Schema
	}
	fill(&c.Capture.Interfaces, &c.Tables, &c.Inference.ByEvidence, &c.Inference.Doubtful,
		&c.Order.Local, &c.Order.Clocks, &c.Order.Displacement, &c.Order.ByLaw, &c.Analysis.Before, &c.Analysis.After,
		&c.Findings.ByVerdict, &c.Findings.List,
		&c.CaptureLoss.Directions, &c.CaptureLoss.Timeline, &c.CaptureLoss.Overflows, &c.CaptureLoss.DropCounts,
		&c.Timeline.Packets, &c.Timeline.Moved, &c.Timeline.ByVerdict, &c.Damage, &c.Notes)
	c.Flows = c.Flows.filled()
	return c
}

// filled returns a copy without nil lists and maps.
func (f Flows) filled() Flows {
	f.List = append([]Flow{}, f.List...)
	for i := range f.List {
		fill(&f.List[i].ByVerdict)
		if g := f.List[i].Graph; g != nil && g.Points == nil {
			whole := *g
			fill(&whole.Points)
			f.List[i].Graph = &whole
		}
	}
	return f
}

// fill makes the lists and maps that are nil, given by pointers, empty ones.
func fill(all ...any) {
	for _, to := range all {
		switch v := reflect.ValueOf(to).Elem(); {
		case !v.IsNil():
		case v.Kind() == reflect.Map:
			v.Set(reflect.MakeMap(v.Type()))
		default:
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
	}
}
