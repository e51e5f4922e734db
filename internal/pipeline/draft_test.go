package pipeline

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func newTestDraft(t *testing.T) *draft {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "draft"))
	if err != nil {
		t.Fatal(err)
	}
	return &draft{file: f}
}

// writeIn writes content in pieces of many lengths.
func writeIn(t *testing.T, d *draft, content []byte) {
	t.Helper()
	dice := rand.New(rand.NewPCG(1, 2))
	for rest := content; len(rest) > 0; {
		n := min(1+dice.IntN(200_000), len(rest))
		if _, err := d.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
}

// A draft holds what was written, whatever its length: below one step, a whole
// number of steps, and so long that the page cache is bypassed.
func TestDraftHoldsWhatWasWritten(t *testing.T) {
	content := make([]byte, directFrom+3*stepSize+777)
	dice := rand.New(rand.NewPCG(3, 4))
	for i := 0; i < len(content); i += 100 {
		content[i] = byte(dice.Uint32())
	}
	for _, n := range []int{0, 1, stepSize - 1, stepSize, 2*stepSize + 1, directFrom + stepSize, len(content)} {
		d := newTestDraft(t)
		writeIn(t, d, content[:n])
		if err := d.flush(); err != nil {
			t.Fatal(err)
		}
		wantContent(t, d, content[:n])
	}
}

func wantContent(t *testing.T, d *draft, want []byte) {
	t.Helper()
	got, err := os.ReadFile(d.file.Name())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("draft: got %d bytes that are not the %d written", len(got), len(want))
	}
}

// What was written before a restart is gone.
func TestDraftRestarts(t *testing.T) {
	for _, n := range []int{0, 100, directFrom + 2*stepSize + 5} {
		d := newTestDraft(t)
		writeIn(t, d, bytes.Repeat([]byte{'x'}, n))
		if err := d.restart(); err != nil {
			t.Fatal(err)
		}
		writeIn(t, d, []byte("what counts"))
		if err := d.flush(); err != nil {
			t.Fatal(err)
		}
		wantContent(t, d, []byte("what counts"))
	}
}

// What a draft that was given up has told its hash is not told of the next one.
func TestDraftsShareAHash(t *testing.T) {
	sum := sha256.New()
	for _, content := range []string{"given up", "what counts"} {
		d := newTestDraft(t)
		d.sum = sum
		if err := d.restart(); err != nil {
			t.Fatal(err)
		}
		writeIn(t, d, []byte(content))
		if err := d.flush(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := sum.Sum(nil), sha256.Sum256([]byte("what counts")); !bytes.Equal(got, want[:]) {
		t.Errorf("got %x, want %x", got, want)
	}
}

// A failure of the goroutine that writes reaches the one that fills the draft.
func TestDraftReportsFailures(t *testing.T) {
	d := newTestDraft(t)
	d.file.Close()
	_, err := d.Write(make([]byte, 10*stepSize))
	if err == nil {
		err = d.flush()
	}
	if !errors.Is(err, fs.ErrClosed) {
		t.Errorf("written to a file that is closed: got %v, want %v", err, fs.ErrClosed)
	}
}
