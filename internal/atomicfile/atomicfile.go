// Package atomicfile writes files that appear whole under their names or not at all,
// and keeps the temporary files of a process.
//
// It promises that what a run which died has left is removed by a later one, that what
// a live one writes is not, and that links, devices and pipes are never replaced.
package atomicfile

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/filesys"
)

// File is a file that appears whole under its name, or not at all: it is
// written beside it under another name, and renamed by Commit. The first error
// of a write makes Commit fail. While it is open its writer holds a lock on it,
// by which the next run tells what a dead one has left.
type File struct {
	*os.File
	target string
	failed error
	synced bool // all that was written is on the disk
	ended  bool // it has appeared, or was discarded
}

// Create starts a file that is to become target; Commit, CommitNew or
// Discard must end it. What a dead run left of the same target is taken away.
// Folders, pipes, devices and links that lead nowhere can't be targets. A link to
// a file can: it is replaced, and the file is not.
func Create(target string) (*File, error) { return CreateFor(target, 0o666) }

// CreateFor is Create for a file that holds what inputs with these permissions say: it
// gets no wider ones, and narrower ones where the umask says so, which os.CreateTemp
// would not ask.
func CreateFor(target string, perm fs.FileMode) (*File, error) {
	if err := checkTarget(target); err != nil {
		return nil, err
	}
	for n := range attempts {
		name := pendingName(target, n)
		create := func() (*os.File, error) {
			return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL|filesys.Nonblocking, perm)
		}
		f, err := held(create)
		if errors.Is(err, os.ErrExist) && removeDead(name) {
			f, err = held(create)
		}
		switch {
		case err == nil:
			return &File{File: f, target: target}, nil
		case !errors.Is(err, os.ErrExist):
			return nil, instead("create", target, err)
		}
	}
	return nil, fmt.Errorf("%s: %w: %d files wait to become it", target, os.ErrExist, attempts)
}

// checkTarget returns an error for what no file may take the place of.
func checkTarget(target string) error {
	info, err := os.Lstat(target)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(target)
		switch {
		case errors.Is(err, os.ErrNotExist):
			return fmt.Errorf("%s is a link that leads nowhere, and stays as it is", target)
		case err == nil && info.Mode().IsRegular() && leadsToOpenFile(target):
			return fmt.Errorf("%s is a link to a file that is open, and stays as it is", target)
		}
	}
	if err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is %w, and stays as it is", target, filesys.ErrNotRegular)
	}
	return nil
}

// leadsToOpenFile says whether a name is a link like /dev/stderr, by way of /proc to
// a file that a process has open: one that has that file does not expect another one
// under the link's name.
func leadsToOpenFile(name string) bool {
	open := func(place string) bool { return strings.HasPrefix(filepath.ToSlash(place), "/proc/") }
	return slices.ContainsFunc(new(filesys.Set).Places(name), open)
}

// Permissions returns those that every one of the inputs has that is a file, but
// for execution; the owner can read in any case. Windows has none of this kind.
func Permissions(inputs ...string) fs.FileMode {
	perm := fs.FileMode(0o666)
	for _, in := range inputs {
		if info, err := os.Stat(in); in != "-" && err == nil {
			perm &= PermissionsOf(info)
		}
	}
	return perm
}

// PermissionsOf returns those of one file.
func PermissionsOf(info fs.FileInfo) fs.FileMode {
	if runtime.GOOS == "windows" || !info.Mode().IsRegular() {
		return 0o666
	}
	return info.Mode().Perm()&0o666 | 0o400
}

// attempts is how many files of one target can be pending at once.
const attempts = 100

// instead names the target in an error about its pending file, if there is one.
func instead(op, target string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return &fs.PathError{Op: op, Path: target, Err: at.Err}
	}
	return err
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

// TargetOf returns the start of the name of the file that one of this name is to
// become, if it is named as pending files are.
func TargetOf(name string) (base string, pending bool) {
	rest, tmp := strings.CutSuffix(filepath.Base(name), ".tmp")
	rest, dot := strings.CutPrefix(rest, ".")
	if !tmp || !dot {
		return "", false
	}
	return strings.CutSuffix(strings.TrimRight(rest, "0123456789"), ".")
}

