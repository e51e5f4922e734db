package repair

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
)

// Pending is a file that appears whole under its name, or not at all: it is
// written beside it under another name, and renamed by Commit. The first error
// of a write makes Commit fail. While it is open its writer holds a lock on it,
// by which the next run tells what a dead one has left behind.
type Pending struct {
	*os.File
	target string
	failed error
	closed bool
}

// CreatePending starts a file that is to become target; Commit or Discard must
// end it. What a dead run left of the same target is taken away.
func CreatePending(target string) (*Pending, error) {
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", target)
	}
	return createPending(target)
}

// attempts is how many files of one target can be pending at once.
const attempts = 100

// createPending asks nothing of the target. Unlike os.CreateTemp it leaves the
// mode to the umask.
func createPending(target string) (*Pending, error) {
	for n := range attempts {
		name := pendingName(target, n)
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, os.ErrExist) && removeDead(name) {
			f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		}
		switch {
		case errors.Is(err, os.ErrExist):
			continue
		case err != nil:
			return nil, err
		case !holdNew(f):
			f.Close()
			continue
		}
		return &Pending{File: f, target: target}, nil
	}
	return nil, fmt.Errorf("%s: %w: %d files wait to become it", target, os.ErrExist, attempts)
}

// longestBase is how much of a target's name goes into the name of its pending
// file, bytes: file systems take 255.
const longestBase = 200

// pendingName is the n-th name under which target is written.
func pendingName(target string, n int) string {
	dir, base := filepath.Split(target)
	if len(base) > longestBase {
		h := fnv.New64a()
		h.Write([]byte(base))
		base = fmt.Sprintf("%s-%016x", base[:longestBase], h.Sum64())
	}
	return fmt.Sprintf("%s.%s.%d.tmp", dir, base, n)
}

// IsOwn reports whether a file of this name can only be one that mendcap has
// written: a repaired capture, or one that was pending when its run died.
func IsOwn(name string) bool {
	name = filepath.Base(name)
	if IsMended(name) {
		return true
	}
	rest, pending := strings.CutSuffix(name, ".tmp")
	if !pending || !strings.HasPrefix(rest, ".") {
		return false
	}
	rest = strings.TrimRight(rest, "0123456789")
	return strings.HasSuffix(rest, ".") && strings.Contains(strings.ToLower(rest), strings.TrimSuffix(Mended, ".pcapng"))
}

// holdNew takes the lock of a file that was just created. It fails where another
// run took the file for a dead one's first.
func holdNew(f *os.File) bool {
	if !hold(f) {
		return false
	}
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, there)
}

// Write writes b, and remembers that it failed.
func (p *Pending) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	if err != nil && p.failed == nil {
		p.failed = err
	}
	return n, err
}

// Commit makes the file appear under its name, in place of one that was there.
func (p *Pending) Commit() error {
	err := p.failed
	if err == nil {
		err = p.Sync()
	}
	if err == nil && !renamesOpen {
		err = p.close()
	}
	if err == nil {
		err = os.Rename(p.Name(), p.target)
	}
	if err != nil {
		return errors.Join(err, p.Discard())
	}
	return p.close()
}

// Discard takes the file away: before its lock is given up where the system
// allows it, so that no other run takes the name meanwhile.
func (p *Pending) Discard() error {
	if renamesOpen {
		return errors.Join(os.Remove(p.Name()), p.close())
	}
	return errors.Join(p.close(), os.Remove(p.Name()))
}

// close closes the file once.
func (p *Pending) close() error {
	if p.closed {
		return nil
	}
	p.closed = true
	return p.File.Close()
}
