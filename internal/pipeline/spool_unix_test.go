//go:build unix

package pipeline

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A pipe to which nobody writes is given up when it is asked for; one to which
// somebody does is read.
func TestNamedPipe(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := Check(ctx, fifo, Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a pipe without a writer: got %v, want %v", err, context.DeadlineExceeded)
	}

	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	fifo += "2" // the first one has a reader waiting
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(fifo, content, 0o600) }()
	r, err := Check(t.Context(), fifo, Options{})
	if err := errors.Join(err, <-written); err != nil {
		t.Fatal(err)
	}
	if r.Capture.Packets != 2000 || r.Capture.Name != "fifo2" {
		t.Errorf("got %d packets of %s, want 2000 of fifo2", r.Capture.Packets, r.Capture.Name)
	}
}
