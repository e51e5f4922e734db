package atomicfile

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// temporaries are the temporary files and folders that this process has made and
// not removed. They are the process's, as what lies on a disk is: the one who ends it
// must know them all.
var temporaries registry

type registry struct {
	mu     sync.Mutex
	files  map[*os.File]bool
	dirs   map[string]bool
	ending bool
}

// errEnding is what a temporary file can't be made for.
var errEnding = fmt.Errorf("the process is ending: %w", context.Canceled)

// RemoveTemporaries removes the temporary files and folders of all calls that are
// under way in this process: pending outputs and reports, spooled inputs, unpacked
// members of archives. It is for a process that ends without waiting for them.
// No output appears and no temporary file is made after it.
func RemoveTemporaries() {
	temporaries.mu.Lock()
	defer temporaries.mu.Unlock()
	temporaries.ending = true
	for f := range temporaries.files {
		if RenamesOpen {
			os.Remove(f.Name())
			continue
		}
		f.Close() // elsewhere an open file can't be removed
		os.Remove(f.Name())
	}
	for dir := range temporaries.dirs {
		removeBusy(dir)
	}
}

// removeBusy removes a folder into which others may still write.
func removeBusy(dir string) {
	for range attempts {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}

// file makes a temporary file that is known from its first moment.
func (r *registry) file(make func() (*os.File, error)) (*os.File, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return nil, errEnding
	}
	f, err := make()
	if err != nil {
		return nil, err
	}
	if r.files == nil {
		r.files = map[*os.File]bool{}
	}
	r.files[f] = true
	return f, nil
}

// create makes a temporary file of a name that nothing has.
func (r *registry) create(name string, perm fs.FileMode) (*os.File, error) {
	return r.file(func() (*os.File, error) { return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm) })
}

// publish lets a temporary file become an output, unless the process is ending.
func (r *registry) publish(f *os.File, become func() error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return errEnding
	}
	err := become()
	if err == nil {
		delete(r.files, f)
	}
	return err
}

// forget is told that a file is gone.
func (r *registry) forget(f *os.File) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.files, f)
}

// dir makes a temporary folder that is known from its first moment.
func (r *registry) dir(make func() (string, error)) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ending {
		return "", errEnding
	}
	dir, err := make()
	if err != nil {
		return "", err
	}
	if r.dirs == nil {
		r.dirs = map[string]bool{}
	}
	r.dirs[dir] = true
	return dir, nil
}

// forgetDir is told that a folder is gone.
func (r *registry) forgetDir(dir string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.dirs, dir)
}
