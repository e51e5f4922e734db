package lots

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// isAway reports whether captures or outputs lie in a store far away.
func (w *worker) isAway(ctx context.Context) (bool, error) {
	if w.run.out.Local("") == "" {
		return true, nil
	}
	for i := range w.items {
		s, err := w.run.sources.of(ctx, w.run.Inputs, &w.items[i])
		if err != nil || !s.here() {
			return true, err
		}
	}
	return false, nil
}

// copies are items that are copied to this machine's disk while they are worked at, and
// whose outputs are sent away.
type copies struct {
	*worker
	dir   string        // for temporary files
	o     batch.Options // for one item
	space space
	all   batch.Progress
}

// repairCopies is repair for items of which some are copied.
func (w *worker) repairCopies(ctx context.Context, todo []int) (err error) {
	dir, release, err := atomicfile.ScratchDir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	c := &copies{worker: w, dir: dir, o: w.o, space: space{dir: dir}}
	atOnce := cmp.Or(w.o.Jobs, runtime.GOMAXPROCS(0))
	jobs := max(1, min(atOnce, len(todo)))
	c.o.Jobs, c.o.Memory, c.o.Progress = max(1, atOnce/jobs), cmp.Or(w.o.Memory, batch.DefaultMemory)/int64(jobs), nil
	c.all.Captures = len(todo)
	for _, i := range todo {
		c.all.Bytes += w.items[i].Size
	}
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(jobs)
	for _, i := range todo {
		if working.Err() != nil {
			break
		}
		group.Go(func() error { return c.repair(working, i) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return ctx.Err()
}

// repair repairs one item.
func (c *copies) repair(ctx context.Context, i int) (err error) {
	it := &c.items[i]
	dir := filepath.Join(c.dir, strconv.Itoa(i))
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := c.run.sources.of(ctx, c.run.Inputs, it)
	if err != nil {
		return err
	}
	inPlace, err := s.inPlace(ctx, it)
	if err != nil {
		return err
	}
	if !inPlace { // else what is needed is known once the archive is listed
		if err := c.space.take(it.need()); err != nil {
			return err
		}
		defer c.space.give(it.need())
	}
	item := it.toBatch(c.run.Inputs)
	why, err := fetch(ctx, s, it, filepath.Join(dir, "in"), &item, inPlace)
	if err != nil {
		return err
	}
	var result batch.Result
	if why == "" {
		result, err = c.mend(ctx, i, &item, dir)
	}
	if item.Place != nil && item.Place.Err() != nil {
		why, err = whyNot(ctx, item.Place.Err(), "the capture was")
	}
	if err != nil {
		return err
	}
	if why != "" {
		result = batch.Result{Entries: []report.Entry{item.Failed(codeIO, why)}}
	}
	c.conclude(i, result)
	return nil
}

// mend repairs what an item has, and sends it away if need be.
func (c *copies) mend(ctx context.Context, i int, item *batch.Item, dir string) (result batch.Result, err error) {
	o, send := c.o, (*sender)(nil)
	if c.run.out.Local("") == "" {
		o.Dir = filepath.Join(dir, "out")
		send = &sender{to: c.run.out, dir: o.Dir, force: o.Repair.Force}
	}
	if send != nil && item.Place != nil { // there may not be room for all outputs
		o.Done = send.one
	}
	plan, err := batch.FindItems(ctx, []batch.Item{*item}, o)
	if err != nil {
		return result, err
	}
	if item.Place != nil {
		if err := c.space.take(plan.Scratch()); err != nil {
			return result, err
		}
		defer c.space.give(plan.Scratch())
	}
	if c.noteCopies { // a worker whose store goes away while it copies or sends dies of nothing
		if err := c.note(ctx, &i); err != nil {
			return result, err
		}
	}
	if err := plan.RunItems(ctx, func(int) {}, func(_ int, r batch.Result) { result = r }); err != nil {
		return result, err
	}
	if c.noteCopies {
		if err := c.note(ctx, nil); err != nil {
			return result, err
		}
	}
	if send != nil {
		err = send.all(ctx, result.Entries)
	}
	return result, err
}

// conclude notes what became of an item, and how far the lot is.
func (c *copies) conclude(i int, r batch.Result) {
	c.worker.conclude(i, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all.Done++
	c.all.DoneBytes += c.items[i].Size
	for k := range r.Entries {
		if r.Entries[k].Outcome == report.OutcomeFailed {
			c.all.Failed++
			break
		}
	}
	if c.worker.o.Progress != nil {
		c.worker.o.Progress(c.all)
	}
}

// need is how much disk an item takes at most, roughly, bytes: its copy, and an output
// about as large.
func (it *Item) need() int64 {
	n := it.Size
	for i := range it.Beside {
		n = min(n+it.Beside[i].Size, mostSize)
	}
	return 2*n + 1<<20
}

// space is that of a disk.
type space struct {
	dir   string
	mu    sync.Mutex
	taken int64 // by items that are worked at
}

// take notes that an item will need bytes. The error is ENOSPC: another machine, or a
// later time, may have them.
func (s *space) take(bytes int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	free, err := filesys.Space(s.dir)
	if err != nil {
		return err
	}
	if s.taken+bytes > free {
		return fmt.Errorf("%s: %d bytes are free, and %d are needed: %w", s.dir, free, s.taken+bytes, syscall.ENOSPC)
	}
	s.taken += bytes
	return nil
}

func (s *space) give(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken -= bytes
}

// inPlace reports whether an item is an archive far away whose members are read by
// themselves: it need not fit on this machine's disk.
func (s *Source) inPlace(ctx context.Context, it *Item) (bool, error) {
	if s.here() || it.Size <= cmp.Or(s.whole, mostWhole) {
		return false, nil
	}
	head := make([]byte, 512)
	n, err := store.NewRanges(ctx, s.Store, s.object(it)).ReadAt(head, 0)
	if err != nil && err != io.EOF {
		_, err = whyNot(ctx, err, "") // a copy says what else is wrong
		return false, err
	}
	return batch.ReadsInPlace(head[:n]), nil
}

// object is an item as its store has it.
func (s *Source) object(it *Item) store.Object {
	return store.Object{Key: s.key(string(it.Name)), Size: it.Size, Version: it.Version}
}

// fetch copies an item, unless it is read in place, and its network tables into a folder,
// unless they are on this machine anyway. Why is what became of the item since it was planned.
func fetch(ctx context.Context, s *Source, it *Item, dir string, to *batch.Item, inPlace bool) (why string, err error) {
	if s.here() {
		return "", nil
	}
	object := s.object(it)
	key := object.Key
	to.Copy, to.Sums = filepath.Join(dir, path.Base(key)), make(map[string][]byte)
	if inPlace {
		to.Place = store.NewRanges(ctx, s.Store, object)
		return "", nil // tables beside an archive are nobody's
	}
	why, err = fetchOne(ctx, s.Store, object, to.Copy, "the capture was", to.Sums)
	for i := range it.Beside {
		if why != "" || err != nil {
			break
		}
		b := &it.Beside[i]
		beside := s.besideKey(b)
		name := strings.TrimPrefix(beside, key[:strings.LastIndexByte(key, '/')+1])
		file := filepath.Join(dir, filepath.FromSlash(name))
		why, err = fetchOne(ctx, s.Store, store.Object{Key: beside, Size: b.Size, Version: b.Version}, file, "its network tables were", to.Sums)
	}
	return why, err
}

// fetchOne copies an object to a file, and adds the SHA-256 of its bytes.
func fetchOne(ctx context.Context, s store.Store, o store.Object, file, what string, sums map[string][]byte) (why string, err error) {
	from, err := s.Open(ctx, o.Key, o.Version, 0, -1)
	if err != nil {
		return whyNot(ctx, err, what)
	}
	defer from.Close()
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return "", err
	}
	to, err := os.Create(file)
	if err != nil {
		return fmt.Sprintf("it can't be copied under its name: %v", errors.Unwrap(err)), nil
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(to, sum), io.LimitReader(from, o.Size+1))
	sums[file] = sum.Sum(nil)
	err = errors.Join(err, to.Close())
	switch {
	case errors.Is(err, store.ErrChanged), err == nil && n != o.Size:
		return what + " changed after the lot was planned", nil
	}
	return "", err
}

// whyNot says of an error of reading an object what became of that, unless it is none of
// the object's.
func whyNot(ctx context.Context, err error, what string) (why string, _ error) {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return what + " removed after the lot was planned", nil
	case errors.Is(err, store.ErrChanged):
		return what + " changed after the lot was planned", nil
	case again(err) || ctx.Err() != nil:
		return "", err
	}
	return err.Error(), nil
}
