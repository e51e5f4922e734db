package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// scratch is the pattern of files in the system's temporary folder: spooled inputs,
// outputs on their way to standard output, and locks of folders.
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

// dirSuffix comes after the name of a temporary file in that of the folder it belongs to.
const dirSuffix = "dir"

// ScratchDir makes a temporary folder for its caller, who ends it with release: that
// removes it. It belongs to a temporary file of that name, which is there before it and
// after it, and whose lock says that the run lives. Folders of runs that died are removed
// first.
func ScratchDir() (dir string, release func() error, err error) {
	for _, old := range leftOf(scratch + dirSuffix) {
		lock := strings.TrimSuffix(old, dirSuffix)
		if _, err := os.Lstat(lock); errors.Is(err, os.ErrNotExist) || removeDead(lock) {
			os.RemoveAll(old)
		}
	}
	lock, err := Scratch()
	if err != nil {
		return "", nil, err
	}
	dir = lock.Name() + dirSuffix
	release = func() error {
		defer temporaries.forget(lock)
		defer temporaries.forget(dir)
		return errors.Join(os.RemoveAll(dir), remove(lock))
	}
	if _, err = known(func() (string, error) { return dir, os.Mkdir(dir, 0o700) }, removeBusy); err != nil {
		return "", nil, errors.Join(err, release())
	}
	return dir, release, nil
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
