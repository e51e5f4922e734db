package lots

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// worker works at one lot.
type worker struct {
	run   *Run
	lot   int
	o     batch.Options
	items []Item

	mu      sync.Mutex
	results []*batch.Result // of the items that are done
	unsaved int             // of them, which no file has

	attempts   attempts
	noteCopies bool          // items are noted once they are copied
	save       chan struct{} // that enough is unsaved
}

// Do works at a lot, from where an earlier attempt ended, with the options that the
// Header's flags say. It does nothing if the lot is done. What becomes of captures is in
// the lot's summary alone. Errors are ErrUsage, ErrPlan, or ErrAgain if the same may
// succeed later.
func (r *Run) Do(ctx context.Context, lot int, o batch.Options) error {
	err := r.do(ctx, lot, o)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: lot %d was interrupted; the next attempt goes on from there", ErrAgain, lot)
	case again(err):
		return fmt.Errorf("%w: lot %d: %w", ErrAgain, lot, err)
	}
	return err
}

func (r *Run) do(ctx context.Context, lot int, o batch.Options) error {
	switch {
	case lot < 0 || lot >= r.Lots:
		return fmt.Errorf("%w: no lot %d: they are numbered from 0 to %d", ErrUsage, lot, r.Lots-1)
	case o.Program != r.Program:
		return fmt.Errorf("%w: it was made by another version of mendcap: plan again, or use that one (%s; this is %s)", ErrPlan, r.Program, o.Program)
	}
	if done, err := r.isThere(ctx, summaryName(lot)); done || err != nil {
		return err
	}
	items, err := r.ItemsOf(ctx, lot)
	if err != nil {
		return err
	}
	o.Dir, o.Resume, o.Ends = r.out.Local(""), true, again
	w := &worker{run: r, lot: lot, o: o, items: items, results: make([]*batch.Result, len(items)), save: make(chan struct{}, 1)}
	if err := w.begin(ctx); err != nil {
		return err
	}
	if err := w.work(ctx); err != nil {
		return errors.Join(err, w.leave(ctx))
	}
	return w.finish(ctx)
}

// work does what is left of the lot.
func (w *worker) work(ctx context.Context) error {
	todo, err := w.left(ctx)
	if err != nil {
		return err
	}
	stop := w.savePeriodically(ctx)
	if w.attempts.Count == 1 {
		err = w.repair(ctx, todo)
	} else {
		err = w.repairEach(ctx, todo)
	}
	return cmp.Or(err, stop())
}

// left lists the items that are to be repaired. Those that were changed, or that workers
// died of, are done with.
func (w *worker) left(ctx context.Context) (todo []int, err error) {
	for i := range w.items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if w.results[i] != nil {
			continue
		}
		why, err := w.changed(ctx, &w.items[i])
		if err != nil {
			return nil, err
		}
		code := codeIO
		if why == "" && w.attempts.deaths(i) >= mostDeaths {
			code, why = codeInternal, "the worker died of it twice"
		}
		if why == "" {
			todo = append(todo, i)
			continue
		}
		b := w.items[i].toBatch(w.run.Inputs)
		w.conclude(i, batch.Result{Entries: []report.Entry{b.Failed(code, why)}})
	}
	return todo, nil
}

// The exit codes of entries that are made here.
const (
	codeIO       = 5
	codeInternal = 70
)

