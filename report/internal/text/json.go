package text

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// WriteJSON writes v as JSON with a closing line feed, each level indented by
// indent, on one line if that is empty; what is not printable is escaped. Fields are
// named and left out as encoding/json does; lists and maps that are nil are written as
// empty ones. Its errors name the type of what can't be encoded.
func WriteJSON(w io.Writer, v any, indent string) error {
	p := printers.Get().(*printer)
	defer printers.Put(p)
	*p = printer{w: w, indent: indent, colon: ":", out: p.out[:0], line: append(p.line[:0], '\n')}
	if indent != "" {
		p.colon = ": "
	}
	p.any(reflect.ValueOf(v))
	p.out = append(p.out, '\n')
	p.flush()
	if p.unencoded != nil {
		return fmt.Errorf("encode %T: %w", v, p.unencoded)
	}
	return p.failed
}

// printer writes JSON as it is to be shown: encoding/json would have to be indented and
// escaped after it, and takes several times as long.
type printer struct {
	w         io.Writer
	indent    string
	colon     string // after the name of a member
	out       []byte // not written yet
	line      []byte // a line feed, and the indentation of the current level
	failed    error  // of w
	unencoded error  // of the first value that can't be written
}

// printers are kept for their buffers.
var printers = sync.Pool{New: func() any { return new(printer) }}

// flush writes what is there.
func (p *printer) flush() {
	if p.failed == nil && p.unencoded == nil {
		_, p.failed = p.w.Write(p.out)
	}
	p.out = p.out[:0]
}

// open begins an object or a list, and shut ends it. Each element follows a separator:
// the first one of none.
func (p *printer) open(bracket byte) {
	p.out = append(p.out, bracket)
	p.line = append(p.line, p.indent...)
}

func (p *printer) separate(first bool) {
	const piece = 1 << 15 // bytes
	if len(p.out) >= piece {
		p.flush()
	}
	if !first {
		p.out = append(p.out, ',')
	}
	if p.indent != "" {
		p.out = append(p.out, p.line...)
	}
}

func (p *printer) shut(bracket byte, empty bool) {
	p.line = p.line[:len(p.line)-len(p.indent)]
	if p.indent != "" && !empty {
		p.out = append(p.out, p.line...)
	}
	p.out = append(p.out, bracket)
}

// text writes a string.
func (p *printer) text(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F || c == '"' || c == '\\' {
			p.other(s)
			return
		}
	}
	p.out = append(append(append(p.out, '"'), s...), '"')
}

// other writes what is on one line as encoding/json does, but for what is not printable.
func (p *printer) other(v any) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil && p.unencoded == nil {
		p.unencoded = err
	}
	p.out = appendEscaped(p.out, bytes.TrimSuffix(text.Bytes(), []byte{'\n'}))
}

// any writes a value of a type that is not known, or none.
func (p *printer) any(v reflect.Value) {
	if !v.IsValid() {
		p.out = append(p.out, "null"...)
		return
	}
	p.value(v, formOf(v.Type()))
}

// value writes a value of a type with this form.
func (p *printer) value(v reflect.Value, f *form) {
	switch {
	case f.texts:
		p.marshalled(v.Interface())
	case f.fields != nil:
		p.fields(f.fields, v)
	default:
		p.kind(v)
	}
}

// marshalled writes what has a text of its own.
func (p *printer) marshalled(v any) {
	text, err := v.(encoding.TextMarshaler).MarshalText()
	if err != nil && p.unencoded == nil {
		p.unencoded = err
	}
	p.text(string(text))
}

