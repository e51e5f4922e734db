// Package text makes text safe to show, also as JSON, and writes numbers, times and
// lines as a person reads them. It gives the same text whatever the locale.
package text

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
)

// Sanitise returns s so that it can be shown on a terminal: whatever is not
// printable (control characters, bidirectional overrides, invalid UTF-8) is
// written as a Go escape. Printable text comes back as it is.
func Sanitise(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case strconv.IsPrint(r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// Parts returns those that are not empty. It uses the array of what it is given.
func Parts(all ...string) []string {
	return slices.DeleteFunc(all, func(part string) bool { return part == "" })
}

// Join joins the parts that are not empty.
func Join(separator string, parts ...string) string { return strings.Join(Parts(parts...), separator) }

// When returns what is said where it holds, else nothing.
func When(holds bool, said string) string {
	if holds {
		return said
	}
	return ""
}

// Plural returns "1 packet", "2,000 packets", "2 addresses".
func Plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return Count(n) + " " + noun + "s"
}

// Count writes n with a comma between thousands.
func Count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Size writes n bytes in decimal units, three digits.
func Size(n int64) string {
	units := []string{"kB", "MB", "GB", "TB", "PB", "EB"}
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	v, u := float64(n)/1000, 0
	for v >= 999.5 && u < len(units)-1 {
		v, u = v/1000, u+1
	}
	return ThreeDigits(v) + " " + units[u]
}

// Duration writes d as a person reads it: "1.25 ms", "12.5 s", "1 h 2 min", "3 d 4 h".
func Duration(d time.Duration) string {
	switch {
	case d == math.MinInt64:
		return Duration(d + 1) // its opposite is no int64
	case d < 0:
		return "-" + Duration(-d)
	case d < time.Microsecond:
		return fmt.Sprintf("%d ns", d.Nanoseconds())
	case d < time.Millisecond:
		return ThreeDigits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return ThreeDigits(float64(d)/float64(time.Millisecond)) + " ms"
	case d < time.Minute:
		return ThreeDigits(d.Seconds()) + " s"
	case d < time.Hour:
		return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
	case d < 72*time.Hour:
		return fmt.Sprintf("%d h %d min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%s d %d h", Count(int64(d/(24*time.Hour))), d%(24*time.Hour)/time.Hour)
}

// ThreeDigits writes v, 0 <= v < 1000, with three significant digits and
// without closing zeros after the point.
func ThreeDigits(v float64) string {
	decimals := 2
	if v >= 99.95 {
		decimals = 0
	} else if v >= 9.995 {
		decimals = 1
	}
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// Wrap breaks s, which is sanitised, into lines of at most width columns: at
// spaces, and within a word that is longer than a line. Line feeds in s stay;
// the lines that continue one of them are indented.
func Wrap(s string, width int) string {
	paragraphs := strings.Split(s, "\n")
	for i, p := range paragraphs {
		if Columns(p) > width {
			paragraphs[i] = strings.Join(broken(p, width-len(Indent)), "\n"+Indent)
		}
	}
	return strings.Join(paragraphs, "\n")
}

// Indent begins a line that continues another.
const Indent = "  "

// broken returns the lines of a paragraph, none of them indented.
func broken(s string, width int) (lines []string) {
	line := ""
	for _, word := range pieces(s, width) {
		if line != "" && Columns(line)+1+Columns(word) <= width {
			line += " " + word
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for head := Cut(word, width); head != word; head = Cut(word, width) {
			lines = append(lines, head)
			word = word[len(head):]
		}
		line = word
	}
	return append(lines, line)
}

// pieces splits a text where lines may break: at its blanks, but not between a
// number and what it counts.
func pieces(s string, width int) []string {
	var list []string
	number := false
	for _, word := range strings.Fields(s) {
		if last := len(list) - 1; number && Columns(list[last])+1+Columns(word) <= width {
			list[last] += " " + word
			number = false
			continue
		}
		list = append(list, word)
		number = isNumber(word)
	}
	return list
}

// isNumber reports whether a word is a number, maybe after a parenthesis or a sign.
func isNumber(word string) bool {
	digits := strings.TrimLeft(word, "(±-")
	return digits != "" && strings.Trim(digits, "0123456789,.") == "" && digits[len(digits)-1] >= '0'
}

// Cut returns the longest start of s that fits width columns, at least one
// rune.
func Cut(s string, width int) string {
	used, end := 0, 0
	for i, r := range s {
		used += Columns(string(r))
		if i > 0 && used > width {
			break
		}
		end = i + utf8.RuneLen(r)
	}
	return s[:end]
}

// Columns is the width of s on a terminal, whatever the locale.
func Columns(s string) int { return twwidth.WidthWithOptions(s, twwidth.Options{}) }
