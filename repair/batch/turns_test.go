package batch

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

// spare returns what is left of what jobs are given: of places, memory and turns.
func (r *runner) spare() (left [3]int64) {
	for i, s := range []interface {
		TryAcquire(n int64) bool
		Release(n int64)
	}{r.places, r.memory, r.turns} {
		for s.TryAcquire(1) {
			left[i]++
		}
		s.Release(left[i])
	}
	return left
}

// A job that waits for the disk gives its turn up, and nothing else; one that can't begin
// gives back all that it had been given.
func TestTurns(t *testing.T) {
	small := &task{shown: "small.pcap", size: 1}
	const memory = baseMemory + blowUp
	p := &Plan{o: Options{Jobs: 2, Memory: 3 * memory}}
	r := newRunner(p, func(int) {}, func(int, Result) {})
	all := r.spare()
	if want := [3]int64{2 + mostWaiting, 3 * memory, 2}; all != want {
		t.Fatalf("before the first job: got %v, want %v", all, want)
	}
	end, err := r.begin(t.Context(), small)
	if err != nil {
		t.Fatal(err)
	}
	working := [3]int64{1 + mostWaiting, 2 * memory, 1}
	if got := r.spare(); got != working {
		t.Errorf("while it works: got %v, want %v", got, working)
	}
	var waiting [3]int64
	r.pause(func() { waiting = r.spare() })
	if want := [3]int64{1 + mostWaiting, 2 * memory, 2}; waiting != want {
		t.Errorf("while it waits for the disk: got %v, want %v", waiting, want)
	}
	if got := r.spare(); got != working {
		t.Errorf("when it works again: got %v, want %v", got, working)
	}
	end()
	if got := r.spare(); got != all {
		t.Errorf("after it: got %v, want %v", got, all)
	}

	for name, taken := range map[string]interface {
		TryAcquire(n int64) bool
		Release(n int64)
	}{"places": r.places, "memory": r.memory, "turns": r.turns} {
		n := int64(0)
		for taken.TryAcquire(1) {
			n++
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		done := false
		if err := r.send(ctx, job{t: small, done: func() { done = true }}); !errors.Is(err, context.Canceled) || !done {
			t.Errorf("without %s, interrupted: got %v, file removed: %v", name, err, done)
		}
		taken.Release(n)
		if got := r.spare(); got != all {
			t.Errorf("without %s, afterwards: got %v, want %v", name, got, all)
		}
	}
}

// Many captures with one job, more than may be under way: all are done, and each is whole.
func TestOneJobManyCaptures(t *testing.T) {
	dir := t.TempDir()
	const captures = 2*mostWaiting + 3
	for n := range captures {
		write(t, dir, filepath.Join("in", string(rune('a'+n%26)), string(rune('a'+n/26))+".pcap"), packets(2))
	}
	b := run(t, Options{Dir: filepath.Join(dir, "out"), Jobs: 1, Memory: 1}, filepath.Join(dir, "in"))
	again := run(t, Options{Dir: filepath.Join(dir, "out"), Jobs: 1, Resume: true}, filepath.Join(dir, "in"))
	if len(b.Captures) != captures || b.Kept != 0 || again.Kept != captures {
		t.Errorf("got %d captures, then %d that were finished, want %d of both", len(b.Captures), again.Kept, captures)
	}
}
