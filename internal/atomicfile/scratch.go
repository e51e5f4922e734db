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
	if RenamesOpen { // elsewhere a spooled input is closed between passes
		for _, name := range leftOf(scratch) {
			removeDead(name)
		}
	}
	for range attempts {
		f, err := held(func() (*os.File, error) { return os.CreateTemp("", scratch) })
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
	return nil, os.ErrExist
}

// leftOf lists the files or folders of a pattern in the system's temporary folder.
func leftOf(pattern string) []string {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), pattern))
	return left
}

// scratchDirs is the pattern of folders in the system's temporary folder.
const scratchDirs = "mendcap-*.scratchdir"

// lockName is the file that holds the lock of a scratch folder.
const lockName = "lock"

// ScratchDir makes a temporary folder for its caller, who ends it with release:
// that removes it. Folders of runs that died are removed first.
func ScratchDir() (dir string, release func() error, err error) {
	for _, old := range leftOf(scratchDirs) {
		removeDeadDir(old)
	}
	for range attempts {
		dir, err := known(func() (string, error) { return os.MkdirTemp("", scratchDirs) }, removeBusy)
		if err != nil {
			return "", nil, err
		}
		lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err == nil && holdNew(lock) {
			return dir, func() error {
				defer temporaries.forget(dir)
				return errors.Join(lock.Close(), os.RemoveAll(dir))
			}, nil
		}
		temporaries.forget(dir) // another run took it for a dead one's
		lock.Close()
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
