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
	choices string // that the options make
	scratch string // folder for members of archives
	tables  string // folder in it for the tables of the present archive
	group   *errgroup.Group
	idle    chan ready // to goroutines that have done a job

	// What a job has from its begin to its end, in the order in which it is given: a
	// place among those under way, memory, and a turn to work. That alone is given up
	// while it waits for the disk.
	places, memory, turns *semaphore.Weighted

	kept    atomic.Int64 // captures that an earlier run had finished
	folders sync.Map     // of outputs, with a func() error that makes each

	mu       sync.Mutex
	results  []Result
	open     []int          // tasks of each item that are not done
	first    func(item int) // before an item is begun
	each     func(item int, r Result)
	to       *Spool // that entries go to, rather than to results; nil for none
	progress Progress
	partly   map[*task]int64 // bytes of captures under way that count as done
}

func newRunner(p *Plan, first func(int), each func(int, Result)) *runner {
	jobs := int64(p.o.Jobs)
	r := &runner{
		Plan: p, first: first, each: each, results: slices.Clone(p.results), open: make([]int, len(p.results)), choices: choices(p.o.Repair), partly: make(map[*task]int64), idle: make(chan ready),
		places: semaphore.NewWeighted(jobs + mostWaiting), memory: semaphore.NewWeighted(p.o.Memory), turns: semaphore.NewWeighted(jobs),
	}
	for i := range p.tasks {
		r.open[p.tasks[i].item]++
	}
	return r
}

// ready is a job that can be worked at, with what gives back what it has.
type ready struct {
	job
	end func()
}

// job is a task whose capture lies in a file.
type job struct {
	t    *task
	file string
	cut  error  // why the file does not hold the whole member
	done func() // removes the file, if it is temporary
}

// Run repairs the captures. An error is the context's, one that Options.Ends ends the run
// with, or says why nothing could be done at all; what goes wrong with single captures is
// in the summary.
func (p *Plan) Run(ctx context.Context) (*report.Batch, error) {
	r := newRunner(p, func(int) {}, func(int, Result) {})
	if err := r.run(ctx); err != nil {
		return nil, err
	}
	sum := sumUp(r.results)
	sum.Kept = r.kept.Load()
	return sum, nil
}

// RunTo is Run for any number of captures: what becomes of them goes to a spool.
func (p *Plan) RunTo(ctx context.Context, to *Spool) error {
	r := newRunner(p, func(int) {}, func(int, Result) {})
	r.to = to
	for i := range r.results {
		for _, e := range r.results[i].Entries {
			if err := to.Add(e); err != nil {
				return err
			}
		}
		to.Skip(&r.results[i].Skipped)
	}
	err := r.run(ctx)
	to.Kept = r.kept.Load()
	return err
}

// run carries out the plan.
func (r *runner) run(ctx context.Context) error {
	p := r.Plan
	r.progress.Captures = len(p.tasks)
	for i := range p.tasks {
		r.progress.Bytes += p.tasks[i].size
	}
	if p.o.Dir != "" && len(p.tasks) > 0 {
		if err := os.MkdirAll(p.o.Dir, 0o777); err != nil {
			return fmt.Errorf("make the folder of the outputs: %w", err)
		}
	}
	release := func() error { return nil }
	if slices.ContainsFunc(p.tasks, func(t task) bool { return t.member != Alone }) {
		var err error
		if r.scratch, release, err = atomicfile.ScratchDir(); err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
	}
	for i, open := range r.open {
		if open == 0 {
			r.each(i, r.results[i])
		}
	}
	return errors.Join(r.work(ctx), release())
}

// mostWaiting is how many captures may wait for the disk beside those that are worked
// at: a disk syncs many small files in about the time that it takes for one.
const mostWaiting = 30

// mostPaused is how many bytes a capture and its tables have at most beside which others
// are begun while they wait for the disk: it is busy with larger ones, and they keep much
// memory.
const mostPaused = 16 << 20

// work carries out the tasks, as many at a time as there are jobs, in their order.
func (r *runner) work(ctx context.Context) error {
	r.group, ctx = errgroup.WithContext(ctx)
	err := r.produce(ctx)
	close(r.idle)
	return cmp.Or(r.group.Wait(), err)
}

