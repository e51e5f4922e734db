package text

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

// odd has what the types of reports have, each in the forms that JSON tells apart.
type odd struct {
	Text    string          `json:"text"`
	Escaped map[string]bool `json:"a<&>-name,omitempty"`
	Named   kind            `json:",omitempty"`
	hidden  int
	Left    int `json:"-"`
	Signed  int8
	Counted uint64  `json:"counted,omitempty"`
	Share   float64 `json:"share"`
	Time    time.Time
	When    time.Time  `json:"when,omitzero"`
	Address netip.Addr `json:"address"`
	inner
	*Embedded
	Pair  [2]int64   `json:"pair,omitempty"`
	Lists [][]string `json:"lists"`
	Few   []Embedded `json:"few,omitempty"`
	Next  *Embedded  `json:"next"`
	Zero  Embedded   `json:"zero,omitzero"`
	Empty struct{}   `json:"empty,omitempty"`
	Maps  map[kind]map[string]Embedded
	Is    *bool `json:"is,omitempty"`
}

type kind string

type inner struct{ A, B int }

type Embedded struct {
	Flag  bool   `json:"flag,omitempty"`
	Bytes []rune `json:"bytes"`
}

// oddities are odds that hold a text and a number.
func oddities(text string, n int64, share float64) []odd {
	is, at := n > 0, time.Unix(n%1e10, n%1e9).UTC()
	return []odd{
		{Text: text, Share: share, hidden: 1, Left: 1},
		{
			Text: text, Escaped: map[string]bool{text: true, "": false, "b": is}, Named: kind(text), Signed: int8(n), Counted: uint64(n),
			Share: -share, Time: at, When: at.In(time.FixedZone("", int(n%86340)/60*60)), Address: netip.MustParseAddr("fe80::1"), inner: inner{A: int(n)},
			Embedded: &Embedded{Bytes: []rune(text)}, Pair: [2]int64{n, 1}, Lists: [][]string{nil, {}, {text, text}}, Few: []Embedded{{}, {Flag: is}},
			Next: &Embedded{}, Zero: Embedded{Flag: is}, Maps: map[kind]map[string]Embedded{"x": {text: {Flag: is}}, kind(text): nil}, Is: &is,
		},
		{Embedded: &Embedded{Flag: true}, Maps: map[kind]map[string]Embedded{}, Lists: [][]string{}, Few: []Embedded{}},
	}
}

// WriteJSON writes what encoding/json writes, but for what is not printable; and that
// is read back as it was.
func FuzzWriteJSON(f *testing.F) {
	for i, s := range []string{"", "{[,]:}", `\"\\`, "a\n\t\r\b\f\x00\x1f\x7f", "é日本\u2028\u202e\U000E0041", "\xff\xc3x\xed\xa0\x80", strings.Repeat("long,", 30_000)} {
		f.Add(s, int64(i)*1e9-7, 1e-7*math.Pow(10, float64(6*i)))
	}
	f.Fuzz(func(t *testing.T, text string, n int64, share float64) {
		if math.IsNaN(share) || math.IsInf(share, 0) {
			return
		}
		value := oddities(text, n, share)
		for _, indent := range []string{"", "  "} {
			var got, want, again bytes.Buffer
			enc := json.NewEncoder(&want)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", indent)
			if err := errors.Join(enc.Encode(value), WriteJSON(&got, value, indent)); err != nil {
				t.Fatal(err)
			}
			if Sanitise(text) == text {
				if !bytes.Equal(got.Bytes(), want.Bytes()) {
					t.Errorf("got\n%.3000s\nwant\n%.3000s", got.Bytes(), want.Bytes())
				}
				continue
			}
			if i := strings.IndexFunc(got.String(), func(r rune) bool { return r != '\n' && Sanitise(string(r)) != string(r) }); i >= 0 {
				t.Errorf("byte %d is not printable", i)
			}
			var x, y any
			if err := errors.Join(json.Unmarshal(got.Bytes(), &x), json.Unmarshal(want.Bytes(), &y), json.Compact(&again, got.Bytes())); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(x, y) {
				t.Errorf("got\n%.3000s\nwhich does not read as\n%.3000s", got.Bytes(), want.Bytes())
			}
		}
	})
}

// What is escaped in a long text reads as it was, wherever pieces end, and nothing
// in it is left that can't be shown.
func TestEscapesAcrossPieces(t *testing.T) {
	for pad := range 5 {
		want := []string{strings.Repeat("x", pad), strings.Repeat("日\u202e\U000E0041\x7fé", 20_000), "\u2028"}
		var out bytes.Buffer
		if err := WriteJSON(&out, want, " "); err != nil {
			t.Fatal(err)
		}
		if i := strings.IndexFunc(out.String(), func(r rune) bool { return r != '\n' && Sanitise(string(r)) != string(r) }); i >= 0 {
			t.Errorf("pad %d: byte %d is not printable", pad, i)
		}
		var got []string
		if err := json.Unmarshal(out.Bytes(), &got); err != nil || len(got) != 3 || got[1] != want[1] || got[2] != want[2] {
			t.Errorf("pad %d: got other texts back than were written (%v)", pad, err)
		}
	}
}

// failing fails once it has got so many bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// Where writing fails, that is the error, and it is not tried again.
func TestWriteJSONFails(t *testing.T) {
	list := make([]string, 100_000)
	for _, left := range []int{0, 1 << 17} {
		w := &failing{left}
		if err := WriteJSON(w, list, "  "); err != io.ErrShortWrite {
			t.Errorf("after %d bytes: got %v, want %v", left, err, io.ErrShortWrite)
		}
		if w.left < -1<<16 {
			t.Errorf("after %d bytes: %d more were written", left, -w.left)
		}
	}
	for _, bad := range []struct {
		value any
		names string
	}{
		{make(chan int), "encode chan int: "}, {nil, "encode <nil>: "}, {[]any{1}, "encode []interface {}: "}, {math.NaN(), "encode float64: "},
		{json.RawMessage("1"), "encode json.RawMessage: "}, {map[int]int{}, "encode map[int]int: "}, {[]byte("x"), "encode []uint8: "},
		{[]time.Time{time.Unix(1e12, 0)}, "encode []time.Time: "},
	} {
		if err := WriteJSON(io.Discard, bad.value, ""); err == nil || !strings.HasPrefix(err.Error(), bad.names) {
			t.Errorf("got %v, want an error that begins with %q", err, bad.names)
		}
	}
}
