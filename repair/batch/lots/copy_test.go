//go:build unix

package lots

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// away is a store that is none of this machine's, though its objects are files. After
// some outputs it fails.
type away struct {
	*store.Folder
	puts   atomic.Int64
	after  int64
	failed error
}

func (a *away) Local(string) string { return "" }

func (a *away) URL(key string) string { return a.Folder.URL(key) }

func (a *away) Put(ctx context.Context, key string, write func(io.Writer) error) error {
	if a.failed != nil && !strings.HasPrefix(key, Folder) && a.puts.Add(1) > a.after {
		return a.failed
	}
	if err := a.Folder.Put(ctx, key+".first", write); err != nil { // as where it failed for the moment
		return err
	}
	if err := a.Folder.Remove(ctx, key+".first"); err != nil {
		return err
	}
	return a.Folder.Put(ctx, key, write)
}

// planAway plans captures in stores far away, whose outputs go to another.
func planAway(t *testing.T, out *away, lots int, inputs ...string) *Run {
	t.Helper()
	return planFrom(t, out, lots, func(s store.Store) Source { return Source{Store: &away{Folder: s.(*store.Folder)}} }, inputs...)
}

// planFrom is planAway from the stores that it is given for folders.
func planFrom(t *testing.T, out *away, lots int, from func(store.Store) Source, inputs ...string) *Run {
	t.Helper()
	o := worked()
	o.Dir = t.TempDir()
	var sources []Source
	var missing []report.Entry
	for _, input := range inputs {
		s, err := sourceOf(t.Context(), input)
		if err != nil {
			missing = append(missing, batch.Unread(input, err))
			continue
		}
		far := from(s.Store)
		s.Store, s.whole = far.Store, far.whole
		sources = append(sources, s)
	}
	r, _, err := PlanSources(t.Context(), out, sources, missing, Options{Batch: o, Lots: lots})
	if err != nil {
		t.Fatal(err)
	}
	r.sources.all = make(map[int]*Source)
	for i := range sources {
		r.sources.all[i] = &sources[i]
	}
	return r
}

// TestLotsFarAwayAreOneBatch: what was copied, repaired and sent away is what one batch
// on this machine makes, and nothing of it is left on the disk.
func TestLotsFarAwayAreOneBatch(t *testing.T) {
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	inputs, one, sum := oneBatch(t)
	out := t.TempDir()
	r := planAway(t, &away{Folder: store.NewFolder(out)}, 4, inputs...)
	for lot := range r.Lots {
		work(t, r, lot)
		work(t, r, lot)
	}
	compare(t, r, out, one, sum)
	if left, err := os.ReadDir(scratch); err != nil || len(left) > 0 {
		t.Errorf("left in the folder for temporary files: %v, %v", left, err)
	}
}

// TestSendingIsInterrupted: after each object that appears, the store fails; another
// attempt ends the same, and before it no report is there without its output.
func TestSendingIsInterrupted(t *testing.T) {
	inputs, one, sum := oneBatch(t)
	dir := t.TempDir()
	broken := &away{Folder: store.NewFolder(dir), failed: store.ErrUnreachable}
	r := planAway(t, broken, 1, inputs...)
	for ; ; broken.after += 7 {
		broken.puts.Store(0)
		err := r.Do(t.Context(), 0, worked())
		if err == nil {
			break
		}
		if !errors.Is(err, ErrAgain) {
			t.Fatalf("after %d objects: got %v, want %v", broken.after, err, ErrAgain)
		}
		for name := range tree(t, dir) {
			stem, isReport := strings.CutSuffix(name, lastSuffix)
			if _, err := os.Stat(filepath.Join(dir, stem+".mended.pcapng")); isReport && err != nil {
				t.Errorf("after %d objects: %s is there before its output: %v", broken.after, name, err)
			}
		}
	}
	if broken.after < 20 {
		t.Errorf("it failed after less than %d objects alone", broken.after)
	}
	compare(t, r, dir, one, sum)
}

// TestOtherFilesFarAwayAreKept: what no earlier attempt has made is not replaced.
func TestOtherFilesFarAwayAreKept(t *testing.T) {
	inputs, one, _ := oneBatch(t)
	dir := t.TempDir()
	there := ""
	for name := range one {
		if strings.HasSuffix(name, ".mended.pcapng") && (there == "" || name < there) {
			there = name
		}
	}
	out := &away{Folder: store.NewFolder(dir)}
	r := planAway(t, out, 1, inputs...)
	write(t, filepath.Join(dir, there), []byte("somebody's"))
	work(t, r, 0)
	if got, err := os.ReadFile(filepath.Join(dir, there)); err != nil || string(got) != "somebody's" {
		t.Errorf("%s: got %d bytes, %v, want what was there", there, len(got), err)
	}
	m, err := r.Merge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	err = m.Each(t.Context(), func(e *report.Entry) error {
		if e.Outcome == report.OutcomeFailed && strings.Contains(e.Error, filepath.Base(there)) {
			refused++
		}
		return nil
	})
	if err != nil || refused != 1 {
		t.Errorf("got %d captures that would replace it, %v, want 1", refused, err)
	}
}

// TestNoSpace: without room on the disk nothing is begun, and it may be tried again.
func TestNoSpace(t *testing.T) {
	s := space{dir: t.TempDir()}
	if err := s.take(1 << 61); !errors.Is(err, syscall.ENOSPC) || !again(err) {
		t.Errorf("got %v, want %v", err, syscall.ENOSPC)
	}
	if err := s.take(1); err != nil || s.taken != 1 {
		t.Errorf("got %v and %d bytes, want 1", err, s.taken)
	}
}
