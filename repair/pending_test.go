package repair

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func folder(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestPendingAppearsWhole(t *testing.T) {
	for name, end := range map[string]func(*Pending) error{"report.json": (*Pending).Commit, "": (*Pending).Discard} {
		dir := t.TempDir()
		p, err := CreatePending(filepath.Join(dir, "report.json"))
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
		if got := folder(t, dir); got != name {
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
	first, err := CreatePending(target)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := first.Name(), pendingName(target, 0); got != want {
		t.Errorf("name: got %s, want the dead run's %s", got, want)
	}
	if info, err := first.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("the dead run's bytes: got %v, %v, want none", info.Size(), err)
	}
	second, err := CreatePending(target)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := second.Name(), pendingName(target, 1); got != want {
		t.Errorf("name beside a live one: got %s, want %s", got, want)
	}
	for _, p := range []*Pending{first, second} {
		if err := p.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := folder(t, dir), "x.mended.pcapng"; got != want {
		t.Errorf("files: got %q, want %q", got, want)
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
	p, err := CreatePending(target)
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
	p, err := CreatePending(target)
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

func TestIsOwn(t *testing.T) {
	for name, want := range map[string]bool{
		"x.mended.pcapng":               true,
		"X.MENDED.PCAPNG":               true,
		filepath.Join("a", "x.pcapng"):  false,
		".x.mended.pcapng.0.tmp":        true,
		".x.mended.json.12.tmp":         true,
		".x.pcapng.0.tmp":               false,
		"x.mended.pcapng.0.tmp":         false,
		".x.mended.pcapng.tmp":          false,
		".tmp":                          false,
		"mended.pcapng":                 false,
		pendingName("a.mended.json", 3): true,
	} {
		if got := IsOwn(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
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
		if f, err := CreatePending(link); err == nil {
			f.Discard()
			t.Errorf("%s: got a file that is to replace it", link)
		}
		if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
			t.Errorf("%s: got %v, %v, want the link", link, info.Mode(), err)
		}
	}
	f, err := CreatePending(plain)
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
}
