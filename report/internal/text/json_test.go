package text

import (
	"bytes"
	"encoding/json"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// texts are JSON texts that hold what an indenter can take for something else.
var texts = []string{
	`null`, `0`, `""`, `{}`, `[]`, `[[]]`, `[{}]`, `{"a":{}}`, `{"a":[]}`, `[1,-2.5e-7,true,false,null]`,
	`{"a":{"b":[1,[2,{"c":[]}]],"d":"e"},"":{"f":0}}`,
	`{"{\"[,]:}":"\\","\\\"":"\\\\\""}`, `["{}","[]",",",":"," ","\n"]`, `"é日本"`,
	`[[[[[[[[[[[[1]]]]]]]]]]]]`,
}

// A value is written as encoding/json writes and indents it.
func FuzzWriteJSON(f *testing.F) {
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Add([]byte(`["` + strings.Repeat(`","`, 40_000) + `"]`)) // several pieces
	f.Add([]byte(`["` + strings.Repeat("x", 100_000) + `",[]]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var v any
		if json.Unmarshal(text, &v) != nil || bytes.ContainsFunc(plain(t, v, ""), func(r rune) bool { return r != '\n' && Sanitise(string(r)) != string(r) }) {
			return // no JSON, or some of it has to be escaped
		}
		same(t, v)
	})
}

// plain is what encoding/json makes of v.
func plain(t *testing.T, v any, indent string) []byte {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return want.Bytes()
}

// same compares what is made of v with what encoding/json makes of it.
func same(t *testing.T, v any) {
	t.Helper()
	for _, indent := range []string{"", "\t"} {
		var got bytes.Buffer
		if err := WriteJSON(&got, v, indent); err != nil {
			t.Fatal(err)
		}
		if want := plain(t, v, indent); !bytes.Equal(got.Bytes(), want) {
			t.Errorf("%#v: got\n%.300s\nwant\n%.300s", v, got.Bytes(), want)
		}
	}
}

type inner struct {
	A int8 `json:"a"`
	B bool
}

type kinds struct {
	inner
	*Outer
	Named    inner          `json:"named"`
	Empty    *int           `json:"empty,omitempty"`
	None     *int           `json:"none"`
	Some     *uint16        `json:"some,omitempty"`
	List     []string       `json:"list,omitempty"`
	Array    [2]float64     `json:"array,omitempty"`
	Never    map[string]int `json:"never,omitempty"`
	At       time.Time      `json:"at"`
	Zero     time.Time      `json:"zero,omitzero"`
	Zone     time.Time      `json:"zone,omitzero"`
	Address  netip.Addr     `json:"address"`
	Gone     netip.Addr     `json:"gone,omitzero"`
	Struct   inner          `json:"struct,omitempty"`
	Nothing  inner          `json:"nothing,omitzero"`
	Any      any            `json:"any"`
	Skipped  int            `json:"-"`
	unexpect int
}

type Outer struct {
	Quoted string `json:"quoted"`
	Half   float32
}

// Fields are named and left out as by encoding/json.
func TestWriteJSONKinds(t *testing.T) {
	some := uint16(7)
	moment := time.Date(2026, 11, 30, 2, 5, 0, 120_000_000, time.UTC)
	for _, v := range []any{
		nil, &some, map[string]inner{"b": {1, true}, "a": {}, "<&>": {}}, []any{nil, 1, "x"},
		kinds{Outer: &Outer{}},
		kinds{
			inner{-3, true}, &Outer{"\"\\ \t <é> \xff", 0.1}, inner{}, nil, nil, &some, []string{""}, [2]float64{1e21, -0.5},
			map[string]int{"z": 1, "": 2}, moment, time.Time{}.In(time.FixedZone("", 3600)), moment.In(time.FixedZone("", -3600)),
			netip.MustParseAddr("2001:db8::1%eth0"), netip.Addr{}, inner{A: 1}, inner{}, &Outer{}, 5, 6,
		},
	} {
		same(t, v)
	}
}

// Lists and maps that are nil are written as empty ones.
func TestWriteJSONFillsNil(t *testing.T) {
	var got strings.Builder
	err := WriteJSON(&got, struct {
		A []int
		B map[string][]int
		C []int `json:",omitempty"`
	}{B: map[string][]int{"x": nil}}, "")
	if want := `{"A":[],"B":{"x":[]}}` + "\n"; got.String() != want || err != nil {
		t.Errorf("got %s, %v, want %s", got.String(), err, want)
	}
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
	if err := WriteJSON(io.Discard, make(chan int), ""); err == nil || !strings.HasPrefix(err.Error(), "encode chan int: ") {
		t.Errorf("got %v, want an error that says that a channel can't be encoded", err)
	}
}
