// Mendcap repairs packet captures that were taken with raw sockets: it infers
// the IPv6 headers that such a socket leaves out, and puts packets back in the
// order that TCP proves. Package repair does the work; this command reads
// flags, names files and chooses the exit code.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
)

func main() {
	runtime.MemProfileRate = 0 // unless a profile is asked for: see recordings
	collector.start()
	// A reader that is gone is an error of writing, see output; the signal would end
	// the process at once.
	signal.Ignore(syscall.SIGPIPE)
	crashLoudly()
	os.Exit(interruptible(terminal()))
}

// crashLoudly makes the runtime end the process by a signal where a goroutine
// panics or memory ends: its own exit code for that is the one of a wrong command
// line. No core is dumped, for packets would lie in it.
func crashLoudly() {
	dumpNoCore()
	debug.SetTraceback("crash")
}

// guarded returns what work does, or the exit code for a panic in it.
func (s *streams) guarded(work func(s *streams) int) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(s.err, "mendcap: internal error: %s\n%s  hint: this is a bug; please report it with the lines above\n",
				report.Sanitise(fmt.Sprint(p)), debug.Stack())
			code = exitInternal
		}
	}()
	return work(s)
}

// grace is how long a run that was interrupted may take to end by itself.
const grace = 500 * time.Millisecond

// interruptible runs the command line until it is done or interrupted. A run that
// doesn't end by itself then, since it computes for long or waits for somebody else,
// is left: its temporary files are removed, and no output appears. Further
// interrupts change nothing: some senders, like timeout, send two at once.
func interruptible(s *streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	done := make(chan int, 1)
	go func() {
		done <- s.guarded(func(s *streams) int { return run(ctx, s, s.args) })
	}()
	select {
	case code := <-done:
		return code
	case <-ctx.Done():
	}
	end := ending{grace, exitInterrupted}
	if own := s.ending.Load(); own != nil {
		end = *own
	}
	select {
	case code := <-done:
		return code
	case <-time.After(end.grace):
	}
	atomicfile.RemoveTemporaries()
	sayInterrupted()
	return end.code
}

// ending is how a run ends that was interrupted: how long it may take to end by itself,
// and its exit code if it doesn't.
type ending struct {
	grace time.Duration
	code  int
}

// sayInterrupted says so, unless nobody reads it.
func sayInterrupted() {
	said := make(chan bool)
	go func() {
		fmt.Fprintln(os.Stderr, "mendcap: interrupted")
		close(said)
	}()
	select {
	case <-said:
	case <-time.After(grace / 5):
	}
}

// streams are what a command reads and writes.
type streams struct {
	args      []string // the command line
	in        io.Reader
	out, err  io.Writer
	width     int                    // of the terminal that shows reports, columns; 0 if there is none
	terminal  bool                   // out is one
	colour    bool                   // out is a terminal that shows colours
	errColour bool                   // err is one
	progress  bool                   // err is a terminal
	ticker    ticker                 // when work says how far it is where err is none; nil for everyBeat
	ending    atomic.Pointer[ending] // nil for that of most commands
	help      string                 // where the help is of the current command, a hint
}

func terminal() *streams {
	s := &streams{args: os.Args[1:], in: os.Stdin, out: &output{file: os.Stdout}, err: &output{file: os.Stderr}, progress: term.IsTerminal(int(os.Stderr.Fd()))}
	if width, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil {
		s.width = width
	}
	s.terminal = term.IsTerminal(int(os.Stdout.Fd()))
	s.colour, s.errColour = showsColours(os.Stdout, os.Getenv), showsColours(os.Stderr, os.Getenv)
	return s
}

// showsColours reports whether a file is a terminal that takes colours, and
// nothing asks for none (no-color.org).
func showsColours(f *os.File, env func(string) string) bool {
	if env("NO_COLOR") != "" || env("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return false
	}
	// Consoles of Windows take them without being told only in the Terminal.
	return runtime.GOOS != "windows" || env("WT_SESSION") != ""
}

// interruptibleInput returns standard input as a reader that ends with the
// context's error: a read of a terminal or a pipe can't be ended otherwise.
func (s *streams) interruptibleInput(ctx context.Context) io.Reader {
	r, w := io.Pipe()
	go func() {
		_, err := io.Copy(w, s.in)
		w.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { w.CloseWithError(ctx.Err()) })
	return r
}
