package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestPanicIsNoUsage: a panic in the work ends with a code of its own, and asks to
// be reported.
func TestPanicIsNoUsage(t *testing.T) {
	var out, err bytes.Buffer
	s := &streams{out: &out, err: &err}
	code := s.guarded(func(*streams) int { panic("index out of range\x1b[2J") })
	if code != exitInternal {
		t.Errorf("exit code: got %d, want %d", code, exitInternal)
	}
	text := err.String()
	if !strings.HasPrefix(text, `mendcap: internal error: index out of range\x1b[2J`) || !strings.Contains(text, "please report it") || !strings.Contains(text, "crash_test.go") {
		t.Errorf("standard error: got %q, want the error, where it was, and what to do", text)
	}
	if out.Len() > 0 {
		t.Errorf("standard output: got %q", out.String())
	}
	if code := s.guarded(func(*streams) int { return exitDamaged }); code != exitDamaged {
		t.Errorf("without a panic: got %d, want %d", code, exitDamaged)
	}
}

// panics names the variable that makes the test binary panic in a goroutine.
const panics = "MENDCAP_TEST_PANICS"

func init() {
	if os.Getenv(panics) != "" {
		crashLoudly()
		go func() { panic("in a goroutine") }()
		select {}
	}
}

// TestPanicInAGoroutine: nothing recovers from one, and it must not end as a
// wrong command line does.
func TestPanicInAGoroutine(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the runtime ends with 2 in any case")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), panics+"=1")
	cmd.Dir = t.TempDir()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != -1 { // -1: by a signal
		t.Errorf("got %v, want an end by a signal", err)
	}
	if !bytes.Contains(out, []byte("panic: in a goroutine")) {
		t.Errorf("got %q, want the panic", out)
	}
	if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v, want no core", left, err)
	}
}
