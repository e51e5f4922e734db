package atomicfile

import (
	"context"
	"fmt"
	"os"
	"sync"
)

// temporaries are the temporary files and folders that this process has made and
// not removed. They are the process's, as what lies on a disk is: the one who ends it
// must know them all.
var temporaries registry

// registry knows temporary files by their *os.File and folders by their paths.
type registry struct {
	remove sync.Map     // func() of each
	mu     sync.RWMutex // held to read while one is made or becomes an output
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
	for _, remove := range temporaries.remove.Range {
		remove.(func())()
	}
}

// removeFile removes a file that is open.
func removeFile(f *os.File) {
	if !RenamesOpen {
		f.Close() // an open file can't be removed
	}
	os.Remove(f.Name())
}

// removeBusy removes a folder into which others may still write.
func removeBusy(dir string) {
	for range attempts {
		if os.RemoveAll(dir) == nil {
			return
		}
	}
}

// known makes a temporary file or folder that is known from its first moment, with
// what removes it.
func known[T comparable](create func() (T, error), remove func(T)) (made T, err error) {
	temporaries.mu.RLock()
	defer temporaries.mu.RUnlock()
	if temporaries.ending {
		return made, errEnding
	}
	if made, err = create(); err == nil {
		temporaries.remove.Store(made, func() { remove(made) })
	}
	return made, err
}

// held makes a temporary file that is known and locked. Where another run took it for
// a dead one's first, the error is os.ErrExist.
func held(create func() (*os.File, error)) (*os.File, error) {
	f, err := known(create, removeFile)
	if err != nil || hold(f) && keepsName(f) {
		return f, err
	}
	temporaries.forget(f)
	f.Close()
	return nil, os.ErrExist
}

// publish lets a temporary file become an output, unless the process is ending.
func (r *registry) publish(f *os.File, become func() error) error {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.ending {
		return errEnding
	}
	err := become()
	if err == nil {
		r.remove.Delete(f)
	}
	return err
}

// forget is told that a file or a folder is gone.
func (r *registry) forget(made any) { r.remove.Delete(made) }
