package text

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteJSON writes v as JSON with a closing line feed, each level indented by
// indent, on one line if that is empty; what is not printable is escaped. The text is
// that of encoding/json, which takes five times as long with its indenting, and keeps
// the whole of it besides. Types that reports don't have are errors: interfaces, bytes,
// maps by anything but strings, and what writes its own JSON but time.Time. The
// errors name the type of what can't be encoded; a part may have been written then.
func WriteJSON(w io.Writer, v any, indent string) error { return WriteJSONWithin(w, v, indent, 0) }

// WriteJSONWithin is WriteJSON for what lies within a text, so many levels deep: its first
// line is not indented.
func WriteJSONWithin(w io.Writer, v any, indent string, levels int) error {
	of := reflect.TypeOf(v)
	if of == nil {
		return fmt.Errorf("encode %T: no value", v)
	}
	encode, err := encoderOf(of)
	if err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	e := &encoder{w: w, out: make([]byte, 0, 1<<10), line: []byte("\n" + strings.Repeat(indent, levels)), indent: indent}
	value := reflect.New(of).Elem() // whose address methods can be called with
	value.Set(reflect.ValueOf(v))
	encode(e, value)
	e.out = append(e.out, '\n')
	e.flush()
	if e.failed != nil && e.failed != e.writing {
		return fmt.Errorf("encode %T: %w", v, e.failed)
	}
	return e.failed
}

// piece is from how many bytes on an encoder writes what it has.
const piece = 1 << 15

// encoder writes one JSON text, in pieces.
type encoder struct {
	w       io.Writer
	out     []byte // what is not written yet
	text    []byte // room for a value's text
	line    []byte // a line feed, and the indent of the present level
	indent  string
	failed  error // the first error, after which nothing is written
	writing error // the writer's
}

// fail keeps the first error.
func (e *encoder) fail(err error) {
	if e.failed == nil {
		e.failed = err
	}
}

// flush writes what the encoder has.
func (e *encoder) flush() {
	if e.failed == nil {
		_, e.writing = e.w.Write(e.out)
		e.failed = e.writing
	}
	e.out = e.out[:0]
}

// open begins an object or an array.
func (e *encoder) open(bracket byte) {
	e.out = append(e.out, bracket)
	e.line = append(e.line, e.indent...)
}

// next goes to the next member of an object or an array, and writes what is there if it
// is much.
func (e *encoder) next(first bool) {
	if !first {
		e.out = append(e.out, ',')
	}
	if e.indent != "" {
		e.out = append(e.out, e.line...)
	}
	if len(e.out) >= piece {
		e.flush()
	}
}

// close ends an object or an array.
func (e *encoder) close(bracket byte, empty bool) {
	e.line = e.line[:len(e.line)-len(e.indent)]
	if !empty && e.indent != "" {
		e.out = append(e.out, e.line...)
	}
	e.out = append(e.out, bracket)
}

// name writes the name of a member, which is quoted and has its colon.
func (e *encoder) name(quoted []byte) {
	e.out = append(e.out, quoted...)
	if e.indent != "" {
		e.out = append(e.out, ' ')
	}
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

// appendQuoted appends a string of a JSON text. What is not printable is written as \u
// escapes, and what is no UTF-8 as U+FFFD (RFC 8259, section 7).
func appendQuoted[T string | []byte](out []byte, text T) []byte {
	out = append(out, '"')
	for start, i := 0, 0; ; {
		for i < len(text) && isPlain[text[i]] {
			i++
		}
		out = append(out, text[start:i]...)
		if i == len(text) {
			return append(out, '"')
		}
		r, size := utf8.DecodeRuneInString(string(text[i:min(i+utf8.UTFMax, len(text))]))
		out = appendRune(out, r, size)
		i += size
		start = i
	}
}

// isPlain tells the bytes that stand for themselves in a string.
var isPlain = func() (plain [256]bool) {
	for c := byte(' '); c < 0x7F; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// appendRune appends a rune of a string of so many bytes that is not plain.
func appendRune(out []byte, r rune, size int) []byte {
	const short = "\"\"\\\\\bb\ff\nn\rr\tt" // each with the letter of its escape
	for i := 0; i < len(short); i += 2 {
		if r == rune(short[i]) {
			return append(out, '\\', short[i+1])
		}
	}
	switch {
	case r == utf8.RuneError && size == 1:
		return append(out, `\ufffd`...)
	case strconv.IsPrint(r):
		return utf8.AppendRune(out, r)
	case r > 0xFFFF: // a surrogate pair
		r -= 0x10000
		return fmt.Appendf(out, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
	}
	return fmt.Appendf(out, `\u%04x`, r)
}
