package text

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSanitise(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "eth0: Büro 日本", "eth0: Büro 日本"},
		{"empty", "", ""},
		{"backslash of a Windows path", `C:\temp`, `C:\temp`},
		{"terminal escape", "\x1b[2J", `\x1b[2J`},
		{"line feed, tab, NUL, DEL", "a\n\t\x00\x7f", `a\n\t\x00\x7f`},
		{"C1 control", "\u009b31m", `\u009b31m`},
		{"bidirectional override", "a\u202egpj.exe", `a\u202egpj.exe`},
		{"bidirectional isolate", "\u2066x\u2069", `\u2066x\u2069`},
		{"zero width", "a\u200bb", `a\u200bb`},
		{"line separator", "a\u2028b", `a\u2028b`},
		{"invalid UTF-8", "a\xff\xc3", `a\xff\xc3`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"tag character", "\U000E0041", `\U000e0041`},
	} {
		if got := Sanitise(c.in); got != c.want {
			t.Errorf("%s: Sanitise(%q): got %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{0, "0 ns"},
		{999, "999 ns"},
		{1250 * time.Nanosecond, "1.25 µs"},
		{1250 * time.Microsecond, "1.25 ms"},
		{15625 * time.Microsecond, "15.6 ms"},
		{100 * time.Millisecond, "100 ms"},
		{time.Second, "1 s"},
		{12530 * time.Millisecond, "12.5 s"},
		{83 * time.Second, "1 min 23 s"},
		{26*time.Hour + 5*time.Minute, "26 h 5 min"},
		{-2 * time.Millisecond, "-2 ms"},
		{72*time.Hour - time.Second, "71 h 59 min"},
		{76*time.Hour + 59*time.Minute, "3 d 4 h"},
		{math.MinInt64, "-106,751 d 23 h"},
	} {
		if got := Duration(c.in); got != c.want {
			t.Errorf("duration(%d): got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestPlural(t *testing.T) {
	for want, got := range map[string]string{
		"1 packet": Plural(1, "packet"), "0 packets": Plural(0, "packet"), "2,000 packets": Plural(2000, "packet"),
		"1 address": Plural(1, "address"), "2 addresses": Plural(2, "address"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Parts that hold nothing leave no separator.
func TestJoin(t *testing.T) {
	for _, c := range []struct {
		want  string
		parts []string
	}{
		{"", nil},
		{"", []string{"", When(false, "a")}},
		{"a", []string{"", When(true, "a"), ""}},
		{"a; b", []string{"a", When(false, "x"), "b"}},
	} {
		if got := Join("; ", c.parts...); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestCountAndSize(t *testing.T) {
	counts := map[int64]string{0: "0", 999: "999", 1000: "1,000", -1234567: "-1,234,567"}
	for n, want := range counts {
		if got := Count(n); got != want {
			t.Errorf("count(%d): got %q, want %q", n, got, want)
		}
	}
	sizes := map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 4_200_000: "4.2 MB", 999_999: "1 MB", 2_147_483_648: "2.15 GB"}
	for n, want := range sizes {
		if got := Size(n); got != want {
			t.Errorf("size(%d): got %q, want %q", n, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		in    string
		width int
		want  string
	}{
		{"one two three", 9, "one two\n  three"},
		{"fits  as it is", 14, "fits  as it is"},
		{"first\nsecond line", 20, "first\nsecond line"},
		{"2001:db8::1234:5678", 10, "2001:db8\n  ::1234:5\n  678"},
		{"日本語語", 6, "日本\n  語語"},
		{"日本", 3, "日\n  本"},
		{"", 5, ""},
		{"loses 41.2 ppm now", 12, "loses\n  41.2 ppm\n  now"},
		{"(95 %: 0.51 % to 0.99 %)", 18, "(95 %: 0.51 % to\n  0.99 %)"},
		{"ticks of 10,000 packets", 18, "ticks of\n  10,000 packets"},
		{"frames 70, 78 and 79", 12, "frames 70,\n  78 and 79"},
		{"1 abcdefghij", 8, "1\n  abcdef\n  ghij"},
	} {
		if got := Wrap(c.in, c.width); got != c.want {
			t.Errorf("wrap(%q, %d): got %q, want %q", c.in, c.width, got, c.want)
		}
	}
}

func FuzzSanitise(f *testing.F) {
	for _, s := range []string{"a", "\x1b]0;x\a", "\u202e", "\xff\xfe", "é\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Sanitise(s)
		if !utf8.ValidString(got) {
			t.Errorf("Sanitise(%q) is not valid UTF-8: %q", s, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return r < ' ' || r >= 0x7F && r < 0xA0 }); i >= 0 {
			t.Errorf("Sanitise(%q): got %q with a control character at %d", s, got, i)
		}
		if again := Sanitise(got); again != got {
			t.Errorf("Sanitise twice: got %q, want %q", again, got)
		}
	})
}
