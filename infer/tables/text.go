package tables

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// colours are what a terminal's log has around a table's titles.
var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// decode makes text of a file's bytes. What is not Unicode was written in some
// legacy code page: its bytes above ASCII become U+FFFD, so that no token that
// holds one can pass for an address. The problem says why there is no text.
func decode(content []byte) (text, problem string) {
	if len(content) > maxSize {
		return "", "too large: more than 64 MiB"
	}
	switch {
	case bytes.HasPrefix(content, []byte{0xff, 0xfe}):
		text = decodeUTF16(content[2:], binary.LittleEndian)
	case bytes.HasPrefix(content, []byte{0xfe, 0xff}):
		text = decodeUTF16(content[2:], binary.BigEndian)
	case zeroHalf(content, 1):
		text = decodeUTF16(content, binary.LittleEndian)
	case zeroHalf(content, 0):
		text = decodeUTF16(content, binary.BigEndian)
	case utf8.Valid(content):
		text = string(content)
	default:
		text = decodeASCII(content)
	}
	// A byte order mark inside is where a file was appended to another.
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\ufeff", "\n")
	if strings.Contains(text, "\x1b[") {
		text = colours.ReplaceAllString(text, "")
	}
	if strings.TrimSpace(text) == "" {
		return "", "empty"
	}
	if isBinary(text) {
		return "", "binary, or text in mixed encodings"
	}
	return text, ""
}

// zeroHalf tells UTF-16 without a byte order mark: the given half of each pair
// of bytes, 0 or 1, is zero in most pairs and the other half hardly ever.
func zeroHalf(content []byte, half int) bool {
	const sample = 4096
	content = content[:min(len(content), sample)&^1]
	var zeros, others int
	for i := 0; i < len(content); i += 2 {
		if content[i+half] == 0 {
			zeros++
		}
		if content[i+1-half] == 0 {
			others++
		}
	}
	return zeros > len(content)/4 && others <= zeros/8
}

func decodeUTF16(content []byte, order binary.ByteOrder) string {
	units := make([]uint16, len(content)/2)
	for i := range units {
		units[i] = order.Uint16(content[2*i:])
	}
	return string(utf16.Decode(units)) // a lone surrogate becomes U+FFFD
}

func decodeASCII(content []byte) string {
	var b strings.Builder
	b.Grow(len(content))
	for _, c := range content {
		r := rune(c)
		if r >= utf8.RuneSelf {
			r = utf8.RuneError
		}
		b.WriteRune(r)
	}
	return b.String()
}

// isBinary tells data from text by its control characters. Escape is none of
// them: terminal logs are full of it.
func isBinary(text string) bool {
	var controls, all int
	for _, r := range text {
		all++
		if r == 0 {
			return true
		}
		if r < ' ' && r != '\x1b' && !unicode.IsSpace(r) {
			controls++
		}
	}
	return controls > all/20
}

// sanitise makes text from a file safe to print: control and format characters
// (bidirectional overrides among them) become U+FFFD, spaces of any kind a
// space, and what is longer than limit runes is cut.
func sanitise(s string, limit int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == limit {
			b.WriteRune('…')
			break
		}
		switch {
		case unicode.IsSpace(r) && r != '\u0085' && r != '\u2028' && r != '\u2029':
			r = ' '
		case !unicode.IsPrint(r):
			r = utf8.RuneError
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

// word is a state or a name as kept in a Snapshot: empty where its characters
// were lost or could act on a terminal.
func word(s string) string {
	s = sanitise(s, maxWord)
	if strings.ContainsRune(s, utf8.RuneError) {
		return ""
	}
	return s
}
