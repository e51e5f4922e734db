// Package filesys opens files as input, tells them apart by what they are
// instead of by their names, and hashes what they hold.
//
// It promises that Open neither waits for a writer nor acts on a device, and that
// a Set knows a file again under any name that leads to it.
package filesys

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
)

// ErrNotRegular says that a name leads to a folder, a pipe, a device or the like
// where only a regular file is read.
var ErrNotRegular = errors.New("not a regular file")

// Open opens a regular file, or what links lead to, for reading. Anything else
// is an ErrNotRegular: opening it could wait without end, and reading it too.
func Open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, notRegular(path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|Nonblocking, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() {
		err = notRegular(path) // it was replaced meanwhile
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Holds reports whether a regular file holds these bytes, and no others. Errors are
// those of Open and of reading.
func Holds(path string, content []byte) (bool, error) {
	f, err := Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	there, err := io.ReadAll(io.LimitReader(f, int64(len(content))+1))
	return err == nil && bytes.Equal(there, content), err
}

func notRegular(path string) error {
	return &fs.PathError{Op: "open", Path: path, Err: ErrNotRegular}
}
