package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// conform holds a store that is empty to what Store promises.
func conform(t *testing.T, s Store) {
	ctx := context.Background()
	t.Run("keys are listed in order", func(t *testing.T) { listsKeysInOrder(ctx, t, s) })
	t.Run("what was listed is read", func(t *testing.T) { readsWhatWasListed(ctx, t, s) })
	t.Run("an object that changed is told", func(t *testing.T) { tellsChanges(ctx, t, s) })
	t.Run("one of many writers wins", func(t *testing.T) { hasOneWinner(ctx, t, s) })
	t.Run("half an object is not seen", func(t *testing.T) { hidesHalves(ctx, t, s) })
	t.Run("what is not there", func(t *testing.T) { saysWhatIsMissing(ctx, t, s) })
}

func put(ctx context.Context, t *testing.T, s Store, key string, content []byte) {
	t.Helper()
	if err := s.Put(ctx, key, writing(content)); err != nil {
		t.Fatal(err)
	}
}

// writing writes bytes.
func writing(content []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	}
}

// keys lists what is below a prefix, and checks its sizes by what they have to be.
func keys(ctx context.Context, t *testing.T, s Store, prefix string) (all []string) {
	t.Helper()
	for o, err := range s.List(ctx, prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, o.Key)
	}
	return all
}

// content reads a part of an object.
func content(ctx context.Context, s Store, key, version string, offset, length int64) (string, error) {
	r, err := s.Open(ctx, key, version, offset, length)
	if err != nil {
		return "", err
	}
	all, err := io.ReadAll(r)
	return string(all), errors.Join(err, r.Close())
}

// listsKeysInOrder: that of the bytes of whole keys, which is not that of a walk through
// folders.
func listsKeysInOrder(ctx context.Context, t *testing.T, s Store) {
	want := []string{"l/a/b", "l/a.pcap", "l/a0", "l/b/c/d", "l/b/c.e", "l/a/b.c", "l/ab", "l/ä b+c%20&d=e?.pcap", "l/Z", "l/~"}
	for _, k := range want {
		put(ctx, t, s, k, []byte(k))
	}
	slices.Sort(want)
	for _, prefix := range []string{"l", "l/", "l/a", "l/a/", "l/a/b", "l/b/c", "l/b/c/", "l/c", "none/"} {
		want := slices.DeleteFunc(slices.Clone(want), func(k string) bool { return !strings.HasPrefix(k, prefix) })
		if got := keys(ctx, t, s, prefix); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", prefix, got, want)
		}
	}
	for o, err := range s.List(ctx, "l/") {
		if err != nil || o.Size != int64(len(o.Key)) || o.Version == "" {
			t.Errorf("got %+v, %v, want %d bytes and a version", o, err, len(o.Key))
		}
		if got, err := content(ctx, s, o.Key, o.Version, 0, -1); err != nil || got != o.Key {
			t.Errorf("%s: got %q, %v, want the key", o.Key, got, err)
		}
		if stated, err := s.Stat(ctx, o.Key); err != nil || stated != o {
			t.Errorf("%s: got %+v, %v, want what was listed, %+v", o.Key, stated, err, o)
		}
	}
}

func readsWhatWasListed(ctx context.Context, t *testing.T, s Store) {
	put(ctx, t, s, "r/x", []byte("0123456789"))
	put(ctx, t, s, "r/empty", nil)
	for _, c := range []struct {
		key            string
		offset, length int64
		want           string
	}{
		{"r/x", 0, -1, "0123456789"}, {"r/x", 0, 10, "0123456789"}, {"r/x", 0, 100, "0123456789"}, {"r/x", 3, 4, "3456"},
		{"r/x", 8, -1, "89"}, {"r/x", 8, 5, "89"}, {"r/x", 10, -1, ""}, {"r/x", 20, 3, ""}, {"r/x", 3, 0, ""}, {"r/empty", 0, -1, ""},
	} {
		o, err := s.Stat(ctx, c.key)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{o.Version, ""} {
			if got, err := content(ctx, s, c.key, version, c.offset, c.length); err != nil || got != c.want {
				t.Errorf("%s, %d from %d: got %q, %v, want %q", c.key, c.length, c.offset, got, err, c.want)
			}
		}
	}
	large := bytes.Repeat([]byte("a capture of some size, "), 1<<20) // more than a part of an upload
	put(ctx, t, s, "r/large", large)
	if got, err := content(ctx, s, "r/large", "", 0, -1); err != nil || got != string(large) {
		t.Errorf("%d bytes: got %d, %v, or others", len(large), len(got), err)
	}
	if got, err := content(ctx, s, "r/large", "", 20<<20, 1<<20); err != nil || got != string(large[20<<20:21<<20]) {
		t.Errorf("a part of %d bytes: got %d, %v, or others", 1<<20, len(got), err)
	}
}

