package report

import (
	"cmp"
	"io"
	"reflect"
	"slices"
	"strings"

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
func writeJSON(w io.Writer, v any) error { return text.WriteJSON(w, v, "  ") }

// filled returns a copy of r without nil lists and maps.
func (r *Report) filled() Report {
	c := *r
	c.Schema = cmp.Or(c.Schema, Schema)
	c.Flows.List = filledList(c.Flows.List)
	for i := range c.Flows.List {
		if f := &c.Flows.List[i]; f.Graph != nil && f.Graph.Points == nil {
			g := *f.Graph
			g.Points, f.Graph = []Point{}, &g
		}
	}
	fill(reflect.ValueOf(&c).Elem())
	if c.Check != nil {
		checked := *c.Check
		checked.Checks = append([]Check{}, checked.Checks...)
		c.Check = &checked
	}
	c.Remains = c.Remaining()
	c.Remains.GroupsOmitted = int64(max(0, len(c.Remains.Groups)-storedGroups))
	c.Remains.Groups = append([]Group{}, c.Remains.Groups[:min(len(c.Remains.Groups), storedGroups)]...)
	for i := range c.Remains.Groups {
		c.Remains.Groups[i].First = nil
	}
	return c
}

// filledList returns a copy of a list whose elements have no nil lists and maps.
func filledList[T any](list []T) []T {
	list = slices.Clone(list)
	for i := range list {
		fill(reflect.ValueOf(&list[i]).Elem())
	}
	return list
}

// fill makes the lists and maps of a struct that are nil empty ones, and those of the
// structs in it, but for those that are left out when they are empty.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		switch f, is := v.Field(i), v.Type().Field(i); {
		case !is.IsExported() || strings.Contains(is.Tag.Get("json"), ",omit"):
		case f.Kind() == reflect.Struct:
			fill(f)
		case f.Kind() == reflect.Map && f.IsNil():
			f.Set(reflect.MakeMap(f.Type()))
		case f.Kind() == reflect.Slice && f.IsNil():
			f.Set(reflect.MakeSlice(f.Type(), 0, 0))
		}
	}
}
