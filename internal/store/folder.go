package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
)

// Folder is the store in a folder of this machine's file system, or of one that several
// machines share. The version of a file is its size and the time of its last change.
type Folder struct {
	dir string // as it was given
}

// NewFolder returns the store in a folder, which need not be there yet: it is made by
// the first Put.
func NewFolder(dir string) *Folder { return &Folder{filepath.Clean(dir)} }

// List implements Store. Symbolic links are listed and not followed; files that are being
// written are not listed. Each folder is read
// when its turn comes, so that no more is held than the entries of the folders on one
// path. A folder that can't be read is an error with its key, which ends with a slash.
func (f *Folder) List(ctx context.Context, prefix string) iter.Seq2[Object, error] {
	return f.ListExcept(ctx, prefix, func(string) bool { return false })
}

// ListExcept is List but for the folders that skip names, by their keys, which end with a
// slash. It is asked once for each, before that is read.
func (f *Folder) ListExcept(ctx context.Context, prefix string, skip func(folder string) bool) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		l := &lister{ctx: ctx, folder: f, prefix: prefix, skip: skip, yield: yield}
		start := "" // the folder that all the keys lie in
		if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
			start = prefix[:i+1]
		}
		l.walk(start)
	}
}

// lister walks a folder for one listing.
type lister struct {
	ctx    context.Context
	folder *Folder
	prefix string
	skip   func(folder string) bool
	yield  func(Object, error) bool
}

// walk lists what lies below a folder, whose key is empty or ends with a slash; more is
// false once the caller wants no more.
func (l *lister) walk(key string) (more bool) {
	entries, err := os.ReadDir(l.folder.Local(key))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !l.yield(Object{Key: key}, err) {
		return false
	}
	// The order is that of whole keys: "a.pcap" comes before what is in the folder "a",
	// as "." comes before "/".
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(keyOf(a), keyOf(b)) })
	for _, e := range entries {
		if err := l.ctx.Err(); err != nil {
			l.yield(Object{}, err)
			return false
		}
		if !l.entry(key+keyOf(e), e) {
			return false
		}
	}
	return true
}

// keyOf is the last part of the key of an entry.
func keyOf(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

func (l *lister) entry(key string, e fs.DirEntry) (more bool) {
	if e.IsDir() {
		if !strings.HasPrefix(key, l.prefix) && !strings.HasPrefix(l.prefix, key) || l.skip(key) {
			return true
		}
		return l.walk(key)
	}
	if _, pending := atomicfile.TargetOf(e.Name()); pending || !strings.HasPrefix(key, l.prefix) {
		return true
	}
	info, err := e.Info()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // it was removed meanwhile
	case err != nil:
		return l.yield(Object{Key: key}, err)
	}
	return l.yield(objectOf(key, info), nil)
}

func objectOf(key string, info fs.FileInfo) Object {
	return Object{Key: key, Size: info.Size(), Version: versionOf(info), Mode: info.Mode().Type()}
}

// versionOf tells the states of a file apart. The time is compared for equality only, and
// comes from the file system: machines that share it see the same.
func versionOf(info fs.FileInfo) string {
	changed := info.ModTime()
	return strconv.FormatInt(info.Size(), 10) + "-" + strconv.FormatInt(changed.Unix(), 10) + "." + fmt.Sprintf("%09d", changed.Nanosecond())
}

// Stat implements Store. It follows symbolic links.
func (f *Folder) Stat(_ context.Context, key string) (Object, error) {
	info, err := os.Stat(f.Local(key))
	if err != nil {
		return Object{}, err
	}
	return objectOf(key, info), nil
}

// Open implements Store.
func (f *Folder) Open(_ context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	file, err := filesys.Open(f.Local(key))
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && version != "" && versionOf(info) != version {
		err = fmt.Errorf("%s: %w", f.URL(key), ErrChanged)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if length < 0 {
		length = max(0, info.Size()-offset)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, offset, length), file}, nil
}

// Put implements Store.
func (f *Folder) Put(_ context.Context, key string, write func(io.Writer) error) error {
	return f.put(key, write, (*atomicfile.File).Commit)
}

// PutNew implements Store.
func (f *Folder) PutNew(_ context.Context, key string, write func(io.Writer) error) error {
	return f.put(key, write, (*atomicfile.File).CommitNew)
}

func (f *Folder) put(key string, write func(io.Writer) error, commit func(*atomicfile.File) error) error {
	if key == "." || path.Clean(key) != key || !filepath.IsLocal(filepath.FromSlash(key)) {
		return fmt.Errorf("%q: %w", key, ErrKey)
	}
	if err := os.MkdirAll(f.Local(path.Dir(key)), 0o777); err != nil {
		return err
	}
	file, err := atomicfile.Create(f.Local(key))
	if err != nil {
		return err
	}
	err = write(file)
	if err == nil {
		err = commit(file)
	}
	if err != nil {
		return errors.Join(err, file.Discard())
	}
	return nil
}

// Remove implements Store.
func (f *Folder) Remove(_ context.Context, key string) error {
	if err := os.Remove(f.Local(key)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Local implements Store.
func (f *Folder) Local(key string) string { return filepath.Join(f.dir, filepath.FromSlash(key)) }

// URL implements Store.
func (f *Folder) URL(key string) string { return f.Local(key) }

// Close implements Store.
func (f *Folder) Close() error { return nil }
