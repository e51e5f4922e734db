package pipeline

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/filesys"
)

func held(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestOutputsThatShare: an output is a hard link to its capture where both hold the same
// bytes and that was asked for, also by way of a symbolic link, and never otherwise. It
// keeps the link as long as nothing has to be repaired; a repair puts another file there
// and leaves the capture as it is.
func TestOutputsThatShare(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	broken, clean, out := filepath.Join(dir, "broken.pcapng"), filepath.Join(dir, "clean.pcapng"), filepath.Join(dir, "out.pcapng")
	copied(t, "rawsocket.pcapng", broken, 0o600)
	if _, err := File(ctx, broken, clean, Options{}); err != nil {
		t.Fatal(err)
	}
	repaired := held(t, clean)
	if other := filepath.Join(dir, "other.pcapng"); os.Link(clean, other) != nil {
		t.Skip("no hard links here")
	} else if err := os.Remove(other); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link.pcapng")
	if err := os.Symlink("clean.pcapng", link); err != nil {
		link = clean
	}
	for _, c := range []struct {
		name, in string
		o        Options
		linked   bool
		err      error
		status   string
	}{
		{"a copy", clean, Options{}, false, nil, statusWritten},
		{"a clone", clean, Options{Reflink: true}, false, nil, statusWritten},
		{"a link", clean, Options{Hardlink: true}, true, nil, statusWritten},
		{"a link to what a link leads to", link, Options{Hardlink: true}, true, nil, statusWritten},
		{"a repair", broken, Options{Hardlink: true}, false, nil, statusWritten},
		{"two ways", clean, Options{Hardlink: true, Reflink: true}, false, ErrUsage, ""},
		{"left out, and a clone", clean, Options{OnlyChanged: true, Reflink: true}, false, ErrUsage, ""},
	} {
		r, err := File(ctx, c.in, out, c.o)
		if !errors.Is(err, c.err) || r.Output.Status != c.status {
			t.Errorf("%s: got %q, %v, want %q, %v", c.name, r.Output.Status, err, c.status, c.err)
		}
		if err != nil {
			continue
		}
		if got := filesys.IsLink(clean, out); got != c.linked {
			t.Errorf("%s: linked: got %v, want %v", c.name, got, c.linked)
		}
		if !bytes.Equal(held(t, out), repaired) {
			t.Errorf("%s: the output differs from that of a run without", c.name)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}

	again := func(name string, o Options, want error) {
		t.Helper()
		before := held(t, clean)
		if _, err := File(ctx, clean, out, o); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", name, err, want)
		}
		if !bytes.Equal(held(t, clean), before) {
			t.Fatalf("%s: the capture was changed", name)
		}
	}
	again("new", Options{Hardlink: true}, nil)
	again("again", Options{Hardlink: true}, nil)
	again("again, forced", Options{Hardlink: true, Force: true}, nil)
	again("without the option", Options{}, errSame)
	if !filesys.IsLink(clean, out) {
		t.Fatal("the link is gone although nothing had to be repaired")
	}
	if err := os.WriteFile(clean, held(t, broken), 0o600); err != nil { // in place: both names
		t.Fatal(err)
	}
	again("edited in place", Options{Hardlink: true}, ErrExists)
	again("edited in place, forced", Options{Hardlink: true, Force: true}, nil)
	if filesys.IsLink(clean, out) || !bytes.Equal(held(t, out), repaired) {
		t.Error("edited in place, forced: want the repaired capture in a file of its own")
	}
}
