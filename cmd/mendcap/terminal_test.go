package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// onTerminal runs a command line of the binary in a terminal, as util-linux's script
// gives it one, and returns what is on it. Where there is no script the test ends here.
func onTerminal(t *testing.T, args ...string) string {
	t.Helper()
	script, err := exec.LookPath("script")
	if err != nil {
		t.Skipf("no terminal can be had: %v", err)
	}
	words := []string{"exec", shellWord(built)}
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	cmd := exec.Command(script, "-qec", strings.Join(words, " "), os.DevNull)
	cmd.Env = append(os.Environ(), "TERM=dumb", "SHELL=/bin/sh")
	out, _ := cmd.CombinedOutput() // the exit code is the command's
	return strings.ReplaceAll(string(out), "\r\n", "\n")
}

func TestNoCaptureGoesToATerminal(t *testing.T) {
	in := filepath.Join("..", "..", "testdata", "rawsocket.pcapng")
	got := onTerminal(t, "repair", "-q", "-w", "-", in)
	if !strings.Contains(got, "mendcap: -w -: standard output is a terminal") || !strings.Contains(got, "--force writes it here") || strings.Contains(got, "\x00") {
		t.Errorf("got %q, want that a capture is no text, and none of it", got)
	}
	if got := onTerminal(t, "repair", "-q", "--force", "-w", "-", in); !strings.Contains(got, "\n\r\r\n") {
		t.Errorf("with --force got %.100q, want the capture, which begins so", got)
	}
}

// Damage is said once where report and errors share a terminal, and by both elsewhere.
func TestDamageIsSaidOnceOnATerminal(t *testing.T) {
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(dir, "cut.pcap")
	if got := onTerminal(t, "repair", "-w", os.DevNull, in); strings.Count(got, "after frame 2") != 1 {
		t.Errorf("got\n%s\nwant once where it is damaged", got)
	}
	if got := onTerminal(t, "repair", "-q", "-w", os.DevNull, in); strings.Count(got, "damaged after frame 2") != 1 {
		t.Errorf("without a report got\n%s\nwant once where it is damaged", got)
	}
}
