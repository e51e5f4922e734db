package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/repair/batch/lots"
	"github.com/mendcap/mendcap/report"
)

// The exit codes of all commands, which manual/exit-codes.md explains. Where one run
// meets several, it ends with the largest. 1 belongs to commands that find things, 6
// to those that repair whole folders; no other meaning may take them.
const (
	exitDone        = 0
	exitFindings    = 1
	exitUsage       = 2
	exitDamaged     = 3
	exitNoCapture   = 4
	exitIO          = 5
	exitSomeFailed  = 6
	exitInternal    = 70
	exitAgain       = 75 // as sysexits.h has it: EX_TEMPFAIL
	exitInterrupted = 130
	exitReaderGone  = 141 // as of a shell, where SIGPIPE ends a program
)

// hinted is an error with an exit code and a hint of its own.
type hinted struct {
	error
	code int
	hint string
}

func (e hinted) Unwrap() error { return e.error }

// seeCommand is the hint that points to the help of the current command.
const seeCommand = ""

// usagef is about a command line that can't be carried out.
func usagef(hint, format string, args ...any) error {
	return hinted{fmt.Errorf(format, args...), exitUsage, hint}
}

// explain returns the exit code that err asks for, and what may help.
func explain(err error) (code int, hint string) {
	var own hinted
	switch {
	case errors.Is(err, context.Canceled):
		return exitInterrupted, ""
	case readerGone(err):
		return exitReaderGone, ""
	case errors.As(err, &own):
		return own.code, own.hint
	}
	for _, c := range conditions {
		if errors.Is(err, c.err) {
			return c.code, c.hint
		}
	}
	return exitIO, ""
}

// conditions are errors that have an exit code of their own, or a hint; the first
// that fits counts.
var conditions = []struct {
	err  error
	code int
	hint string
}{
	{store.ErrURL, exitUsage, "mendcap help stores has examples"},
	{store.ErrNoCloud, exitUsage, "the archive mendcap-cloud of a release has the one with it; mendcap help stores tells more"},
	{store.ErrUnreachable, exitAgain, "the same command may succeed later"},
	{lots.ErrAgain, exitAgain, "the same command goes on from there"},
	{lots.ErrPlan, exitUsage, seeCommand},
	{lots.ErrUsage, exitUsage, seeCommand},
	{repair.ErrUsage, exitUsage, seeCommand},
	{report.ErrReport, exitNoCapture, "mendcap repair --report FILE.json stores one"},
	{report.ErrBatch, exitNoCapture, "mendcap batch merge takes the folder of a plan, as batch plan prints it, or summaries that mendcap batch --report FILE.json wrote"},
	{report.ErrBaseline, exitNoCapture, "mendcap check --baseline FILE --update-baseline makes one"},
	{repair.ErrNoTables, exitNoCapture, "--tables takes a file or a folder of network tables"},
	{repair.ErrNoCapture, exitNoCapture, "pcap, pcapng, event traces of Windows (.etl) and captures of Network Monitor 2 are read, as they are or in gzip, zstd, xz, lz4 or bzip2"},
	{repair.ErrSpoolLimit, exitIO, "--spool-limit SIZE sets another limit; a file is not copied, however large it is"},
	{repair.ErrExists, exitIO, "--force replaces it; -w FILE or -o DIR writes elsewhere"},
}

// longestError is how much of an error is printed, bytes: it may quote a file.
const longestError = 2000

// fail prints err, about the file of that name if it is not "", and returns
// the exit code. Without an error nothing has failed.
func (s *streams) fail(name string, err error) int {
	if err == nil {
		return exitDone
	}
	code, hint := explain(err)
	if code == exitUsage && hint == seeCommand {
		hint = s.help
	}
	if code == exitReaderGone {
		return code // the reader that stopped knows
	}
	text := strings.ReplaceAll(err.Error(), "\n", "; ") // of joined errors
	if name != "" {
		text = strings.ReplaceAll(text, ": "+filepath.Base(name)+": ", ": ")
	}
	text = plainPath(name, text, err)
	if len(text) > longestError {
		text = text[:longestError] + "…"
	}
	text = report.Sanitise(text)
	if code == exitInterrupted {
		text = "interrupted"
	}
	if name != "" {
		text = report.Sanitise(name) + ": " + text
	}
	fmt.Fprintf(s.err, "mendcap: %s\n", text)
	if hint != "" {
		fmt.Fprintf(s.err, "  hint: %s\n", report.Sanitise(hint))
	}
	return code
}

// plainPath takes out of the text of an error the name that is said already, and
// the system's calls that say nothing to who doesn't know them.
func plainPath(name, text string, err error) string {
	var at *fs.PathError
	switch {
	case !errors.As(err, &at):
		return text
	case at.Path == name:
		return strings.ReplaceAll(text, at.Error(), at.Err.Error())
	case at.Op == "open", at.Op == "stat", at.Op == "lstat", at.Op == "create":
		return strings.ReplaceAll(text, at.Error(), at.Path+": "+at.Err.Error())
	}
	return text
}
