package report

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What is written of each form of JSON is what encoding/json writes of it, whatever is
// empty in it.
func TestFormsAreThoseOfEncodingJSON(t *testing.T) {
	forms := []any{&FindingLine{}, &CaptureLine{}}
	for _, form := range derivedForms {
		if form.of != nil {
			forms = append(forms, form.of)
		}
	}
	for _, form := range forms {
		for full := range 5 { // of four fields, about so many are filled in
			value := reflect.New(reflect.TypeOf(form).Elem())
			fillIn(value.Elem(), rand.New(rand.NewPCG(14, uint64(full))), full)
			var got, want bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", "  ")
			if err := enc.Encode(value.Interface()); err != nil {
				t.Fatal(err)
			}
			if err := writeJSON(&got, value.Interface()); err != nil {
				t.Errorf("%T: %v", form, err)
			}
			lines, wanted := strings.Split(got.String(), "\n"), strings.Split(want.String(), "\n")
			for i := range min(len(lines), len(wanted)) {
				if lines[i] != wanted[i] {
					t.Fatalf("%T, line %d: got %s, want %s", form, i+1, lines[i], wanted[i])
				}
			}
			if len(lines) != len(wanted) {
				t.Errorf("%T: got %d lines, want %d", form, len(lines), len(wanted))
			}
		}
	}
}

// fillIn gives about so many of four fields a value, and lists and maps several.
func fillIn(v reflect.Value, r *rand.Rand, full int) {
	switch of := v.Addr().Interface().(type) {
	case *time.Time:
		*of = time.Unix(r.Int64N(1e10), r.Int64N(1e9)).UTC()
		return
	case *netip.Addr:
		*of = netip.AddrFrom4([4]byte{192, 0, 2, byte(r.Uint32())})
		return
	case *Endpoints:
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(r.Uint32())}), uint16(r.Uint32()))
		*of = Endpoints{Source: from, Destination: from, Portless: r.IntN(2) == 0}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && (f.Anonymous || r.IntN(4) < full) {
				fillIn(v.Field(i), r, full)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(v.Elem(), r, full)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 2))
		for i := range v.Len() {
			fillIn(v.Index(i), r, full)
		}
	case reflect.Array:
		for i := range v.Len() {
			fillIn(v.Index(i), r, full)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(4) {
			key, member := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillIn(key, r, full)
			fillIn(member, r, full)
			v.SetMapIndex(key, member)
		}
	case reflect.String:
		v.SetString([]string{"a", `"quoted" \`, "<&>", "日本"}[r.IntN(4)])
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(r.NormFloat64() / 1e6)
	case reflect.Int, reflect.Int64, reflect.Int32:
		v.SetInt(r.Int64N(1e6) - 1000)
	default:
		v.SetUint(uint64(r.IntN(200)))
	}
}
