package etw

import (
	"encoding/binary"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxText is how many UTF-16 units of one text in an event are shown.
const maxText = 256

// appendText appends UTF-16 text as UTF-8. What can't be shown safely, as control
// characters and marks that turn the direction of writing, becomes U+FFFD.
func appendText(to, text []byte) []byte {
	for n := 0; len(text) >= 2 && n < maxText; n++ {
		r := rune(binary.LittleEndian.Uint16(text))
		text = text[2:]
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if len(text) >= 2 {
				low = rune(binary.LittleEndian.Uint16(text))
			}
			if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
				text = text[2:]
			}
		}
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}

// decodeText is UTF-16 text as UTF-8, made safe as appendText does.
func decodeText(text []byte) string { return string(appendText(nil, text)) }
