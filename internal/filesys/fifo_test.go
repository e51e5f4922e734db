//go:build unix

package filesys

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOpenDoesNotWait: nobody writes to the pipe, and nobody ever will.
func TestOpenDoesNotWait(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Skip(err)
	}
	if f, err := Open(name); !errors.Is(err, ErrNotRegular) {
		t.Errorf("got %v, %v, want %v", f, err, ErrNotRegular)
	}
}
