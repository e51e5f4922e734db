package repair

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/capture"
)

// source is an input that can be read several times: a file, or standard input
// spooled to a temporary one.
type source struct {
	name    string // as shown: base name, or "-"
	path    string
	size    int64 // of the file as it lies there, bytes; -1 where unknown
	was     os.FileInfo
	spooled *os.File // holds the lock of a spooled input; nil for others
}

// openSource checks that the input is there. Standard input is copied to a
// temporary file, since it has to be read more than once.
func openSource(ctx context.Context, in string, stdin io.Reader) (*source, error) {
	if in == "-" {
		return spool(ctx, stdin)
	}
	info, err := os.Stat(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	if info.IsDir() {
		return nil, fmt.Errorf("%w: it is a folder", ErrNoCapture)
	}
	if !info.Mode().IsRegular() {
		return spoolFile(ctx, in)
	}
	return &source{name: filepath.Base(in), path: in, size: info.Size(), was: info}, nil
}

// spoolFile copies what can be read only once, a pipe for example.
func spoolFile(ctx context.Context, in string) (*source, error) {
	f, err := os.Open(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	defer f.Close()
	s, err := spool(ctx, f)
	if err == nil {
		s.name = filepath.Base(in)
	}
	return s, err
}

func spool(ctx context.Context, from io.Reader) (*source, error) {
	if from == nil {
		from = os.Stdin
	}
	f, err := createScratch()
	if err != nil {
		return nil, fmt.Errorf("%w: spool the input: %w", ErrIO, err)
	}
	s := &source{name: "-", path: f.Name(), spooled: f}
	s.size, err = io.Copy(f, contextReader{ctx, from})
	if err == nil && !renamesOpen {
		err = f.Close() // nothing else would be allowed to remove it
	}
	if err != nil {
		s.close()
		return nil, ioError("spool the input", err)
	}
	return s, nil
}

// permissions are those that what is written of the input may have.
func (s *source) permissions() fs.FileMode {
	if s.was == nil {
		return 0o666
	}
	return permissions(s.was)
}

// changed returns an error if the file is not the one any more that it was when
// it was opened first: the passes would have seen different captures.
func (s *source) changed() error {
	if s.spooled != nil {
		return nil
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

// ioError marks an error as one of input or output, unless it is the context's.
func ioError(doing string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrIO, doing, err)
}

func (s *source) close() {
	if s.spooled != nil {
		os.Remove(s.path)
		s.spooled.Close()
		os.Remove(s.path) // where an open file can't be removed
	}
}

// open starts a pass over the capture.
func (s *source) open(o *Options) (*os.File, *capture.Reader, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	r, err := capture.NewReader(f, capture.ReaderOptions{Salvage: o.salvage(), MaxUnpacked: o.MaxUnpacked})
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, err)
	}
	return f, r, nil
}

// contextReader ends with the context's error once that is done.
type contextReader struct {
	ctx context.Context
	io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}
