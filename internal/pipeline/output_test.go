package pipeline

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/lab/folders"
)

// copied puts a capture of testdata into a folder, with the permissions perm.
func copied(t *testing.T, from, to string, perm fs.FileMode) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "testdata", from))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(to, perm); err != nil {
		t.Fatal(err)
	}
}

// TestTwoRunsOfOneName: of two captures that are repaired into one new name at
// once, one wins and the other is told so; of two runs of one capture both are
// right.
func TestTwoRunsOfOneName(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "a.pcapng"), filepath.Join(dir, "b.pcap")
	copied(t, "rawsocket.pcapng", first, 0o600)
	copied(t, "sockaddr.pcap", second, 0o600)
	for _, c := range []struct {
		name  string
		ins   [2]string
		fails int
	}{{"two captures", [2]string{first, second}, 1}, {"one capture", [2]string{first, first}, 0}} {
		out := filepath.Join(dir, "out.pcapng")
		var errs [2]error
		var both sync.WaitGroup
		for i, in := range c.ins {
			both.Go(func() { _, errs[i] = File(context.Background(), in, out, Options{}) })
		}
		both.Wait()
		failed := 0
		for _, err := range errs {
			if err != nil {
				failed++
				if !errors.Is(err, ErrExists) || !errors.Is(err, ErrIO) {
					t.Errorf("%s: got %v, want %v", c.name, err, ErrExists)
				}
			}
		}
		if failed != c.fails {
			t.Errorf("%s: got %d failures (%v), want %d", c.name, failed, errs, c.fails)
		}
		if got, want := folders.Names(t, dir), "a.pcapng b.pcap out.pcapng"; got != want {
			t.Errorf("%s: files: got %q, want %q", c.name, got, want)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOutputsThatAreNoFiles: folders, links that lead nowhere and, on Unix, pipes
// stay what they are, with Force too, and no run waits for them.
func TestOutputsThatAreNoFiles(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pcap")
	copied(t, "sockaddr.pcap", in, 0o600)
	for name, create := range map[string]func(string) error{
		"folder":   func(at string) error { return os.Mkdir(at, 0o700) },
		"dangling": func(at string) error { return os.Symlink(filepath.Join(dir, "nowhere"), at) },
		"pipe":     makePipe,
		"null":     func(at string) error { return os.Symlink(os.DevNull, at) },
	} {
		out := filepath.Join(dir, name)
		if err := create(out); err != nil {
			t.Logf("%s: %v", name, err)
			continue
		}
		before, err := os.Lstat(out)
		if err != nil {
			t.Fatal(err)
		}
		for _, force := range []bool{false, true} {
			if _, err := File(context.Background(), in, out, Options{Force: force}); !errors.Is(err, ErrIO) {
				t.Errorf("%s, force %v: got %v, want %v", name, force, err, ErrIO)
			}
			if p, err := atomicfile.Create(out); err == nil {
				t.Errorf("%s: a pending file of it was made", name)
				p.Discard()
			}
		}
		if after, err := os.Lstat(out); err != nil || after.Mode() != before.Mode() {
			t.Errorf("%s: got %v, %v, want it as it was", name, after, err)
		}
		if _, err := os.Lstat(filepath.Join(dir, "nowhere")); err == nil {
			t.Errorf("%s: something was written where the link leads", name)
		}
	}
}

// TestForceReplacesALinkAndNotItsFile: what a link leads to was not named.
func TestForceReplacesALinkAndNotItsFile(t *testing.T) {
	dir := t.TempDir()
	in, precious, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "precious"), filepath.Join(dir, "out.pcapng")
	copied(t, "sockaddr.pcap", in, 0o600)
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, out); err != nil {
		t.Skip(err)
	}
	if _, err := File(context.Background(), in, out, Options{}); !errors.Is(err, ErrExists) {
		t.Errorf("without Force: got %v, want %v", err, ErrExists)
	}
	if _, err := File(context.Background(), in, out, Options{Force: true}); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(precious); err != nil || string(kept) != "precious" {
		t.Errorf("what the link led to: got %q, %v, want it untouched", kept, err)
	}
	if info, err := os.Lstat(out); err != nil || !info.Mode().IsRegular() {
		t.Errorf("output: got %v, %v, want a file", info, err)
	}
}

// TestOutputPermissions: what only some may read of the capture only they may
// read of what is written of it.
func TestOutputPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no permissions of this kind on Windows")
	}
	dir := t.TempDir()
	for _, perm := range []fs.FileMode{0o600, 0o640, 0o644, 0o400, 0o444, 0o666, 0o755} {
		in, out := filepath.Join(dir, "in.pcap"), filepath.Join(dir, "out.pcapng")
		copied(t, "sockaddr.pcap", in, perm)
		if _, err := File(context.Background(), in, out, Options{}); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(out)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got&^perm != 0 || got&0o400 == 0 {
			t.Errorf("of an input with %v: got %v", perm, got)
		}
		if got := atomicfile.Permissions(in, "-", filepath.Join(dir, "missing"), dir); got != perm&0o666 {
			t.Errorf("permissions of %v: got %v", perm, got)
		}
		for _, name := range []string{in, out} {
			if err := os.Remove(name); err != nil {
				t.Fatal(err)
			}
		}
	}
}
