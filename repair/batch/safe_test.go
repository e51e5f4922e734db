package batch

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafePath(t *testing.T) {
	for name, want := range map[string]string{
		"a/b.pcap":        "a/b.pcap",
		"./a//b.pcap":     "a/b.pcap",
		"../b.pcap":       "%2E%2E/b.pcap",
		"/abs/b.pcap":     "abs/b.pcap",
		`c:\x\b.pcap`:     "c%3A/x/b.pcap",
		"":                "_",
		"/":               "_",
		"aux":             "_aux",
		"Com7.tar.gz":     "_Com7.tar.gz",
		"COM¹":            "_COM¹",
		"con .txt":        "_con .txt",
		"conOut$":         "_conOut$",
		"lpt0":            "_lpt0",
		"nul.":            "nul%2E",
		"nuls":            "nuls",
		"command":         "command",
		"com10":           "com10",
		"a.":              "a%2E",
		"a ":              "a%20",
		"50% off?":        "50% off%3F",
		"tab\t":           "tab%09",
		"\x80":            "%80",
		"ünï/ço∂é":        "ünï/ço∂é",
		"line\u2028break": "line%E2%80%A8break",
	} {
		if got := safePath(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func FuzzSafePath(f *testing.F) {
	for _, seed := range []string{"a/b", "../../x", `\\server\share`, "con", "a\x00b", strings.Repeat("x/", 200), strings.Repeat("é", 300), "..", "~", "con . "} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		safe := safePath(name)
		if !filepath.IsLocal(filepath.FromSlash(safe)) || strings.ContainsAny(safe, "\\:\x00<>\"|?*") || !utf8.ValidString(safe) {
			t.Fatalf("%q became %q", name, safe)
		}
		parts := strings.Split(safe, "/")
		if len(parts) > deepest {
			t.Errorf("%q: got %d parts, want at most %d", name, len(parts), deepest)
		}
		for _, part := range parts {
			if part == "" || part == "." || part == ".." || len(part) > 200 || device.MatchString(part) || strings.HasSuffix(part, ".") || strings.HasSuffix(part, " ") {
				t.Errorf("%q: part %q of %q", name, part, safe)
			}
		}
	})
}