func tellsChanges(ctx context.Context, t *testing.T, s Store) {
	put(ctx, t, s, "c/x", []byte("before"))
	before, err := s.Stat(ctx, "c/x")
	if err != nil {
		t.Fatal(err)
	}
	put(ctx, t, s, "c/x", []byte("after that"))
	if got, err := content(ctx, s, "c/x", before.Version, 0, -1); !errors.Is(err, ErrChanged) {
		t.Errorf("got %q, %v, want %v", got, err, ErrChanged)
	}
	if got, err := content(ctx, s, "c/x", "", 0, -1); err != nil || got != "after that" {
		t.Errorf("of any version: got %q, %v, want what is there", got, err)
	}
}

// writers is how many write one object at a time.
const writers = 40

func hasOneWinner(ctx context.Context, t *testing.T, s Store) {
	results := make([]error, writers)
	done := make(chan int)
	for i := range writers {
		go func() {
			results[i] = s.PutNew(ctx, "w/x", writing(fmt.Appendf(nil, "writer %d", i)))
			done <- i
		}()
	}
	for range writers {
		<-done
	}
	winner := -1
	for i, err := range results {
		switch {
		case err == nil && winner >= 0:
			t.Errorf("writers %d and %d won", winner, i)
		case err == nil:
			winner = i
		case !errors.Is(err, fs.ErrExist):
			t.Errorf("writer %d: got %v, want %v", i, err, fs.ErrExist)
		}
	}
	if got, err := content(ctx, s, "w/x", "", 0, -1); err != nil || got != fmt.Sprintf("writer %d", winner) {
		t.Errorf("writer %d won: got %q, %v", winner, got, err)
	}
}

// hidesHalves: neither what its writer gives up, nor what is being written.
func hidesHalves(ctx context.Context, t *testing.T, s Store) {
	broken := errors.New("broken")
	for _, size := range []int{0, 100, 5000, 20 << 20} {
		key := fmt.Sprintf("h/%d", size)
		half := func(w io.Writer) error {
			if _, err := w.Write(make([]byte, size)); err != nil {
				return err
			}
			if got := keys(ctx, t, s, "h/"); len(got) != 0 {
				t.Errorf("while %d bytes are written: got %q, want nothing", size, got)
			}
			return broken
		}
		for _, write := range []func(context.Context, string, func(io.Writer) error) error{s.Put, s.PutNew} {
			if err := write(ctx, key, half); !errors.Is(err, broken) {
				t.Errorf("%d bytes: got %v, want %v", size, err, broken)
			}
			if got := keys(ctx, t, s, "h/"); len(got) != 0 {
				t.Errorf("after %d bytes: got %q, want nothing", size, got)
			}
		}
	}
	put(ctx, t, s, "h/there", []byte("what was there"))
	err := s.Put(ctx, "h/there", func(w io.Writer) error {
		_, err := w.Write(make([]byte, 1000))
		return errors.Join(err, broken)
	})
	if got, failed := content(ctx, s, "h/there", "", 0, -1); !errors.Is(err, broken) || failed != nil || got != "what was there" {
		t.Errorf("after %v: got %q, %v, want what was there", err, got, failed)
	}
}

func saysWhatIsMissing(ctx context.Context, t *testing.T, s Store) {
	put(ctx, t, s, "m/x", []byte("x"))
	if err := errors.Join(s.Remove(ctx, "m/x"), s.Remove(ctx, "m/x")); err != nil {
		t.Error(err)
	}
	_, stat := s.Stat(ctx, "m/x")
	_, open := s.Open(ctx, "m/x", "", 0, -1)
	if !errors.Is(stat, fs.ErrNotExist) || !errors.Is(open, fs.ErrNotExist) {
		t.Errorf("got %v and %v, want %v", stat, open, fs.ErrNotExist)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	for _, err := range s.List(stopped, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("a listing that was stopped: got %v, want %v", err, context.Canceled)
		}
	}
}
