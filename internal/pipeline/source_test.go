package pipeline

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/lab/folders"
)

// A folder is no capture; one that is closed to the reader says that first.
func TestFolderInPlaceOfCapture(t *testing.T) {
	folder := t.TempDir()
	wants := map[string]string{folder: "it is a folder"}
	if os.Geteuid() != 0 && runtime.GOOS != "windows" { // to whom nothing is closed
		closed := filepath.Join(folder, "closed")
		if err := os.Mkdir(closed, 0); err != nil {
			t.Fatal(err)
		}
		wants[closed] = "permission denied"
	}
	for in, want := range wants {
		if _, err := Check(t.Context(), in, Options{}); !errors.Is(err, ErrNoCapture) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want an ErrNoCapture: %s", err, want)
		}
	}
}

// A capture that becomes another one in the middle of any pass ends the repair:
// with the error that says so, without output, without a panic.
func TestInputThatChanges(t *testing.T) {
	headerless := filepath.Join("..", "..", "testdata", "sockaddr.pcap")
	whole := filepath.Join("..", "..", "testdata", "rawsocket.pcapng")
	changes := map[string]func(path string, content []byte) error{
		"shrinks":  func(path string, content []byte) error { return os.Truncate(path, int64(len(content)/3)) },
		"empties":  func(path string, _ []byte) error { return os.Truncate(path, 0) },
		"vanishes": func(path string, _ []byte) error { return os.Remove(path) },
		"grows": func(path string, content []byte) error {
			return os.WriteFile(path, append(content, content[24:]...), 0o600)
		},
		"is replaced": func(path string, _ []byte) error {
			other, err := os.ReadFile(whole)
			if err != nil {
				return err
			}
			return os.WriteFile(path, other, 0o600)
		},
		"is zeroed": func(path string, content []byte) error { return os.WriteFile(path, make([]byte, len(content)), 0o600) },
	}
	ways := map[string]func(in, out string, o Options) error{
		"File": func(in, out string, o Options) error {
			_, err := File(context.Background(), in, out, o)
			return err
		},
		"Check": func(in, _ string, o Options) error {
			_, err := Check(context.Background(), in, o)
			return err
		},
		"Explain": func(in, _ string, o Options) error {
			_, err := Explain(context.Background(), in, []int64{1}, o)
			return err
		},
	}
	for i, from := range []string{headerless, whole, headerless, headerless} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		way := []string{"File", "File", "Check", "Explain"}[i]
		for name, change := range changes {
			for pass := range int64(passes) {
				t.Run(fmt.Sprintf("%s/%s/%s/pass %d", way, filepath.Base(from), name, pass+1), func(t *testing.T) {
					dir := t.TempDir()
					in := filepath.Join(dir, "in")
					if err := os.WriteFile(in, content, 0o600); err != nil {
						t.Fatal(err)
					}
					old := time.Now().Add(-time.Hour) // clocks of file systems are coarse
					if err := os.Chtimes(in, old, old); err != nil {
						t.Fatal(err)
					}
					done := false
					err := ways[way](in, filepath.Join(dir, "out"), Options{Progress: func(read, total int64) {
						if !done && read > pass*int64(len(content)) {
							done = true
							if err := change(in, content); err != nil {
								t.Error(err)
							}
						}
					}})
					if !done || !errors.Is(err, ErrIO) {
						t.Errorf("changed: %v; error: got %v, want %v", done, err, ErrIO)
					}
					if _, err := os.Stat(filepath.Join(dir, "out")); err == nil {
						t.Error("there is an output, want none")
					}
				})
			}
		}
	}
}

// Spooled input leaves nothing, and what a dead run left is cleaned up.
func TestScratchOfDeadRuns(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if os.TempDir() != dir {
		t.Skip("the temporary folder is not chosen by TMPDIR")
	}
	dead := filepath.Join(dir, "mendcap-1.scratch")
	if err := os.WriteFile(dead, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	live, err := atomicfile.Scratch()
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	if got, want := folders.Names(t, dir), filepath.Base(live.Name()); got != want {
		t.Errorf("files: got %q, want only the live %q", got, want)
	}
	in, err := os.Open(filepath.Join("..", "..", "testdata", "sockaddr.pcap"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := File(context.Background(), "-", filepath.Join(t.TempDir(), "out"), Options{Stdin: in}); err != nil {
		t.Fatal(err)
	}
	if got, want := folders.Names(t, dir), filepath.Base(live.Name()); got != want {
		t.Errorf("files after a repair of standard input: got %q, want only the live %q", got, want)
	}
}
