package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// Every command's output keeps to the width of the terminal, but for words that can't
// be broken, of which each has a line of its own.
func TestOutputsKeepToTheWidth(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	sample := filepath.Join("..", "..", "testdata", "rawsocket.pcapng")
	stored, summary := filepath.Join(dir, "r.json"), filepath.Join(dir, "sum.json")
	for _, words := range [][]string{
		{"repair", "-q", "-w", os.DevNull, "--report", stored, sample},
		{"batch", "-q", "-o", filepath.Join(dir, "out"), "--report", summary, filepath.Join(dir, "good.pcap"), filepath.Join(dir, "cut.pcap"), sample},
	} {
		onWidth(t, 80, words)
	}
	for _, words := range [][]string{
		{"repair", "-w", os.DevNull, sample},
		{"repair", "-v", "-w", os.DevNull, sample},
		{"repair", "-w", os.DevNull, filepath.Join(dir, "broken.pcap")},
		{"check", sample, filepath.Join(dir, "good.pcap")},
		{"report", "-v", stored},
		{"diff", stored, stored},
		{"explain", sample, "1-30", "1478"},
		{"tables", filepath.Join("..", "..", "testdata", "rawsocket.tables"), filepath.Join(dir, "netstat.dat")},
		{"batch", "merge", summary},
		{"help"}, {"help", "check"}, {"version"},
	} {
		for _, width := range []int{60, 80, 120, 200} {
			if words[0] == "help" && width < helpWidth {
				continue // it has one width
			}
			t.Run(fmt.Sprintf("%s/%d", words[0], width), func(t *testing.T) { checkWidth(t, width, onWidth(t, width, words)) })
		}
	}
}

// onWidth carries out a command line as in a terminal of so many columns, and returns
// what is on standard output.
func onWidth(t *testing.T, width int, words []string) string {
	t.Helper()
	var out, errs bytes.Buffer
	s := &streams{in: strings.NewReader(""), out: &out, err: &errs, width: width}
	if code := run(context.Background(), s, words); code == exitUsage || code == exitIO || code == exitInternal {
		t.Fatalf("mendcap %s: ended with %d: %s", strings.Join(words, " "), code, errs.String())
	}
	return out.String()
}

// marksBefore are what comes before the first word of a line: an indent, the label or
// number of a row.
var marksBefore = regexp.MustCompile(`^(\S+ {2,})? *`)

func checkWidth(t *testing.T, width int, text string) {
	t.Helper()
	if text == "" {
		t.Error("got nothing to look at")
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimRight(line, " ") != line {
			t.Errorf("blanks at the end of %q", line)
		}
		n := utf8.RuneCountInString(line)
		if rest := marksBefore.ReplaceAllString(line, ""); n > width && strings.Contains(rest, " ") {
			t.Errorf("%d columns, want at most %d: %s", n, width, line)
		}
	}
}