// keepsName says whether an open file still has its name.
func keepsName(f *os.File) bool {
	mine, err := f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(f.Name())
	return err == nil && os.SameFile(mine, there)
}

// Write writes b, and remembers that it failed.
func (p *File) Write(b []byte) (int, error) {
	p.synced = false
	n, err := p.File.Write(b)
	err = instead("write", p.target, err)
	if p.failed == nil {
		p.failed = err
	}
	return n, err
}

// Commit makes the file appear under its name, in place of one that was there.
func (p *File) Commit() error {
	return p.appear(func() error {
		if err := checkTarget(p.target); err != nil {
			return err
		}
		return os.Rename(p.Name(), p.target)
	})
}

// CommitNew makes the file appear under its name if nothing has that yet.
// Otherwise the error is an fs.ErrExist, and the file still waits to be ended.
func (p *File) CommitNew() error {
	return p.appear(func() error { return renameNew(p.Name(), p.target) })
}

// appear calls rename once all that was written is on the disk. Where something fails
// but for a name that is taken, the file is discarded.
func (p *File) appear(rename func() error) error {
	err := p.Settle(context.Background())
	if err == nil && !RenamesOpen {
		err = closed(p.File)
	}
	if err == nil {
		err = temporaries.publish(p.File, rename)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return err
	case err != nil:
		return errors.Join(err, p.Discard())
	}
	p.ended = true
	return closed(p.File)
}

// linkNew gives a file another name that nothing has, and takes the first one
// away. Where a file system has no links, it renames the file if nothing has the
// name: between the two another run could take it.
func linkNew(from, to string) error {
	err := os.Link(from, to)
	if err == nil {
		return os.Remove(from)
	}
	if _, there := os.Lstat(to); there == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Rename(from, to)
}

// Write writes a file by write and lets it appear, with permissions as CreateFor has
// them. Where either fails, there is no file.
func Write(target string, perm fs.FileMode, write func(io.Writer) error) error {
	file, err := CreateFor(target, perm)
	if err != nil {
		return err
	}
	return file.Fill(write)
}

// Fill writes the file by write and lets it appear. Where either fails, the file is
// discarded.
func (p *File) Fill(write func(io.Writer) error) error {
	if err := write(p); err != nil {
		return errors.Join(err, p.Discard())
	}
	return p.Commit()
}

// Discard takes the file away. It does nothing to a file that has appeared or is gone.
func (p *File) Discard() error {
	if p.ended {
		return nil
	}
	p.ended = true
	defer temporaries.forget(p.File)
	return remove(p.File)
}

// remove takes away a file of this run, before its lock is given up where the system
// allows it: another run may take the file for a dead one's after that.
func remove(f *os.File) error {
	if RenamesOpen {
		return errors.Join(os.Remove(f.Name()), closed(f))
	}
	err := closed(f)
	if gone := os.Remove(f.Name()); !errors.Is(gone, fs.ErrNotExist) {
		return errors.Join(err, gone)
	}
	return err
}

// closed closes a file, if it is open still.
func closed(f *os.File) error {
	if err := f.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// pauseKey is that of the function which WithPause puts into a context.
type pauseKey struct{}

// WithPause returns a context in which Settle waits for the disk within pause, which
// calls wait once, and may let others work meanwhile.
func WithPause(ctx context.Context, pause func(wait func())) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// Settle puts on the disk what was written, which Commit and CommitNew do otherwise: see
// WithPause. The file still has to be ended, also after an error. What is written past
// Write is not known to it: nothing of that may follow.
func (p *File) Settle(ctx context.Context) (err error) {
	if p.failed != nil || p.synced {
		return p.failed
	}
	pause, ok := ctx.Value(pauseKey{}).(func(wait func()))
	if !ok {
		pause = func(wait func()) { wait() }
	}
	pause(func() { err = p.Sync() })
	p.synced = err == nil
	return err
}
