package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/filesys"
)

// Source is a capture that can be opened several times, as repair.Source says.
type Source interface {
	Name() string
	Open() (io.ReadCloser, error)
}

// source is an input that can be read several times: a file, standard input
// spooled to a temporary one, or a Source.
type source struct {
	name    string // as shown: base name, or "-"
	path    string
	size    int64 // of the file as it lies there, bytes; -1 where unknown
	was     os.FileInfo
	spooled *os.File        // holds the lock of a spooled input; nil for others
	given   *given          // nil where there is a file
	began   bool            // a pass over it has begun: it is a capture
	batches capture.Batches // of the passes before
	content []byte          // of a small file

	converted *converted // nil unless it is of another format
}

// openSource checks that the input is there. Standard input, or what else can be
// read only once, is copied to a temporary file.
func openSource(ctx context.Context, in string, o *Options) (*source, error) {
	if o.Source != nil {
		return &source{name: o.Source.Name(), size: -1, given: &given{from: o.Source}}, nil
	}
	if in == "-" {
		stdin := o.Stdin
		if stdin == nil {
			stdin = os.Stdin
		}
		return spool(ctx, in, func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }, o)
	}
	info, err := os.Stat(in)
	if err != nil {
		return nil, unopened(err)
	}
	if info.IsDir() {
		return nil, folderError(in)
	}
	if !info.Mode().IsRegular() {
		return spool(ctx, filepath.Base(in), func() (io.ReadCloser, error) { return os.Open(in) }, o)
	}
	s := &source{name: filepath.Base(in), path: in, size: info.Size(), was: info}
	if s.size > 0 && s.size <= mostContent {
		err = s.keep()
	}
	return s, err
}

// mostContent is how many bytes a file has at most that is read once and for all passes,
// which one goroutine does alone then: to start others takes longer than they save.
const mostContent = 64 << 10

// keep reads the whole file, unless it has grown.
func (s *source) keep() error {
	f, err := os.OpenFile(s.path, os.O_RDONLY|filesys.Nonblocking, 0)
	if err != nil {
		return unopened(err)
	}
	defer f.Close()
	content := make([]byte, s.size+1)
	if n, err := io.ReadFull(f, content); err == io.ErrUnexpectedEOF && int64(n) == s.size {
		s.content = content[:n]
	}
	return nil
}

// permissions are those that what is written of the input may have.
func (s *source) permissions() fs.FileMode {
	if s.was == nil {
		return 0o666
	}
	return atomicfile.PermissionsOf(s.was)
}

// changed returns an error if the file is not the one any more that it was when
// it was opened first: the passes would have seen different captures.
func (s *source) changed() error {
	switch {
	case s.spooled != nil:
		return nil
	case s.given != nil:
		return s.given.changed
	}
	now, err := os.Stat(s.path)
	switch {
	case err != nil:
		return fmt.Errorf("%w: %s went away while it was read: %w", ErrIO, s.name, err)
	case !os.SameFile(s.was, now) || now.Size() != s.was.Size() || !now.ModTime().Equal(s.was.ModTime()):
		return fmt.Errorf("%w: %s was changed while it was read (%d bytes before, %d now)", ErrIO, s.name, s.was.Size(), now.Size())
	}
	return nil
}

// ioError marks an error as one of input or output, unless it is the context's; nil
// stays nil.
func ioError(doing string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrIO, doing, err)
}

func (s *source) close() {
	if s.converted != nil {
		s.converted.close()
	}
	if s.spooled != nil {
		removeScratch(s.spooled)
	}
}

// removeScratch ends a temporary file.
func removeScratch(f *os.File) {
	os.Remove(f.Name())
	f.Close()
	os.Remove(f.Name()) // where an open file can't be removed
}

// open starts a pass over the capture. Reading ends with the context's error once
// that is done.
func (s *source) open(ctx context.Context, o *Options) (io.Closer, *salvage.Reader, error) {
	if s.converted != nil {
		return s.openConverted(ctx, o)
	}
	f, err := s.begin()
	if err != nil {
		return nil, nil, err
	}
	reading := o.reading()
	if s.batches == nil {
		s.batches = capture.NewBatches()
	}
	reading.Expected, reading.Batches = s.size, s.batches
	foreign := tellForeign(&reading)
	r, err := salvage.NewReader(filesys.WhileRunning(ctx, f), reading)
	if err != nil {
		f.Close()
		if *foreign {
			return nil, nil, errConvert
		}
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if s.began {
			return nil, nil, ioError("read "+s.name+" again", err)
		}
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, err)
	}
	s.began = true
	return f, r, nil
}

// openConverted starts a pass over the pcapng that the input becomes.
func (s *source) openConverted(ctx context.Context, o *Options) (io.Closer, *salvage.Reader, error) {
	packets := s.converted.Reader()
	reading := o.reading()
	reading.Number = packets.Number
	r, err := salvage.NewReader(filesys.WhileRunning(ctx, packets), reading)
	if err != nil {
		return nil, nil, ioError("read "+s.name, err)
	}
	return io.NopCloser(packets), r, nil
}

// begin opens the input at its start.
func (s *source) begin() (io.ReadCloser, error) {
	switch {
	case s.content != nil:
		return io.NopCloser(bytes.NewReader(s.content)), nil
	case s.given == nil:
		f, err := os.Open(s.path)
		return f, unopened(err)
	}
	r, err := s.given.open(s.name)
	if err != nil && s.began {
		return nil, ioError("open "+s.name+" again", err)
	}
	return r, unopened(err)
}

// folderError is the error for a folder in place of a capture. Of one that can't be opened
// it says why: a search for captures hands such a folder on.
func folderError(name string) error {
	folder, err := os.Open(name)
	if err != nil {
		return unopened(err)
	}
	folder.Close()
	return fmt.Errorf("%w: it is a folder", ErrNoCapture)
}

// unopened says what it means that a file could not be opened: that there is no
// capture, or that this process may open no more files; nil stays nil.
func unopened(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return fmt.Errorf("%w: %w", ErrIO, err)
	}
	return fmt.Errorf("%w: %w", ErrNoCapture, err)
}
