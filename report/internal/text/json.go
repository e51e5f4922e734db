package text

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// WriteJSON writes v as JSON with a closing line feed, each level indented by
// indent, on one line if that is empty; what is not printable is escaped. Its errors
// name what can't be encoded.
func WriteJSON(w io.Writer, what string, v any, indent string) error {
	to := &escaper{w: w}
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); to.failed == nil && err != nil {
		return fmt.Errorf("encode %s: %w", what, err)
	}
	return to.failed
}

// escaper writes JSON texts with escapes, piece by piece. Each call of Write must
// be given whole characters.
type escaper struct {
	w      io.Writer
	failed error
}

func (e *escaper) Write(p []byte) (int, error) {
	const piece = 1 << 15
	for at := 0; at < len(p) && e.failed == nil; {
		end := min(at+piece, len(p))
		for end < len(p) && !utf8.RuneStart(p[end]) {
			end++
		}
		_, e.failed = e.w.Write(escapeJSON(p[at:end]))
		at = end
	}
	return len(p), e.failed
}

// escapeJSON writes what is not printable in a JSON text as \u escapes. Beyond
// ASCII such characters occur in strings only, and encoding/json has escaped
// those within ASCII but DEL.
func escapeJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
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
