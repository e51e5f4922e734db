package store

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"testing"
)

// counting counts what is read of a store.
type counting struct {
	Store
	requests int
	bytes    int64
}

func (c *counting) Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	c.requests++
	c.bytes += length
	return c.Store.Open(ctx, key, version, offset, length)
}

// rangesOf puts an object into a folder and opens it.
func rangesOf(t *testing.T, content []byte) (*counting, *Ranges) {
	t.Helper()
	s := &counting{Store: NewFolder(t.TempDir())}
	put(t.Context(), t, s, "x", content)
	o, err := s.Stat(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	return s, NewRanges(t.Context(), s, o)
}

// randomBytes are different at each offset.
func randomBytes(n int) []byte {
	content := make([]byte, n)
	rand.NewChaCha8([32]byte{20}).Read(content)
	return content
}

// TestRangesReadTheObject: any part of it, also beyond its end, whatever was read before,
// in few requests where one part follows the other.
func TestRangesReadTheObject(t *testing.T) {
	content := randomBytes(40*blockSize + 12345)
	_, r := rangesOf(t, content)
	want := bytes.NewReader(content)
	dice := rand.New(rand.NewPCG(1, 20))
	got, wanted := make([]byte, 3*blockSize), make([]byte, 3*blockSize)
	for range 150 {
		at := dice.Int64N(int64(len(content)) + 10)
		got, wanted := got[:dice.IntN(len(got))], wanted
		n, err := r.ReadAt(got, at)
		m, failed := want.ReadAt(wanted[:len(got)], at)
		if n != m || err != failed || !bytes.Equal(got[:n], wanted[:m]) {
			t.Fatalf("%d bytes at %d: got %d, %v, want %d, %v", len(got), at, n, err, m, failed)
		}
		if len(r.blocks) > mostBlocks || len(r.recent) != len(r.blocks) {
			t.Fatalf("%d blocks are kept, and %d in order, of at most %d", len(r.blocks), len(r.recent), mostBlocks)
		}
	}
	s, r := rangesOf(t, content)
	all, err := io.ReadAll(io.NewSectionReader(r, 0, r.Size()))
	if err != nil || !bytes.Equal(all, content) {
		t.Errorf("read from its start to its end: got %d other bytes, %v", len(all), err)
	}
	if most := 3 + 41/mostAhead + 1; s.requests > most || s.bytes != int64(len(content)) {
		t.Errorf("took %d requests and %d bytes, want at most %d and %d", s.requests, s.bytes, most, len(content))
	}
	s, r = rangesOf(t, content)
	for at := int64(0); at < r.Size(); at += 10 * blockSize {
		if _, err := r.ReadAt(make([]byte, 512), at); err != nil {
			t.Fatal(err)
		}
	}
	if s.requests != 5 || s.bytes > 5*blockSize {
		t.Errorf("five parts far from each other took %d requests and %d bytes, want a block for each", s.requests, s.bytes)
	}
}

// TestRangesOfWhatChanged: the first error stays, and an end is none.
func TestRangesOfWhatChanged(t *testing.T) {
	s, r := rangesOf(t, randomBytes(3*blockSize))
	if _, err := r.ReadAt(make([]byte, 10), 3*blockSize-5); err != io.EOF || r.Err() != nil {
		t.Errorf("at the end: got %v and %v, want %v and none", err, r.Err(), io.EOF)
	}
	put(t.Context(), t, s, "x", []byte("another"))
	if _, err := r.ReadAt(make([]byte, 1), 0); !errors.Is(err, ErrChanged) {
		t.Errorf("after a change: got %v, want %v", err, ErrChanged)
	}
	if _, err := r.ReadAt(make([]byte, 1), 3*blockSize-1); !errors.Is(err, ErrChanged) || !errors.Is(r.Err(), ErrChanged) {
		t.Errorf("of what was read before: got %v and %v, want %v", err, r.Err(), ErrChanged)
	}
	_, r = rangesOf(t, randomBytes(10))
	r.o.Size, r.o.Version = 20, ""
	if _, err := r.ReadAt(make([]byte, 20), 0); !errors.Is(err, ErrChanged) || errors.Is(err, os.ErrNotExist) {
		t.Errorf("of what is shorter than it was said to be: got %v, want %v", err, ErrChanged)
	}
}
