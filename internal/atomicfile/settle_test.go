package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// What is written is put on the disk within the pause, once until more is written; it
// appears only when it is committed.
func TestSettle(t *testing.T) {
	target := filepath.Join(t.TempDir(), "target")
	f, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	pauses := 0
	ctx := WithPause(t.Context(), func(wait func()) {
		pauses++
		wait()
	})
	for want, text := range []string{"once", " and again"} {
		if _, err := f.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(f.Settle(ctx), f.Settle(ctx), f.Settle(t.Context())); err != nil || pauses != want+1 {
			t.Errorf("settled after %q: got %v and %d pauses, want %d", text, err, pauses, want+1)
		}
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("settled: got %v of the target, want none yet", err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "once and again" || pauses != 2 {
		t.Errorf("committed: got %q, %v and %d pauses", got, err, pauses)
	}
}

// A file that can't be synced does not appear.
func TestSettleFails(t *testing.T) {
	target := filepath.Join(t.TempDir(), "target")
	f, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.File.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Settle(t.Context()); !errors.Is(err, os.ErrClosed) {
		t.Errorf("settled without a file: got %v, want %v", err, os.ErrClosed)
	}
	if err := f.Commit(); err == nil {
		t.Error("committed without a file: got no error")
	}
	if _, err := os.Lstat(target); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v of the target, want none", err)
	}
}
