package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// output is standard output or standard error as text is written to it. Where its
// reader is gone, as that of a pipe to head, what is written from then on is
// dropped: the work goes on, and what it writes elsewhere is whole.
type output struct {
	file *os.File
	gone bool
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	if o.gone {
		return len(p), nil
	}
	n, err := o.file.Write(p)
	if readerGone(err) {
		o.gone = true
		return len(p), nil
	}
	return n, err
}

// Stat says which file it is.
func (o *output) Stat() (fs.FileInfo, error) { return o.file.Stat() }

// stream returns what w writes to, and so that writing fails once the reader is
// gone: a capture that nobody reads need not be written to its end.
func stream(w io.Writer) io.Writer {
	if o, ok := w.(*output); ok {
		return o.file
	}
	return w
}

// readerGone says whether writing failed since nobody reads.
func readerGone(err error) bool {
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // of Windows
	if runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData)) {
		return true
	}
	return errors.Is(err, syscall.EPIPE)
}
