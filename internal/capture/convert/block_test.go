package convert

import (
	"bytes"
	"testing"
)

// Names and comments of a file become options without the characters that control a
// terminal; lines stay lines, and what has none stays as it is, without an allocation.
func TestTextHasNoControls(t *testing.T) {
	for given, want := range map[string]string{
		"a\x1b[31mb\x07\u009b": "a\uFFFD[31mb\uFFFD\uFFFD", "one\r\ntwo\tthree": "one\r\ntwo\tthree", "Größe 5 µs": "Größe 5 µs",
	} {
		m := maker{list: make([]byte, 0, 128)}
		m.text(optComment, given)
		if got := m.list[4:]; !bytes.HasPrefix(got, []byte(want)) || int(m.list[2]) != len(want) {
			t.Errorf("%q: got %q, want %q", given, got, want)
		}
		if n := testing.AllocsPerRun(10, func() { m.list = m.list[:0]; m.text(optComment, want) }); n != 0 {
			t.Errorf("%q: got %v allocations, want none", want, n)
		}
	}
}
