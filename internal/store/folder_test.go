package store

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func put(t *testing.T, s Store, key, text string) {
	t.Helper()
	err := s.Put(context.Background(), key, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, s Store, prefix string) (keys []string) {
	t.Helper()
	for o, err := range s.List(context.Background(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	return keys
}

// TestFolderListsKeysInOrder: as a bucket does, by the bytes of whole keys, which is not
// the order of a walk through folders.
func TestFolderListsKeysInOrder(t *testing.T) {
	s := NewFolder(filepath.Join(t.TempDir(), "made by the first"))
	keys := []string{"a/b", "a.pcap", "a0", "b/c/d", "b/c.e", "a/b.c", "ab"}
	for _, k := range keys {
		put(t, s, k, k)
	}
	slices.Sort(keys)
	for _, prefix := range []string{"", "a", "a/", "a/b", "b/c", "b/c/", "c", "none/"} {
		want := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return !strings.HasPrefix(k, prefix) })
		if got := list(t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", prefix, got, want)
		}
	}
}

// TestFolderGivesWhatWasListed, and no other version.
func TestFolderGivesWhatWasListed(t *testing.T) {
	ctx, s := context.Background(), NewFolder(t.TempDir())
	put(t, s, "x", "0123456789")
	before, err := s.Stat(ctx, "x")
	if err != nil || before.Size != 10 {
		t.Fatalf("got %+v, %v, want 10 bytes", before, err)
	}
	for _, c := range []struct {
		offset, length int64
		want           string
	}{{0, -1, "0123456789"}, {3, 4, "3456"}, {8, -1, "89"}, {20, -1, ""}} {
		r, err := s.Open(ctx, "x", before.Version, c.offset, c.length)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != c.want {
			t.Errorf("%d from %d: got %q, %v, want %q", c.length, c.offset, got, err, c.want)
		}
		r.Close()
	}
	put(t, s, "x", "other")
	if _, err := s.Open(ctx, "x", before.Version, 0, -1); !errors.Is(err, ErrChanged) {
		t.Errorf("after a change: got %v, want %v", err, ErrChanged)
	}
	if err := errors.Join(s.Remove(ctx, "x"), s.Remove(ctx, "x")); err != nil {
		t.Error(err)
	}
	if _, err := s.Stat(ctx, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("after its end: got %v, want %v", err, fs.ErrNotExist)
	}
}

// TestFolderHasOneWinner: of several that write what must be new; and what fails leaves
// nothing.
func TestFolderHasOneWinner(t *testing.T) {
	ctx, s := context.Background(), NewFolder(t.TempDir())
	results := make(chan error)
	for range 8 {
		go func() {
			results <- s.PutNew(ctx, "d/x", func(w io.Writer) error { _, err := w.Write([]byte("x")); return err })
		}()
	}
	won := 0
	for range 8 {
		if err := <-results; err == nil {
			won++
		} else if !errors.Is(err, fs.ErrExist) {
			t.Errorf("got %v, want %v", err, fs.ErrExist)
		}
	}
	if won != 1 {
		t.Errorf("got %d winners, want 1", won)
	}
	broken := errors.New("broken")
	err := s.Put(ctx, "d/y", func(w io.Writer) error { w.Write([]byte("half")); return broken })
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	for _, key := range []string{"../x", "/x", "d/../../x", ""} {
		if err := s.Put(ctx, key, func(io.Writer) error { return nil }); err == nil {
			t.Errorf("%q was taken as a key", key)
		}
	}
	if got := list(t, s, ""); !slices.Equal(got, []string{"d/x"}) {
		t.Errorf("got %q, want what the winner wrote alone", got)
	}
	if err := os.Symlink("x", s.Local("d/z")); err != nil {
		t.Skip(err)
	}
	for o := range s.List(ctx, "d/z") {
		if o.Mode != fs.ModeSymlink {
			t.Errorf("a link: got %v, want %v", o.Mode, fs.ModeSymlink)
		}
	}
}
