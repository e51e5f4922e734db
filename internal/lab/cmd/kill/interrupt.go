//go:build unix

package kill

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/lab/trees"
)

// exitInterrupted is mendcap's exit code for an interrupt, exitRefused that for
// what is nothing to be read.
const (
	exitInterrupted = 130
	exitRefused     = 4
)

// longest is how long an endless run lasts at most before it is interrupted.
const longest = 400 * time.Millisecond

// interrupts are the signals that end a run; SIGKILL is among them, so that no
// command leaves anything half-written after that either.
var interrupts = []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGTERM, os.Interrupt, os.Kill}

// interruptAll interrupts runs of all scenes in turns.
func (b *bench) interruptAll(n int) (tally, error) {
	t := tally{command: "all"}
	if err := b.store(); err != nil {
		return t, err
	}
	lengths := make(map[string]time.Duration)
	wants := make(map[string]trees.Tree)
	for turn := 0; t.kills < n; turn++ {
		scenes := b.scenes(filepath.Join(b.dir, "out"))
		s := &scenes[turn%len(scenes)]
		r := &runner{b: b, args: s.args, stdin: s.stdin, open: s.open, deaf: s.deaf, out: filepath.Join(b.dir, "out"), tmp: filepath.Join(b.dir, "tmp")}
		if _, known := wants[s.name]; !known && !s.endless {
			length, want, err := r.undisturbed()
			if err != nil {
				return t, err
			}
			lengths[s.name], wants[s.name] = length, want
		}
		if err := b.interrupt(&t, s, r, lengths[s.name], wants[s.name]); err != nil {
			return t, err
		}
	}
	return t, nil
}

// undisturbed runs the command to its end, and returns how long that took and what
// it wrote.
func (r *runner) undisturbed() (time.Duration, trees.Tree, error) {
	length, err := r.complete()
	if err != nil {
		return 0, nil, err
	}
	want, err := trees.Read(r.out)
	return length, want, errors.Join(err, os.RemoveAll(r.out), os.RemoveAll(r.tmp))
}

// interrupt interrupts one run, and checks how it ended and what it left.
func (b *bench) interrupt(t *tally, s *scene, r *runner, length time.Duration, want trees.Tree) error {
	if s.endless {
		length = longest
	}
	signal := interrupts[b.moments.IntN(len(interrupts))]
	e, err := r.end(signal, b.moment(length))
	if err != nil {
		return err
	}
	left := t.leftovers
	if e.met {
		t.kills++
		t.slowest = max(t.slowest, e.took)
		if e.took > b.within {
			t.fail("%s: ended %v after %v\n%s", s.name, e.took, signal, e.stuck)
		}
		// A run can be done at the moment of the signal, or not have begun to listen.
		done := e.code == 0 || s.refused && e.code == exitRefused
		if signal != os.Kill && e.code != exitInterrupted && !done && e.code != -1 {
			t.fail("%s: exit code %d after %v", s.name, e.code, signal)
		}
	}
	if e.code == 0 && s.endless {
		return errors.Join(os.RemoveAll(r.out), os.RemoveAll(r.tmp)) // sooner than thought
	}
	if err := r.inspect(t, want); err != nil {
		return err
	}
	if t.leftovers > left && signal != os.Kill {
		t.fail("%s: %d temporary files left after %v", s.name, t.leftovers-left, signal)
	}
	if s.endless {
		return errors.Join(os.RemoveAll(r.out), os.RemoveAll(r.tmp))
	}
	return r.finish(t, want)
}
