package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestInterruptEndsReading interrupts commands that wait for the rest of a stored
// report.
func TestInterruptEndsReading(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupt signal can be sent to one process on Windows")
	}
	for _, args := range [][]string{{"report", "-", "--report", "r.md"}, {"diff", "-", "r.json"}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, built, args...)
		cmd.Dir = t.TempDir()
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// More than a pipe holds: once it is written, the command is reading.
		if _, err := stdin.Write([]byte(strings.Repeat(" ", 1<<18))); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		err = cmd.Wait()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
			t.Errorf("%q: got %v, want code %d", args, err, exitInterrupted)
		}
		if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
			t.Errorf("%q: left over: %v, %v", args, left, err)
		}
	}
}
