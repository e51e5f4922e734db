package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/folders"
)

// Runs that begin while others end take nothing of each other.
func TestScratchFoldersAtOnce(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				_, release, err := ScratchDir()
				if err == nil {
					err = release()
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

// What dead runs have left of their temporary folders goes, whenever they died:
// also where another run has removed the lock already.
func TestDeadScratchFolders(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	live, release, err := ScratchDir()
	if err != nil {
		t.Fatal(err)
	}
	for name, lock := range map[string]string{
		"mendcap-1.scratchdir": "mendcap-1.scratch",
		"mendcap-2.scratchdir": "",
		"other-4.scratchdir":   "",
	} {
		if err := os.MkdirAll(filepath.Join(tmp, name, "member-1"), 0o700); err != nil {
			t.Fatal(err)
		}
		files := []string{filepath.Join(name, "member-1", "x.pcap")}
		if lock != "" {
			files = append(files, lock)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(tmp, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, again, err := ScratchDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := again(); err != nil {
		t.Fatal(err)
	}
	left, err := filepath.Glob(filepath.Join(tmp, "*"))
	others := filepath.Join(tmp, "other-4.scratchdir")
	if want := []string{strings.TrimSuffix(live, dirSuffix), live, others}; err != nil || !slices.Equal(left, want) {
		t.Errorf("got %v, %v; want %v: what is of the live run, and what is another's", left, err, want)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if left, err = filepath.Glob(filepath.Join(tmp, "*")); err != nil || !slices.Equal(left, []string{others}) {
		t.Errorf("after release: got %v, %v; want %s alone", left, err, others)
	}
}

// Runs that begin and end beside each other take nothing of one another's for a dead
// one's: neither while it is made nor while it is removed.
func TestScratchFoldersBesideEachOther(t *testing.T) {
	folders.Temporary(t)
	const runs, times = 8, 100
	errs := make(chan error, runs)
	for range runs {
		go func() {
			for range times {
				dir, release, err := ScratchDir()
				if err == nil {
					err = errors.Join(os.WriteFile(filepath.Join(dir, "member"), nil, 0o600), release())
				}
				if err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range runs {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
