package atomicfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/folders"
)

// A process that ends at once leaves no temporary file, and no output appears
// after that.
func TestRemoveTemporaries(t *testing.T) {
	dir := folders.Temporary(t)
	target := filepath.Join(dir, "out")
	pending, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	done, err := Create(filepath.Join(dir, "done"))
	if err != nil {
		t.Fatal(err)
	}
	if err := done.Commit(); err != nil {
		t.Fatal(err)
	}
	spooled, err := Scratch()
	if err != nil {
		t.Fatal(err)
	}
	defer spooled.Close()
	members, release, err := ScratchDir()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	if err := os.WriteFile(filepath.Join(members, "member"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	RemoveTemporaries()
	defer func() { temporaries.ending = false }()
	if got := folders.Names(t, dir); got != "done" {
		t.Errorf("files: got %q, want done", got)
	}
	if err := pending.Commit(); err == nil {
		t.Error("a commit after the end went well")
	}
	if _, err := os.Stat(target); err == nil {
		t.Error("an output has appeared after the end")
	}
	if _, err := Create(target); !errors.Is(err, context.Canceled) {
		t.Errorf("a pending file after the end: got %v, want %v", err, context.Canceled)
	}
	if _, err := Scratch(); !errors.Is(err, context.Canceled) {
		t.Errorf("a temporary file after the end: got %v, want %v", err, context.Canceled)
	}
	if _, _, err := ScratchDir(); !errors.Is(err, context.Canceled) {
		t.Errorf("a temporary folder after the end: got %v, want %v", err, context.Canceled)
	}
}
