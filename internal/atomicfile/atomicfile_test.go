package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/folders"
)

func TestPendingAppearsWhole(t *testing.T) {
	for name, end := range map[string]func(*File) error{"report.json": (*File).Commit, "": (*File).Discard} {
		dir := t.TempDir()
		p, err := Create(filepath.Join(dir, "report.json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Write([]byte("all of it")); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "report.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("before its end: got %v, want no file", err)
		}
		if err := end(p); err != nil {
			t.Fatal(err)
		}
		if got := folders.Names(t, dir); got != name {
			t.Errorf("files at the end: got %q, want %q", got, name)
		}
	}
}

// What a dead run left is taken over; what a live one writes is let alone.
func TestPendingOfOtherRuns(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "x.mended.pcapng")
	if err := os.WriteFile(pendingName(target, 0), []byte("half of a"), 0o600); err != nil {
		t.Fatal(err)
	}
	first, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := first.Name(), pendingName(target, 0); got != want {
		t.Errorf("name: got %s, want the dead run's %s", got, want)
	}
	if info, err := first.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("the dead run's bytes: got %v, %v, want none", info.Size(), err)
	}
	second, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := second.Name(), pendingName(target, 1); got != want {
		t.Errorf("name beside a live one: got %s, want %s", got, want)
	}
	for _, p := range []*File{first, second} {
		if err := p.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := folders.Names(t, dir), "x.mended.pcapng"; got != want {
		t.Errorf("files: got %q, want %q", got, want)
	}
	if err := first.Discard(); err != nil {
		t.Errorf("discard what has appeared: %v", err)
	}
	if got, want := folders.Names(t, dir), "x.mended.pcapng"; got != want {
		t.Errorf("files after it: got %q, want %q", got, want)
	}
	third, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(third.Discard(), third.Discard()); err != nil {
		t.Errorf("discard twice: %v", err)
	}
}

func TestPendingLeavesLinksAlone(t *testing.T) {
	dir := t.TempDir()
	precious := filepath.Join(dir, "precious")
	if err := os.WriteFile(precious, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	target := filepath.Join(dir, "x.json")
	if err := os.Symlink(precious, pendingName(target, 0)); err != nil {
		t.Skip(err)
	}
	p, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(precious); err != nil || string(kept) != "precious" {
		t.Errorf("what the link leads to: got %q, %v, want it untouched", kept, err)
	}
}

func TestPendingWithALongName(t *testing.T) {
	target := filepath.Join(t.TempDir(), strings.Repeat("n", 248)+".pcapng")
	p, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Commit(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(target); err != nil {
		t.Error(err)
	}
}

// A link to a file that is open, as /dev/stderr is one where that was redirected,
// stays what it is.
func TestLinkToOpenFile(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("there is no /proc")
	}
	dir := t.TempDir()
	open, err := os.Create(filepath.Join(dir, "open"))
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	direct, indirect, plain := filepath.Join(dir, "direct"), filepath.Join(dir, "indirect"), filepath.Join(dir, "plain")
	for link, to := range map[string]string{direct: fmt.Sprintf("/proc/self/fd/%d", open.Fd()), indirect: "direct", plain: "open"} {
		if err := os.Symlink(to, link); err != nil {
			t.Fatal(err)
		}
	}
	for _, link := range []string{direct, indirect} {
		if f, err := Create(link); err == nil {
			f.Discard()
			t.Errorf("%s: got a file that is to replace it", link)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: got %v, %v, want the link", link, info.Mode(), err)
		}
	}
	f, err := Create(plain)
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
}

// TestCommitNewReplacesNothing: a name that something took meanwhile stays with
// it, by either way of renaming.
func TestCommitNewReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "x.json")
	p, err := Create(target)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(target, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.CommitNew(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("got %v, want %v", err, fs.ErrExist)
	}
	if err := linkNew(p.Name(), target); !errors.Is(err, fs.ErrExist) {
		t.Errorf("by a link: got %v, want %v", err, fs.ErrExist)
	}
	if got, err := os.ReadFile(target); err != nil || string(got) != "first" {
		t.Errorf("what was first: got %q, %v", got, err)
	}
	if err := os.Remove(target); err != nil {
		t.Fatal(err)
	}
	if err := p.CommitNew(); err != nil {
		t.Errorf("once the name is free: %v", err)
	}
	if err := linkNew(target, filepath.Join(dir, "y.json")); err != nil {
		t.Error(err)
	}
	if got, want := folders.Names(t, dir), "y.json"; got != want {
		t.Errorf("files: got %q, want %q", got, want)
	}
}
