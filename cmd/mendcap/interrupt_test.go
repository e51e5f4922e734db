package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
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

// TestInterruptedLotIsForAgain: SIGTERM, by which schedulers end jobs, ends a lot with 75,
// and the next attempt does the rest.
func TestInterruptedLotIsForAgain(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no signal can be sent to one process on Windows")
	}
	dir := t.TempDir()
	for i := range 100 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.pcap", i)), pcap(200+i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	start := func(args ...string) (*exec.Cmd, *strings.Builder) {
		cmd, said := exec.CommandContext(t.Context(), built, args...), &strings.Builder{}
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd, said
	}
	run := func(args ...string) {
		if cmd, said := start(args...); cmd.Wait() != nil {
			t.Fatalf("%q: %s", args, said)
		}
	}
	run("batch", "plan", "-o", "out", "--lots", "1", ".")
	plans, err := filepath.Glob(filepath.Join(dir, "out", ".mendcap", "*"))
	if err != nil || len(plans) != 1 {
		t.Fatalf("plans: got %v, %v, want one", plans, err)
	}
	lot := []string{"batch", "--plan", plans[0], "--lot", "0", "--jobs", "1"}
	cmd, said := start(lot...)
	for {
		if found, _ := filepath.Glob(filepath.Join(dir, "out", "*.mended.json")); len(found) > 0 || t.Context().Err() != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitAgain {
		t.Fatalf("exit: got %v, want code %d; it said\n%s", err, exitAgain, said)
	}
	if got := said.String(); !strings.Contains(got, "lot 0 was interrupted") {
		t.Errorf("it said %q, want that it was interrupted", got)
	}
	run(lot...)
	run("batch", "merge", plans[0], "-q", "--report", "sum.json")
	if found, _ := filepath.Glob(filepath.Join(dir, "out", "*.mended.pcapng")); len(found) != 100 {
		t.Errorf("outputs: got %d, want 100", len(found))
	}
}
