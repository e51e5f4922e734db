package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// pendingFile is a file that appears whole under its name, or not at all: it is
// written beside it under another name, and renamed by commit. The first error
// of a write makes commit fail.
type pendingFile struct {
	*os.File
	target string
	failed error
}

// createPending starts a file; commit or discard must end it.
func createPending(target string) (*pendingFile, error) {
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", target)
	}
	dir, base := filepath.Split(target)
	var err error
	for try := range 100 {
		name := filepath.Join(dir, fmt.Sprintf(".%s.%d-%d.tmp", base, os.Getpid(), try))
		var f *os.File
		f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			return &pendingFile{File: f, target: target}, nil
		}
		if !errors.Is(err, os.ErrExist) {
			break
		}
	}
	return nil, err
}

// Write writes p, and remembers that it failed.
func (f *pendingFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if err != nil && f.failed == nil {
		f.failed = err
	}
	return n, err
}

// commit makes the file appear under its name, in place of one that was there.
func (f *pendingFile) commit() error {
	err := f.failed
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), f.target)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// discard takes the file away.
func (f *pendingFile) discard() error {
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
