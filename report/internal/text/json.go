package text

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteJSON writes v as JSON with a closing line feed, each level indented by
// indent, on one line if that is empty; what is not printable is escaped. Its errors
// name the type of what can't be encoded.
func WriteJSON(w io.Writer, v any, indent string) error { return WriteJSONWithin(w, v, indent, 0) }

// WriteJSONWithin is WriteJSON for what lies within a text, so many levels deep: its first
// line is not indented.
func WriteJSONWithin(w io.Writer, v any, indent string, levels int) error {
	to := &jsonWriter{w: w, indent: indent, levels: levels}
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); to.failed == nil && err != nil {
		return fmt.Errorf("encode %T: %w", v, err)
	}
	return to.failed
}

// jsonWriter writes compact JSON texts indented and with escapes, in pieces. It does
// so for the encoder, whose own indenting takes longer than its encoding. Each call
// of Write must be given a whole text.
type jsonWriter struct {
	w      io.Writer
	indent string
	levels int // that the whole is deep
	failed error
}

func (j *jsonWriter) Write(all []byte) (int, error) {
	const piece = 1 << 15 // bytes, and what the last token has beyond
	out, line := make([]byte, 0, min(2*len(all), piece+1<<10)), []byte("\n"+strings.Repeat(j.indent, j.levels))
	for rest := all; len(rest) > 0 && j.failed == nil; {
		size := 1
		switch c := rest[0]; {
		case c == '"':
			size = ClosingQuote(rest, 1) + 1
			out = appendEscaped(out, rest[:size])
		case j.indent == "":
			out = append(out, c)
		case (c == '{' || c == '[') && rest[1] == c+2: // the bracket that closes it: it is empty
			size = 2
			out = append(out, c, c+2)
		case c == '{' || c == '[':
			line = append(line, j.indent...)
			out = append(append(out, c), line...)
		case c == '}' || c == ']':
			line = line[:len(line)-len(j.indent)]
			out = append(append(out, line...), c)
		case c == ',':
			out = append(append(out, c), line...)
		case c == ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
		}
		if rest = rest[size:]; len(out) >= piece || len(rest) == 0 {
			_, j.failed = j.w.Write(out)
			out = out[:0]
		}
	}
	return len(all), j.failed
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
