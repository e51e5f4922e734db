package text

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
	"testing"
)

// texts are JSON texts that hold what an indenter can take for something else.
var texts = []string{
	`null`, `0`, `""`, `{}`, `[]`, `[[]]`, `[{}]`, `{"a":{}}`, `{"a":[]}`, `[1,-2.5e-7,true,false,null]`,
	`{"a":{"b":[1,[2,{"c":[]}]],"d":"e"},"":{"f":0}}`,
	`{"{\"[,]:}":"\\","\\\"":"\\\\\""}`, `["{}","[]",",",":"," ","\n"]`, `"é日本"`,
	`[[[[[[[[[[[[1]]]]]]]]]]]]`,
}

// What jsonWriter makes of a compact text is what json.Indent makes of it.
func FuzzIndent(f *testing.F) {
	for _, s := range texts {
		f.Add([]byte(s))
	}
	f.Add([]byte(`["` + strings.Repeat(`","`, 40_000) + `"]`)) // several pieces
	f.Add([]byte(`["` + strings.Repeat("x", 100_000) + `",[]]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var compact, want, got bytes.Buffer
		if json.Compact(&compact, text) != nil || bytes.ContainsFunc(text, func(r rune) bool { return Sanitise(string(r)) != string(r) }) {
			return // no JSON, or some of it has to be escaped
		}
		if err := json.Indent(&want, compact.Bytes(), "", "\t"); err != nil {
			t.Fatal(err)
		}
		if n, err := (&jsonWriter{w: &got, indent: "\t"}).Write(compact.Bytes()); n != compact.Len() || err != nil {
			t.Errorf("write: got %d, %v, want %d", n, err, compact.Len())
		}
		if !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("indent %.100q: got\n%.300s\nwant\n%.300s", text, got.Bytes(), want.Bytes())
		}
		got.Reset()
		if (&jsonWriter{w: &got}).Write(compact.Bytes()); !bytes.Equal(got.Bytes(), compact.Bytes()) {
			t.Errorf("on one line %.100q: got %.300s", text, got.Bytes())
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
	if err := WriteJSON(io.Discard, make(chan int), ""); err == nil || !strings.HasPrefix(err.Error(), "encode chan int: ") {
		t.Errorf("got %v, want an error that says that a channel can't be encoded", err)
	}
}
