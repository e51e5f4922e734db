package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/mendcap/mendcap/report/internal/text"
)

// LotEntry is an Entry of a batch that is not finished, such that its JSON loses nothing:
// names of files are any bytes, and the order of entries is that of these. In the JSON of
// a whole batch what is no UTF-8 is replaced.
type LotEntry Entry

// MarshalJSON implements json.Marshaler.
func (e LotEntry) MarshalJSON() ([]byte, error) {
	e.mapNames(escapeName)
	var b bytes.Buffer
	err := text.WriteJSON(&b, Entry(e), "")
	return b.Bytes(), err
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *LotEntry) UnmarshalJSON(line []byte) error {
	if err := json.Unmarshal(line, (*Entry)(e)); err != nil {
		return err
	}
	e.mapNames(unescapeName)
	return nil
}

// mapNames replaces the texts that names of files are in.
func (e *LotEntry) mapNames(by func(string) string) {
	for _, name := range []*string{&e.Path, &e.Output, &e.Page, &e.Error} {
		*name = by(*name)
	}
}

// Bytes that are no UTF-8 are stored as the last characters of the last private plane,
// which stand for 0x80 to 0xFF. Where a name has these characters itself, the bytes of
// each are stored so too: the names that are stored are as many as there are.
const (
	escapedFrom = utf8.MaxRune - 0x7F
	byteFrom    = 0x80
)

func isEscaped(r rune) bool { return r >= escapedFrom }

// escapeName returns a name as it is stored.
func escapeName(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, isEscaped) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		if r == utf8.RuneError && size == 1 || isEscaped(r) {
			for _, c := range []byte(name[i : i+size]) {
				b.WriteRune(escapedFrom + rune(c) - byteFrom)
			}
		} else {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

// unescapeName returns the name that is stored so.
func unescapeName(stored string) string {
	if !strings.ContainsFunc(stored, isEscaped) {
		return stored
	}
	var b strings.Builder
	for _, r := range stored {
		if isEscaped(r) {
			b.WriteByte(byte(r - escapedFrom + byteFrom))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