// changed says what became of an item, or of what it needs, since it was planned; "" if
// nothing did.
func (w *worker) changed(ctx context.Context, it *Item) (why string, err error) {
	s, err := w.run.sources.of(ctx, w.run.Inputs, it)
	if err != nil || !s.here() {
		return "", err // an object is told when it is copied
	}
	why, err = compareVersion(ctx, s.Store, s.key(string(it.Name)), it.Version, "the capture was")
	if why != "" || err != nil {
		return why, err
	}
	for i := range it.Beside {
		b := &it.Beside[i]
		why, err := compareVersion(ctx, s.Store, s.besideKey(b), b.Version, "its network tables were")
		if why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

func compareVersion(ctx context.Context, s store.Store, key, version, what string) (why string, err error) {
	o, err := s.Stat(ctx, key)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isHere(ctx, s):
		return "", fmt.Errorf("%w: there is no %s", store.ErrUnreachable, s.URL(""))
	case errors.Is(err, fs.ErrNotExist):
		return what + " removed after the lot was planned", nil
	case err != nil && again(err):
		return "", err
	case err != nil:
		return "", nil // the repair says what is wrong with it
	case o.Version != version:
		return what + " changed after the lot was planned", nil
	}
	return "", nil
}

// isHere reports whether the folder of a store is there: where a file system is not
// mounted, nothing is known of its captures.
func isHere(ctx context.Context, s store.Store) bool {
	_, err := s.Stat(ctx, "")
	return err == nil || s.Local("") == ""
}

// repair repairs items, together where they lie on this machine.
func (w *worker) repair(ctx context.Context, todo []int) error {
	away, err := w.isAway(ctx)
	switch {
	case err != nil:
		return err
	case away:
		return w.repairCopies(ctx, todo)
	}
	items := make([]batch.Item, len(todo))
	for i, at := range todo {
		items[i] = w.items[at].toBatch(w.run.Inputs)
	}
	plan, err := batch.FindItems(ctx, items, w.o)
	if err != nil {
		return err
	}
	begun := w.openBegun()
	err = plan.RunItems(ctx, func(i int) { begun.note(todo[i], "begun") }, func(i int, r batch.Result) {
		w.conclude(todo[i], r)
		begun.note(todo[i], "done")
	})
	return errors.Join(err, begun.close())
}

// repairEach repairs one item after the other, and notes which before it begins: if the
// worker dies, the next one knows of what.
func (w *worker) repairEach(ctx context.Context, todo []int) error {
	away, err := w.isAway(ctx)
	if err != nil {
		return err
	}
	w.noteCopies = away
	for _, i := range todo {
		if !away {
			err = w.note(ctx, &i)
		}
		if err != nil {
			return err
		}
		if err := w.repair(ctx, []int{i}); err != nil {
			return err
		}
	}
	return nil
}

// conclude notes what became of an item.
func (w *worker) conclude(i int, r batch.Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results[i] = &r
	if w.unsaved++; w.unsaved >= saveAfter {
		select {
		case w.save <- struct{}{}:
		default:
		}
	}
}

// How much is done again after a worker was killed, at most: so many items, or so long.
const (
	saveAfter = 100
	saveEvery = 30 * time.Second
)

// savePeriodically saves what is done now and then, until the work ends.
func (w *worker) savePeriodically(ctx context.Context) (stop func() error) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		tick := time.NewTicker(saveEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				ended <- nil
				return
			case <-tick.C:
			case <-w.save:
			}
			if err := w.saveProgress(ctx); err != nil && ctx.Err() == nil {
				ended <- err
				return
			}
		}
	}()
	return func() error {
		cancel()
		return <-ended
	}
}

// finish writes the lot's summary, after which nothing else of it is needed.
func (w *worker) finish(ctx context.Context) error {
	var all batch.Result
	for _, r := range w.results {
		all.Entries = append(all.Entries, r.Entries...)
		all.Skipped.Add(&r.Skipped)
	}
	if err := w.run.putSummary(ctx, w.lot, &all); err != nil {
		return err
	}
	return errors.Join(w.remove(ctx, progressSuffix), w.removeBegun(ctx), w.remove(ctx, attemptsSuffix))
}

func (w *worker) remove(ctx context.Context, suffix string) error {
	return w.run.out.Remove(ctx, w.run.key(lotName(w.lot, suffix)))
}

// leave notes what is done at the end of an attempt that did not finish: of that nobody
// has died. Where the store does not answer it waits for that, since the next attempt
// would take the present item for what this one died of.
func (w *worker) leave(ctx context.Context) error {
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), atEnd)
	defer cancel()
	err := errors.Join(w.saveProgress(leaving), w.takeBack(leaving))
	for since := time.Now(); errors.Is(err, store.ErrUnreachable) && time.Since(since) < storeReturns; {
		select {
		case <-ctx.Done():
			return err
		case <-time.After(betweenAsking):
		}
		err = errors.Join(w.saveProgress(ctx), w.takeBack(ctx))
	}
	return err
}

const (
	atEnd         = 20 * time.Second // for noting what is done
	storeReturns  = 5 * time.Minute  // for a store to answer again
	betweenAsking = 5 * time.Second
)
