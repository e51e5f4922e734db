package netmon

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// wide reads UTF-16 up to a NUL, after which Network Monitor leaves what was there
// before. What is no character becomes U+FFFD.
func wide(p []byte) string {
	units := make([]uint16, 0, len(p)/2)
	for ; len(p) >= 2 && le.Uint16(p) != 0; p = p[2:] {
		units = append(units, le.Uint16(p))
	}
	return string(utf16.Decode(units))
}

// wideZ reads UTF-16 up to a NUL that must be there. rest is what follows it.
func wideZ(p []byte) (text string, rest []byte, ok bool) {
	for i := 0; i+1 < len(p); i += 2 {
		if p[i] == 0 && p[i+1] == 0 {
			return wide(p[:i]), p[i+2:], true
		}
	}
	return "", nil, false
}

// narrow reads a text of bytes up to a NUL: UTF-8, or else Windows' code page 1252.
func narrow(p []byte) string {
	text, _, _ := strings.Cut(string(p), "\x00")
	if utf8.ValidString(text) {
		return text
	}
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = ansi(text[i])
	}
	return string(runes)
}

// ansi is a byte of Windows' code page 1252.
func ansi(b byte) rune {
	if b < 0x80 || b >= 0xA0 {
		return rune(b)
	}
	return high1252[b-0x80]
}

// high1252 is what code page 1252 has where Latin-1 has control characters.
var high1252 = [32]rune{
	'€', utf8.RuneError, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', utf8.RuneError, 'Ž', utf8.RuneError,
	utf8.RuneError, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', utf8.RuneError, 'ž', 'Ÿ',
}
