package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mendcap/mendcap/internal/lab/golden"
)

// built is the path of the mendcap binary for the tests: go run hides exit codes.
var built string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "mendcap-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	built = filepath.Join(dir, "mendcap")
	if runtime.GOOS == "windows" {
		built += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", built, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		UpdateScripts:       golden.Updating(),
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", filepath.Dir(built)+string(filepath.ListSeparator)+env.Getenv("PATH"))
			env.Setenv("TMPDIR", env.Getenv("TMPDIR"))
			return writeFixtures(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     exits,
			"only":      only,
			"rename":    rename,
			"samepages": samePages,
		},
	})
}

// exits CODE ARGUMENT... runs mendcap and compares its exit code; stdout and
// stderr can be matched afterwards.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: exits CODE ARGUMENT...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	before := jsonFiles(ts, ts.MkAbs("."))
	defer func() { checkJSON(ts, before) }()
	got := 0
	if err := ts.Exec(built, args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run mendcap: %v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code of mendcap %s: got %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// only PATTERN [NAME]... checks that the files that match the pattern, in the
// current folder, are exactly those named.
func only(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: only PATTERN [NAME]...")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	var names []string
	for _, f := range found {
		names = append(names, filepath.Base(f))
	}
	if got, want := strings.Join(names, " "), strings.Join(args[1:], " "); got != want {
		ts.Fatalf("files matching %s: got %q, want %q", args[0], got, want)
	}
}

// rename PATTERN NAME gives the one file or folder that matches the pattern another name.
func rename(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rename PATTERN NAME")
	}
	found, err := filepath.Glob(ts.MkAbs(args[0]))
	ts.Check(err)
	if len(found) != 1 {
		ts.Fatalf("files matching %s: got %q, want one", args[0], found)
	}
	ts.Check(os.Rename(found[0], filepath.Join(filepath.Dir(found[0]), args[1])))
}

// footer is what tells of a page how it was made.
var footer = regexp.MustCompile(`(?s)<footer>.*</footer>`)

// samepages PAGE PAGE checks that pages are the same but for their footers, which have
// different commands.
func samePages(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samepages PAGE PAGE")
	}
	a, b := ts.ReadFile(args[0]), ts.ReadFile(args[1])
	if footer.FindString(a) == footer.FindString(b) {
		ts.Fatalf("%s and %s have the same footer, or none", args[0], args[1])
	}
	if footer.ReplaceAllString(a, "") != footer.ReplaceAllString(b, "") {
		ts.Fatalf("%s and %s differ", args[0], args[1])
	}
}

// TestInterruptLeavesNoOutput interrupts a run that waits for more input.
func TestInterruptLeavesNoOutput(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupt signal can be sent to one process on Windows")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, built, "repair", "-w", "out.pcapng", "--report", "r.json", "-")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// More than a pipe holds: once it is written, the command is reading.
	if _, err := stdin.Write(pcap(20_000)); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Errorf("exit: got %v, want code 130; stderr:\n%s", err, stderr.String())
	}
	if !strings.Contains(stderr.String(), "interrupted") {
		t.Errorf("stderr: got %q, want the word interrupted", stderr.String())
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range left {
		t.Errorf("left over: %s", entry.Name())
	}
}

// TestInterruptedBatchResumes interrupts a batch once it has written something.
func TestInterruptedBatchResumes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no interrupt signal can be sent to one process on Windows")
	}
	dir := t.TempDir()
	for i := range 400 {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.pcap", i)), pcap(200+i), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, built, "batch", "-o", "out", "--report", "sum.json", ".")
	cmd.Dir = dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for {
		if found, _ := filepath.Glob(filepath.Join(dir, "out", "*.json")); len(found) > 0 || ctx.Err() != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 130 {
		t.Fatalf("exit: got %v, want code 130; stderr:\n%s", err, stderr.String())
	}
	if !interruptedAfter.MatchString(stderr.String()) || !strings.Contains(stderr.String(), "--resume") {
		t.Errorf("stderr: got %q, want how far it came, and how it goes on", stderr.String())
	}
	for _, pattern := range []string{"sum.json", ".*.tmp", filepath.Join("out", ".*")} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) > 0 {
			t.Errorf("left over: %v", left)
		}
	}
	resume := exec.CommandContext(ctx, built, "batch", "-o", "out", "--resume", "--report", "sum.json", "-q", ".")
	resume.Dir = dir
	if out, err := resume.CombinedOutput(); err != nil {
		t.Fatalf("resume: %v\n%s", err, out)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "out", "*.mended.pcapng")); len(found) != 400 {
		t.Errorf("outputs: got %d, want 400", len(found))
	}
}

// interruptedAfter matches what is said of a batch of which some was done.
var interruptedAfter = regexp.MustCompile(`interrupted after [1-9]\d* of 400 captures`)

// TestFullOutputFails writes to a device that is always full.
func TestFullOutputFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full on this system")
	}
	defer full.Close()
	dir := t.TempDir()
	if err := writeFixtures(dir); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"repair", "-w", "-", "good.pcap"},
		{"repair", "--json", "good.pcap"},
		{"repair", "good.pcap"},
		{"explain", "good.pcap", "1"},
		{"tables", "netstat.dat"},
		{"tables", "--json", "netstat.dat"},
		{"help"},
	} {
		cmd := exec.Command(built, args...)
		cmd.Dir = dir
		cmd.Stdout = full
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(stderr)
		if err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 5 {
			t.Errorf("mendcap %s: got %v, want code 5; stderr:\n%s", strings.Join(args, " "), err, text)
		}
	}
}

// TestReaderThatDies lets the reader of standard output end before anything has been
// written to it: nothing is said, the files are written, and the exit code is that of
// the work, but where the capture was to go there.
func TestReaderThatDies(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "long.pcap"), pcap(20_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args   string
		code   int
		writes []string
	}{
		{"repair -w - long.pcap", exitReaderGone, nil},
		{"repair -w - --report lost.json long.pcap", exitReaderGone, nil},
		{"repair --json --report r.json long.pcap", exitDone, []string{"long.mended.pcapng", "r.json"}},
		{"repair -v --force --report r2.html long.pcap", exitDone, []string{"r2.html"}},
		{"check --max window_update=x long.pcap", exitUsage, nil},
		{"check long.pcap", exitDone, nil},
		{"batch -o out long.pcap", exitDone, []string{"out/long.mended.pcapng", "out/long.mended.json"}},
		{"explain long.pcap 1-900", exitDone, nil},
		{"schema", exitDone, nil},
		{"help", exitDone, nil},
	} {
		reader, writer, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd := exec.Command(built, strings.Fields(test.args)...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, writer, &stderr
		cmd.Env = append(os.Environ(), "TMPDIR="+dir)
		if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != test.code {
			t.Errorf("mendcap %s: got %v, want code %d", test.args, err, test.code)
		}
		if got := stderr.String(); (got == "") == (test.code == exitUsage) || strings.Contains(test.args, "-w -") && got != "" {
			t.Errorf("mendcap %s: stderr: got %q", test.args, got)
		}
		for _, name := range test.writes {
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
				t.Errorf("mendcap %s: %s: %v, want it written", test.args, name, err)
			}
		}
		if err := writer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "lost.json")); err == nil {
		t.Error("there is a report of a capture that was not written")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.scratch"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}