// kind writes what its type says nothing more of.
func (p *printer) kind(v reflect.Value) {
	switch kind := v.Kind(); {
	case v.CanInt():
		p.out = strconv.AppendInt(p.out, v.Int(), 10)
	case v.CanUint():
		p.out = strconv.AppendUint(p.out, v.Uint(), 10)
	case kind == reflect.Bool:
		p.out = strconv.AppendBool(p.out, v.Bool())
	case kind == reflect.String:
		p.text(v.String())
	case kind == reflect.Pointer || kind == reflect.Interface:
		p.any(v.Elem())
	case kind == reflect.Slice || kind == reflect.Array:
		p.open('[')
		of := formOf(v.Type().Elem())
		for i := range v.Len() {
			p.separate(i == 0)
			p.value(v.Index(i), of)
		}
		p.shut(']', v.Len() == 0)
	case kind == reflect.Map:
		p.members(v)
	default:
		p.other(v.Interface())
	}
}

// members writes a map whose keys are strings, sorted.
func (p *printer) members(v reflect.Value) {
	type member struct {
		key   string
		index int // in values
	}
	members := make([]member, 0, v.Len())
	values := reflect.MakeSlice(reflect.SliceOf(v.Type().Elem()), v.Len(), v.Len())
	key, all := reflect.New(v.Type().Key()).Elem(), v.MapRange()
	for i := 0; all.Next(); i++ {
		key.SetIterKey(all)
		values.Index(i).SetIterValue(all)
		members = append(members, member{key.String(), i})
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.key, b.key) })
	of := formOf(v.Type().Elem())
	p.open('{')
	for i, m := range members {
		p.separate(i == 0)
		p.text(m.key)
		p.out = append(p.out, p.colon...)
		p.value(values.Index(m.index), of)
	}
	p.shut('}', len(members) == 0)
}

// fields writes a struct.
func (p *printer) fields(fields []field, v reflect.Value) {
	p.open('{')
	first := true
	for i := range fields {
		f := &fields[i]
		value := v.FieldByIndex(f.index)
		if f.leaves != nil && f.leaves(value) {
			continue
		}
		p.separate(first)
		p.out = append(append(p.out, f.name...), p.colon...)
		p.value(value, f.form)
		first = false
	}
	p.shut('}', first)
}

// form is how values of a type are written.
type form struct {
	texts  bool    // by MarshalText
	fields []field // of a struct
}

// field is one of a struct, or of one that is embedded in it.
type field struct {
	index  []int
	name   string                   // in quotes
	form   *form                    // of its type
	leaves func(reflect.Value) bool // whether the field is left out; nil if it never is
}

var forms sync.Map // of *form by reflect.Type

func formOf(t reflect.Type) *form {
	if f, ok := forms.Load(t); ok {
		return f.(*form)
	}
	f := &form{texts: t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) && t.Kind() != reflect.Pointer}
	if t.Kind() == reflect.Struct && !f.texts {
		f.fields = fieldsOf(t)
	}
	forms.Store(t, f)
	return f
}

func fieldsOf(t reflect.Type) []field {
	fields := []field{}
	for _, f := range reflect.VisibleFields(t) {
		name, how, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || name == "-" {
			continue
		}
		leaves := map[string]func(reflect.Value) bool{"omitempty": isEmpty, "omitzero": isZero}[how]
		fields = append(fields, field{f.Index, strconv.Quote(cmp.Or(name, f.Name)), formOf(f.Type), leaves})
	}
	return fields
}

// isEmpty is what omitempty leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// isZero is what omitzero leaves out.
func isZero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero()
}

// ClosingQuote finds the end of the string of a JSON text whose content begins at
// from: the index of its quote.
func ClosingQuote(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

// appendEscaped appends a string of a JSON text and writes what is not printable as \u
// escapes. encoding/json has escaped what is within ASCII but DEL.
func appendEscaped(out, text []byte) []byte {
	for {
		plain := 0
		for plain < len(text) && text[plain] < 0x7F {
			plain++
		}
		out, text = append(out, text[:plain]...), text[plain:]
		if len(text) == 0 {
			return out
		}
		r, size := utf8.DecodeRune(text)
		switch {
		case strconv.IsPrint(r):
			out = append(out, text[:size]...)
		case r > 0xFFFF: // a surrogate pair (RFC 8259, section 7)
			r -= 0x10000
			out = fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		text = text[size:]
	}
}