// produce hands out the tasks, those of one archive together.
func (r *runner) produce(ctx context.Context) error {
	for start := 0; start < len(r.tasks); {
		t := &r.tasks[start]
		r.first(t.item)
		if t.member == Alone {
			start++
			if err := r.send(ctx, job{t: t, file: t.file, done: func() {}}); err != nil {
				return err
			}
			continue
		}
		end := start
		for end < len(r.tasks) && r.tasks[end].member != Alone && r.tasks[end].file == t.file {
			end++
		}
		if err := r.unpack(ctx, r.tasks[start:end]); err != nil {
			return err
		}
		start = end
	}
	return nil
}

// send hands out a job, once it can be worked at: to a goroutine that has done one, since
// the stack of a new one would have to grow again.
func (r *runner) send(ctx context.Context, j job) error {
	end, err := r.begin(ctx, j.t)
	if err != nil {
		j.done()
		return err
	}
	next := ready{j, end}
	select {
	case r.idle <- next:
	default:
		r.group.Go(func() error { return r.serve(ctx, next) })
	}
	return ctx.Err()
}

// serve carries out a job, and those that come after it. The error is carryOut's.
func (r *runner) serve(ctx context.Context, next ready) error {
	for more := true; more; next, more = <-r.idle {
		err := r.carryOut(ctx, next.job)
		next.end()
		if err != nil {
			return err
		}
	}
	return nil
}

// begin waits for all that a job has, which what it returns gives back. The error is the
// context's.
func (r *runner) begin(ctx context.Context, t *task) (end func(), err error) {
	need := r.need(t)
	if err := r.places.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	if err := r.memory.Acquire(ctx, need); err != nil {
		r.places.Release(1)
		return nil, err
	}
	if err := r.turns.Acquire(ctx, 1); err != nil {
		r.memory.Release(need)
		r.places.Release(1)
		return nil, err
	}
	return func() {
		r.turns.Release(1)
		r.memory.Release(need)
		r.places.Release(1)
	}, nil
}

// pause lets another job work while one waits for the disk. It ends with the turn of that
// one again, also after the context: others give theirs up then.
func (r *runner) pause(wait func()) {
	r.turns.Release(1)
	wait()
	_ = r.turns.Acquire(context.Background(), 1) // its only error is the context's
}

// What one repair takes, roughly: for itself, and for what it holds of the
// capture at a time, bytes.
const (
	baseMemory   = 4 << 20
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

// carryOut does one job. The error is the context's, or one that ends the run.
func (r *runner) carryOut(ctx context.Context, j job) error {
	defer j.done()
	rep, err := r.mend(ctx, j)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && r.o.Ends(err) {
		return err
	}
	e := r.entry(j, rep, err)
	if err == nil && r.o.Done != nil {
		if err := r.o.Done(ctx, j.t.rel, &e); err != nil {
			return err
		}
	}
	r.conclude(j.t, e)
	return r.spooled()
}

// spooled is the error of the spool.
func (r *runner) spooled() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.to == nil {
		return nil
	}
	return r.to.failed
}

// entry says what became of a job.
func (r *runner) entry(j job, rep *report.Report, err error) report.Entry {
	if err != nil {
		text := strings.ReplaceAll(err.Error(), ": "+filepath.Base(j.file)+": ", ": ") // the entry names it
		text = strings.ReplaceAll(text, j.file, j.t.shown)                             // not the temporary one
		return failure(j.t.shown, codeOf(err), text)
	}
	e := report.NewEntry(j.t.shown, r.outShown(j.t), rep)
	if r.o.Page != nil {
		e.Page = pageName(r.outShown(j.t))
	}
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
	result := &r.results[t.item]
	if r.to != nil {
		_ = r.to.Add(e) // its error comes again, see spooled
	} else {
		result.Entries = append(result.Entries, e)
	}
	r.progress.Done++
	r.progress.DoneBytes += t.size - r.partly[t]
	delete(r.partly, t)
	if e.Outcome == report.OutcomeFailed {
		r.progress.Failed++
	}
	if r.open[t.item]--; r.open[t.item] == 0 {
		r.each(t.item, *result)
	}
	r.o.Progress(r.progress)
}
