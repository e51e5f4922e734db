package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// The exit codes that an entry can have.
const (
	codeUsage     = 2
	codeDamaged   = 3
	codeNoCapture = 4
	codeIO        = 5
)

// runner carries out a plan.
type runner struct {
	*Plan
	scratch string // folder for members of archives
	tables  string // folder in it for the tables of the archive at hand
	memory  *semaphore.Weighted
	group   *errgroup.Group

	kept  atomic.Int64 // captures that an earlier run had finished
	swept sync.Map     // of true by folders of outputs

	mu       sync.Mutex
	entries  []report.Entry
	progress Progress
	partly   map[*task]int64 // bytes of captures under way that count as done
}

// job is a task whose capture lies in a file.
type job struct {
	t    *task
	file string
	cut  error  // why the file does not hold the whole member
	done func() // removes the file, if it is temporary
}

// Run repairs the captures. An error is the context's, or says why nothing could
// be done at all; what goes wrong with single captures is in the summary.
func (p *Plan) Run(ctx context.Context) (*report.Batch, error) {
	r := &runner{Plan: p, memory: semaphore.NewWeighted(p.o.Memory), partly: make(map[*task]int64)}
	r.progress.Captures = len(p.tasks)
	for i := range p.tasks {
		r.progress.Bytes += p.tasks[i].size
	}
	if p.o.Dir != "" && len(p.tasks) > 0 {
		if err := os.MkdirAll(p.o.Dir, 0o777); err != nil {
			return nil, fmt.Errorf("make the folder of the outputs: %w", err)
		}
	}
	release := func() error { return nil }
	if slices.ContainsFunc(p.tasks, func(t task) bool { return t.member != alone }) {
		var err error
		if r.scratch, release, err = atomicfile.ScratchDir(); err != nil {
			return nil, fmt.Errorf("make a temporary folder: %w", err)
		}
	}
	if err := errors.Join(r.work(ctx), release()); err != nil {
		return nil, err
	}
	sum := report.NewBatch(append(r.entries, p.failed...), p.skipped)
	sum.Kept = r.kept.Load()
	return sum, nil
}

// work carries out the tasks, as many at a time as there are jobs, in their order.
func (r *runner) work(ctx context.Context) error {
	r.group, ctx = errgroup.WithContext(ctx)
	r.group.SetLimit(min(r.o.Jobs, max(1, len(r.tasks))))
	err := r.produce(ctx)
	return cmp.Or(r.group.Wait(), err)
}

// produce hands out the tasks, those of one archive together.
func (r *runner) produce(ctx context.Context) error {
	for start := 0; start < len(r.tasks); {
		t := &r.tasks[start]
		if t.member == alone {
			start++
			if err := r.send(ctx, job{t: t, file: t.file, done: func() {}}); err != nil {
				return err
			}
			continue
		}
		end := start
		for end < len(r.tasks) && r.tasks[end].member != alone && r.tasks[end].file == t.file {
			end++
		}
		if err := r.unpack(ctx, r.tasks[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// send hands out a job, once fewer than all are under way.
func (r *runner) send(ctx context.Context, j job) error {
	r.group.Go(func() error { return r.carryOut(ctx, j) })
	return ctx.Err()
}

// What one repair takes, roughly: for itself, and for what it holds of the
// capture at a time, bytes.
const (
	baseMemory   = 16 << 20
	windowMemory = 80 << 20
	blowUp       = 3 // memory of a byte of the capture in the window
	unpacking    = 8 // bytes of the capture in one of a compressed file
)

// need estimates the memory of a job.
func (r *runner) need(t *task) int64 {
	held := min(t.size, windowMemory) * blowUp
	if naming.IsPacked(t.shown) {
		held = min(held, windowMemory) * unpacking
	}
	return min(baseMemory+min(held, windowMemory), r.o.Memory)
}

// carryOut does one job. The error is the context's.
func (r *runner) carryOut(ctx context.Context, j job) error {
	defer j.done()
	need := r.need(j.t)
	if err := r.memory.Acquire(ctx, need); err != nil {
		return err
	}
	defer r.memory.Release(need)
	rep, err := r.mend(ctx, j)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	r.conclude(j.t, r.entry(j, rep, err))
	return nil
}

// entry says what became of a job.
func (r *runner) entry(j job, rep *report.Report, err error) report.Entry {
	if err != nil {
		text := strings.ReplaceAll(err.Error(), ": "+filepath.Base(j.file)+": ", ": ") // the entry names it
		text = strings.ReplaceAll(text, j.file, j.t.shown)                             // not the temporary one
		return failure(j.t.shown, codeOf(err), text)
	}
	e := report.NewEntry(j.t.shown, r.outShown(j.t), rep)
	if j.cut != nil {
		e.Outcome, e.Code, e.Error = report.OutcomeDamaged, codeDamaged, "only a part could be unpacked: "+reason(j.cut)
		e.Damage++
	}
	return e
}

// failure is the entry of what has no output.
func failure(shown string, code int, why string) report.Entry {
	return report.Entry{Path: shown, Outcome: report.OutcomeFailed, Code: code, Error: why}
}

// codeOf is the exit code of `mendcap repair` for an error.
func codeOf(err error) int {
	switch {
	case errors.Is(err, repair.ErrUsage):
		return codeUsage
	case errors.Is(err, repair.ErrNoCapture), errors.Is(err, repair.ErrNoTables):
		return codeNoCapture
	}
	return codeIO
}

// advance notes how far the passes over a capture are.
func (r *runner) advance(t *task, done, total int64) {
	if total <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	share := int64(float64(t.size) * min(float64(done)/float64(total), 1))
	r.progress.DoneBytes += share - r.partly[t]
	r.partly[t] = share
	r.o.Progress(r.progress)
}

// conclude notes an entry, and how far the run is.
func (r *runner) conclude(t *task, e report.Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.entries = append(r.entries, e)
	r.progress.Done++
	r.progress.DoneBytes += t.size - r.partly[t]
	delete(r.partly, t)
	if e.Outcome == report.OutcomeFailed {
		r.progress.Failed++
	}
	r.o.Progress(r.progress)
}
