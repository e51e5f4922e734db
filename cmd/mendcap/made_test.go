package main

import (
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// A shell reads a command line that is shown as the arguments that it was made of.
func TestCommandLineCanBeGivenAgain(t *testing.T) {
	if got := commandLine(nil); got != "" {
		t.Errorf("without arguments: got %q, want nothing", got)
	}
	args := []string{"repair", "--report=a b.html", "it's", "", "$HOME/*.pcap", "~/x", "-w", `back\slash`, "a\nb", "Größe.pcap"}
	if runtime.GOOS == "windows" {
		if got, want := commandLine([]string{"repair", `C:\a\x.pcap`, "a b"}), `mendcap repair C:\a\x.pcap "a b"`; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		return
	}
	out, err := exec.Command("sh", "-c", `mendcap() { printf '%s\0' "$@"; }; `+commandLine(args)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); !slices.Equal(got, args) {
		t.Errorf("got %q, want %q", got, args)
	}
}

func TestLongCommandLinesAreCut(t *testing.T) {
	got := commandLine(slices.Repeat([]string{strings.Repeat("x", 100)}, 100))
	if len(got) > longestCommand+40 || !strings.HasSuffix(got, " … (81 more)") {
		t.Errorf("got %d bytes that end in %q, want 19 arguments and how many more", len(got), got[max(0, len(got)-20):])
	}
}

func TestDateOfPages(t *testing.T) {
	for given, want := range map[string]time.Time{"": {}, "0": time.Unix(0, 0), "1700000000": time.Unix(1700000000, 0)} {
		t.Setenv(dateVariable, given)
		if m, err := madeBy(nil); err != nil || !m.At.Equal(want) {
			t.Errorf("%q: got %v, %v, want %v", given, m.At, err, want)
		}
	}
	for _, given := range []string{"now", "-1", "1.5", "253402300800"} {
		t.Setenv(dateVariable, given)
		if m, err := madeBy(nil); err == nil {
			t.Errorf("%q: got %v, want an error", given, m.At)
		}
	}
}
