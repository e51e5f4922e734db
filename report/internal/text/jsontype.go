package text

import (
	"cmp"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// encode writes a value, which is addressable, of the type that it was made for.
type encode func(e *encoder, v reflect.Value)

// encoders has what encoderOf has made, by type.
var encoders sync.Map

// encoderOf makes what writes values of a type. Errors name what is no type of reports.
func encoderOf(t reflect.Type) (encode, error) {
	if known, ok := encoders.Load(t); ok {
		return known.(encode), nil
	}
	made, err := makeEncoder(t)
	if err == nil {
		encoders.Store(t, made)
	}
	return made, err
}

var (
	textAppender  = reflect.TypeFor[encoding.TextAppender]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	timeType      = reflect.TypeFor[time.Time]()
)

func makeEncoder(t reflect.Type) (encode, error) {
	switch kind := t.Kind(); {
	case kind == reflect.Pointer:
		return pointerEncoder(t)
	case t.Implements(jsonMarshaler) && t != timeType:
		return nil, fmt.Errorf("%v writes its own JSON", t)
	case t.Implements(textAppender):
		return encodeAppender, nil
	case t.Implements(textMarshaler):
		return nil, fmt.Errorf("%v has MarshalText and no AppendText", t)
	case kind == reflect.Struct:
		return structEncoder(t)
	case kind == reflect.Array, kind == reflect.Slice && t.Elem().Kind() != reflect.Uint8:
		return listEncoder(t)
	case kind == reflect.Map && t.Key().Kind() == reflect.String && !t.Key().Implements(textMarshaler):
		return mapEncoder(t)
	case kind == reflect.String:
		return func(e *encoder, v reflect.Value) { e.out = appendQuoted(e.out, v.String()) }, nil
	case kind == reflect.Bool:
		return func(e *encoder, v reflect.Value) { e.out = strconv.AppendBool(e.out, v.Bool()) }, nil
	case kind >= reflect.Int && kind <= reflect.Int64:
		return func(e *encoder, v reflect.Value) { e.out = strconv.AppendInt(e.out, v.Int(), 10) }, nil
	case kind >= reflect.Uint && kind <= reflect.Uint64:
		return func(e *encoder, v reflect.Value) { e.out = strconv.AppendUint(e.out, v.Uint(), 10) }, nil
	case kind == reflect.Float64:
		return encodeFloat, nil
	}
	return nil, fmt.Errorf("no report has a %v", t)
}

// encodeAppender writes the text of a value that appends it.
func encodeAppender(e *encoder, v reflect.Value) {
	text, err := v.Addr().Interface().(encoding.TextAppender).AppendText(e.text[:0])
	if err != nil {
		e.fail(err)
	}
	e.out, e.text = appendQuoted(e.out, text), text
}

// encodeFloat writes a number in the form of ECMAScript, as encoding/json does: with an
// exponent where it is very small or very large.
func encodeFloat(e *encoder, v reflect.Value) {
	f := v.Float()
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.fail(fmt.Errorf("%v is no number of JSON", f))
	}
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	e.out = strconv.AppendFloat(e.out, f, format, -1, 64)
	if n := len(e.out); format == 'e' && e.out[n-4] == 'e' && e.out[n-3] == '-' && e.out[n-2] == '0' {
		e.out = append(e.out[:n-2], e.out[n-1]) // e-09 is e-9 there
	}
}

func pointerEncoder(t reflect.Type) (encode, error) {
	to, err := encoderOf(t.Elem())
	return func(e *encoder, v reflect.Value) {
		if v.IsNil() {
			e.out = append(e.out, "null"...)
			return
		}
		to(e, v.Elem())
	}, err
}

func listEncoder(t reflect.Type) (encode, error) {
	element, err := encoderOf(t.Elem())
	return func(e *encoder, v reflect.Value) {
		if v.Kind() == reflect.Slice && v.IsNil() {
			e.out = append(e.out, "null"...)
			return
		}
		e.open('[')
		for i := range v.Len() {
			if e.next(i == 0); e.failed != nil {
				return
			}
			element(e, v.Index(i))
		}
		e.close(']', v.Len() == 0)
	}, err
}

// mapEncoder writes maps by their keys in sorting order.
func mapEncoder(t reflect.Type) (encode, error) {
	element, err := encoderOf(t.Elem())
	return func(e *encoder, v reflect.Value) {
		if v.IsNil() {
			e.out = append(e.out, "null"...)
			return
		}
		members := make(map[string]reflect.Value, v.Len())
		for key, member := range v.Seq2() {
			members[key.String()] = member
		}
		e.open('{')
		place := reflect.New(t.Elem()).Elem()
		for i, key := range slices.Sorted(maps.Keys(members)) {
			e.next(i == 0)
			e.name(append(appendQuoted(nil, key), ':'))
			place.Set(members[key])
			element(e, place)
		}
		e.close('}', len(members) == 0)
	}, err
}

// member is a field of a struct that JSON has.
type member struct {
	index  int
	quoted []byte // the name, with its colon
	encode encode
	inline []member // of a struct that is embedded
	omit   func(v reflect.Value) bool
}

func structEncoder(t reflect.Type) (encode, error) {
	members, err := membersOf(t)
	return func(e *encoder, v reflect.Value) {
		e.open('{')
		empty := e.members(members, v, true)
		e.close('}', empty)
	}, err
}

// members writes the members of a struct, of which it may have written none so far, and
// reports whether that is still so.
func (e *encoder) members(list []member, v reflect.Value, none bool) bool {
	for i := range list {
		m := &list[i]
		f := v.Field(m.index)
		if m.omit != nil && m.omit(f) {
			continue
		}
		if m.encode == nil {
			none = e.members(m.inline, reflect.Indirect(f), none)
			continue
		}
		e.next(none)
		e.name(m.quoted)
		m.encode(e, f)
		none = false
	}
	return none
}

// membersOf lists the members of a struct in the order of its fields.
func membersOf(t reflect.Type) (list []member, err error) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		if tag == "-" || !f.IsExported() && !f.Anonymous {
			continue
		}
		m := member{index: i, omit: omission(f.Type, options)}
		if to := f.Type; f.Anonymous && name == "" {
			if to.Kind() == reflect.Pointer {
				to, m.omit = to.Elem(), reflect.Value.IsNil
			}
			m.inline, err = membersOf(to)
		} else {
			m.quoted = append(appendQuoted(nil, cmp.Or(name, f.Name)), ':')
			m.encode, err = encoderOf(f.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		list = append(list, m)
	}
	return list, nil
}

// omission tells when a field is left out by the options in its tag; nil is never.
func omission(t reflect.Type, options string) func(reflect.Value) bool {
	switch options {
	case "omitempty":
		switch t.Kind() {
		case reflect.Slice, reflect.Map, reflect.String:
			return func(v reflect.Value) bool { return v.Len() == 0 }
		case reflect.Struct, reflect.Array:
			return nil
		}
		return reflect.Value.IsZero
	case "omitzero":
		if t == timeType {
			return func(v reflect.Value) bool { return v.Addr().Interface().(*time.Time).IsZero() }
		}
		return reflect.Value.IsZero
	}
	return nil
}
