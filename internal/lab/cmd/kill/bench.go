//go:build unix

package kill

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/trees"
)

// tally counts what came of the kills and interrupts of one command.
type tally struct {
	command       string
	kills         int           // that met a live process
	absent, whole int           // outputs after a kill
	leftovers     int           // temporary files after a kill
	completions   int           // runs to the end, after one kill or several
	slowest       time.Duration // that a process took to end
	failures      []string
}

func (t *tally) fail(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf("after %d kills: ", t.kills)+fmt.Sprintf(format, args...))
}

// bench has the captures and what undisturbed runs make of them.
type bench struct {
	options
	ctx     context.Context
	dir     string // of all
	mendcap string
	in      string // folder of the captures
	inputs  trees.Tree
	moments *rand.Rand
}

func newBench(ctx context.Context, o options, dir string) *bench {
	return &bench{
		options: o, ctx: ctx, dir: dir, mendcap: filepath.Join(dir, "mendcap"), in: filepath.Join(dir, "in"),
		moments: rand.New(rand.NewPCG(o.seed, 0)),
	}
}

// captures is how many files the folder has, beside the archives.
const captures = 12

// prepare makes captures, puts some into archives too, and builds mendcap.
func (b *bench) prepare() error {
	recording, err := lab.Load(b.recordings)
	if err != nil {
		return err
	}
	if err := lab.WriteArchive(b.in, recording.Packets, captures, b.packets); err != nil {
		return err
	}
	packed, err := trees.Read(b.in)
	if err != nil {
		return err
	}
	if err := packed.WriteArchives(b.in); err != nil {
		return err
	}
	if b.inputs, err = trees.Read(b.in); err != nil {
		return err
	}
	return build(b.ctx, b.mendcap)
}

// runner is one command with its own folders.
type runner struct {
	b        *bench
	args     []string
	stdin    string // file, "" for none
	open     bool   // standard input does not end after it, or after nothing
	deaf     bool   // nobody reads standard output
	out, tmp string
}

// command prepares a process; TMPDIR is a folder of its own.
func (r *runner) command() (cmd *exec.Cmd, release func(), err error) {
	for _, dir := range []string{r.out, r.tmp} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, nil, err
		}
	}
	cmd = exec.CommandContext(r.b.ctx, r.b.mendcap, r.args...)
	cmd.Dir = r.b.dir
	cmd.Env = append(os.Environ(), "TMPDIR="+r.tmp)
	var files []*os.File
	release = func() {
		for _, f := range files {
			f.Close()
		}
	}
	if r.stdin != "" {
		f, err := os.Open(r.stdin)
		if err != nil {
			return nil, nil, err
		}
		files = append(files, f)
		cmd.Stdin = f
	}
	if r.open {
		from, to, err := os.Pipe()
		if err != nil {
			return nil, nil, err
		}
		if given := cmd.Stdin; given != nil {
			go io.Copy(to, given) // ends with the process that reads, or when all is given
		}
		files = append(files, from, to)
		cmd.Stdin = from
	}
	if r.deaf {
		from, to, err := os.Pipe()
		if err != nil {
			return nil, nil, err
		}
		files = append(files, from, to)
		cmd.Stdout = to
	}
	return cmd, release, nil
}

// complete runs the command to its end and says how long that took.
func (r *runner) complete() (time.Duration, error) {
	cmd, release, err := r.command()
	if err != nil {
		return 0, err
	}
	defer release()
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("mendcap %s: %w: %s", strings.Join(r.args, " "), err, bytes.TrimSpace(complaints.Bytes()))
	}
	return time.Since(start), nil
}

// kill starts the command and kills it after a while. It reports whether the
// process was still alive then.
func (r *runner) kill(after time.Duration) (bool, error) {
	e, err := r.end(os.Kill, after)
	if err == nil && e.code > 0 {
		err = fmt.Errorf("mendcap %s: exit code %d", strings.Join(r.args, " "), e.code)
	}
	return e.code < 0, err
}

// ending is how a process ended.
type ending struct {
	met  bool          // the signal met it alive
	took time.Duration // from the signal on
	code int           // -1 where a signal has ended it
	// stuck is what the process says of its goroutines, if it did not end.
	stuck string
}

// patience is how long a process is waited for that a signal should have ended.
const patience = 20 * time.Second

// end starts the command and sends it a signal after a while.
func (r *runner) end(signal os.Signal, after time.Duration) (e ending, err error) {
	cmd, release, err := r.command()
	if err != nil {
		return e, err
	}
	defer release()
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return e, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err = <-ended:
	case <-time.After(after):
		start := time.Now()
		e.met = cmd.Process.Signal(signal) == nil
		select {
		case err = <-ended:
		case <-time.After(patience):
			cmd.Process.Signal(syscall.SIGQUIT) // it says what it waits for
			err = <-ended
			e.stuck = said.String()
		}
		e.took = time.Since(start)
	}
	if r.b.ctx.Err() != nil {
		return e, r.b.ctx.Err()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return e, err
	}
	e.code = cmd.ProcessState.ExitCode()
	return e, nil
}

// inputsTouched names an input that is not as it was, or "".
func (b *bench) inputsTouched() (string, error) {
	now, err := trees.Read(b.in)
	return now.Differs(b.inputs), err
}

// temporary reports whether a file is one that mendcap writes to before an
// output appears.
func temporary(name string) bool { return strings.HasSuffix(name, ".tmp") }

// inspect checks what lies there after a kill: outputs as in want, or absent.
func (r *runner) inspect(t *tally, want trees.Tree) error {
	touched, err := r.b.inputsTouched()
	if err != nil {
		return err
	}
	if touched != "" {
		t.fail("input %s", touched)
	}
	got, err := trees.Read(r.out)
	if err != nil {
		return err
	}
	for name := range want {
		if _, ok := got[name]; ok {
			t.whole++
		} else {
			t.absent++
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if temporary(name) {
			t.leftovers++
		} else if got[name] != want[name] {
			t.fail("%s is neither whole nor absent", name)
		}
	}
	left, err := trees.Read(r.tmp)
	t.leftovers += len(left)
	return err
}

// finish runs the command to its end: all must be as in want, and nothing else.
func (r *runner) finish(t *tally, want trees.Tree) error {
	if _, err := r.complete(); err != nil {
		t.fail("%v", err)
		return nil
	}
	t.completions++
	got, err := trees.Read(r.out)
	if err != nil {
		return err
	}
	if difference := got.Differs(want); difference != "" {
		t.fail("after completion %s", difference)
	}
	left, err := trees.Read(r.tmp)
	if err != nil {
		return err
	}
	if difference := left.Differs(trees.Tree{}); difference != "" {
		t.fail("after completion, of temporary files: %s", difference)
	}
	touched, err := r.b.inputsTouched()
	if touched != "" {
		t.fail("input %s", touched)
	}
	return errors.Join(err, os.RemoveAll(r.out), os.RemoveAll(r.tmp))
}

// moment is a random time within a run that takes so long, or a little later.
func (b *bench) moment(length time.Duration) time.Duration {
	return time.Duration(b.moments.Int64N(int64(length) * 11 / 10))
}
