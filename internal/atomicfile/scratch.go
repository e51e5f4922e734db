package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
)

// scratch is the pattern of files in the system's temporary folder: spooled
// inputs, and outputs on their way to standard output.
const scratch = "mendcap-*.scratch"

// Scratch makes a temporary file. What dead runs have left of theirs is
// taken away first.
func Scratch() (*os.File, error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), scratch))
	if err == nil && RenamesOpen { // elsewhere a spooled input is closed between passes
		for _, name := range left {
			removeDead(name)
		}
	}
	for range attempts {
		f, err := temporaries.file(func() (*os.File, error) { return os.CreateTemp("", scratch) })
		if err != nil {
			return nil, err
		}
		if holdNew(f) {
			return f, nil
		}
		temporaries.forget(f)
		f.Close()
	}
	return nil, os.ErrExist
}

// scratchDirs is the pattern of folders in the system's temporary folder.
const scratchDirs = "mendcap-*.scratchdir"

// lockName is the file that holds the lock of a scratch folder.
const lockName = "lock"

// ScratchDir makes a temporary folder for its caller, who ends it with release:
// that removes it. Folders of runs that died are removed first.
func ScratchDir() (dir string, release func() error, err error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), scratchDirs))
	if err == nil {
		for _, old := range left {
			removeDeadDir(old)
		}
	}
	for range attempts {
		dir, err := temporaries.dir(func() (string, error) { return os.MkdirTemp("", scratchDirs) })
		if err != nil {
			return "", nil, err
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			temporaries.forgetDir(dir)
			continue // another run took the folder for a dead one's
		}
		if !holdNew(lock) {
			temporaries.forgetDir(dir)
			lock.Close()
			continue
		}
		return dir, func() error {
			defer temporaries.forgetDir(dir)
			err := lock.Close()
			return errors.Join(err, os.RemoveAll(dir))
		}, nil
	}
	return "", nil, os.ErrExist
}

// removeDeadDir removes a scratch folder whose lock nobody holds. The lock is the
// first thing in it: one that holds others without it was being removed by a run
// that died meanwhile; an empty one may be as new.
func removeDeadDir(dir string) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return
	}
	lock := filepath.Join(dir, lockName)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	_, err = os.Lstat(lock)
	switch {
	case len(entries) == 0:
		os.Remove(dir) // only where it still is
	case errors.Is(err, os.ErrNotExist) || removeDead(lock):
		os.RemoveAll(dir)
	}
}

// Sweep removes from a folder what runs that died have left of files whose names,
// as far as they are kept, are of that kind. What live ones write stays.
func Sweep(dir string, kind func(target string) bool) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if target, pending := TargetOf(e.Name()); pending && e.Type().IsRegular() && kind(target) {
			removeDead(filepath.Join(dir, e.Name()))
		}
	}
	return err
}
