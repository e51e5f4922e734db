package pipeline

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab/folders"
)

// endless gives one byte over and over, and counts.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	e.read.Add(int64(len(p)))
	clear(p)
	return len(p), nil
}

// Of a stream that is no capture no more is read than of a file.
func TestNothingIsSpooledThatIsNoCapture(t *testing.T) {
	dir := folders.Temporary(t)
	zeros := &endless{}
	_, err := Check(t.Context(), "-", Options{Stdin: zeros})
	if !errors.Is(err, ErrNoCapture) {
		t.Errorf("error: got %v, want %v", err, ErrNoCapture)
	}
	if zeros.read.Load() > 1<<20 {
		t.Errorf("read %d bytes of a stream of zeros, want at most %d", zeros.read.Load(), 1<<20)
	}
	if got := folders.Names(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

// A capture whose beginning is damaged is rescued from a stream as from a file.
func TestDamagedStream(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "sockaddr.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	copy(content, "damaged!")
	in := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(in, content, 0o600); err != nil {
		t.Fatal(err)
	}
	want, err := Check(t.Context(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Check(t.Context(), "-", Options{Stdin: bytes.NewReader(content)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Capture.Packets != want.Capture.Packets || want.Capture.Packets == 0 {
		t.Errorf("packets: got %d, want %d as in the file", got.Capture.Packets, want.Capture.Packets)
	}
}

func TestSpoolLimit(t *testing.T) {
	dir := folders.Temporary(t)
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	size := int64(len(content))
	for limit, want := range map[int64]error{size: nil, size - 1: ErrSpoolLimit, 10: ErrSpoolLimit, -1: ErrUsage} {
		_, err := Check(t.Context(), "-", Options{Stdin: bytes.NewReader(content), SpoolLimit: limit})
		if !errors.Is(err, want) || want == ErrSpoolLimit && !errors.Is(err, ErrIO) {
			t.Errorf("limit of %d bytes for %d: got %v, want %v", limit, size, err, want)
		}
	}
	if got := folders.Names(t, dir); got != "" {
		t.Errorf("left behind: %q", got)
	}
}

// A stream that gives nothing, or nothing more, is given up when it is asked for.
func TestSilentStreamIsInterrupted(t *testing.T) {
	dir := folders.Temporary(t)
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", "rawsocket.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	for _, given := range []int{0, 10, len(content) / 2} {
		from, to := io.Pipe()
		defer to.Close()
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			to.Write(content[:given])
			cancel()
		}()
		start := time.Now()
		_, err := File(ctx, "-", filepath.Join(dir, "out"), Options{Stdin: from})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("after %d bytes: got %v, want %v", given, err, context.Canceled)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("after %d bytes: ended after %v", given, took)
		}
		if got := folders.Names(t, dir); got != "" {
			t.Errorf("after %d bytes: left behind: %q", given, got)
		}
	}
}
