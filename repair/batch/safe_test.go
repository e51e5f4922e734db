package batch

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/report"
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

// A capture whose name is no UTF-8 is known again by the report of an earlier run, though
// that can't have its name, and its page is made again as it was.
func TestResumeKnowsNamesThatAreNoText(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is about file systems that take any bytes")
	}
	in, out := t.TempDir(), t.TempDir()
	capture := handmade.PcapOf(binary.LittleEndian, handmade.RecordOf(1, 1, handmade.IPv4(40, 1)))
	if err := os.WriteFile(filepath.Join(in, "\xff.pcap"), capture, 0o666); err != nil {
		t.Fatal(err)
	}
	o := Options{Dir: out, Resume: true, Program: "test", Page: func(w io.Writer, r *report.Report) error {
		_, err := fmt.Fprintf(w, "%q %q", r.Capture.Name, r.Output.Name)
		return err
	}}
	page := ""
	for run := range 2 {
		p, err := Find(t.Context(), []string{in}, o)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := p.Run(t.Context())
		if err != nil || sum.Totals.Captures != 1 || sum.Totals.ByOutcome[report.OutcomeFailed] > 0 {
			t.Fatalf("run %d: got %+v, %v", run, sum, err)
		}
		text, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(sum.Captures[0].Page)))
		if err != nil || run > 0 && string(text) != page {
			t.Errorf("run %d: page: got %s, %v, want %s", run, text, err, page)
		}
		page = string(text)
	}
}
