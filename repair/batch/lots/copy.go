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
	need := it.need()
	if err := c.space.take(need); err != nil {
		return err
	}
	defer c.space.give(need)
	item := it.toBatch(c.run.Inputs)
	s, err := c.run.sources.of(ctx, c.run.Inputs, it)
	if err != nil {
		return err
	}
	why, err := fetch(ctx, s, it, filepath.Join(dir, "in"), &item)
	if err != nil {
		return err
	}
	if why != "" {
		c.conclude(i, batch.Result{Entries: []report.Entry{item.Failed(codeIO, why)}})
		return nil
	}
	o := c.o
	away := c.run.out.Local("") == ""
	if away {
		o.Dir = filepath.Join(dir, "out")
	}
	plan, err := batch.FindItems(ctx, []batch.Item{item}, o)
	if err != nil {
		return err
	}
	var result batch.Result
	if c.noteCopies { // a worker whose store goes away while it copies or sends dies of nothing
		if err := c.note(ctx, &i); err != nil {
			return err
		}
	}
	if err := plan.RunItems(ctx, func(int) {}, func(_ int, r batch.Result) { result = r }); err != nil {
		return err
	}
	if c.noteCopies {
		if err := c.note(ctx, nil); err != nil {
			return err
		}
	}
	if away {
		send := sender{to: c.run.out, dir: o.Dir, force: o.Repair.Force}
		if err := send.all(ctx, result.Entries); err != nil {
			return err
		}
	}
	c.conclude(i, result)
	return nil
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

// fetch copies an item and its network tables into a folder, unless they are on this
// machine anyway. Why is what became of the item since it was planned.
func fetch(ctx context.Context, s *Source, it *Item, dir string, to *batch.Item) (why string, err error) {
	if s.here() {
		return "", nil
	}
	key := s.key(string(it.Name))
	to.Copy, to.Sums = filepath.Join(dir, path.Base(key)), make(map[string][]byte)
	why, err = fetchOne(ctx, s.Store, store.Object{Key: key, Size: it.Size, Version: it.Version}, to.Copy, "the capture was", to.Sums)
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
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return what + " removed after the lot was planned", nil
	case errors.Is(err, store.ErrChanged):
		return what + " changed after the lot was planned", nil
	case err != nil && (again(err) || ctx.Err() != nil):
		return "", err
	case err != nil:
		return err.Error(), nil
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
