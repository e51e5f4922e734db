package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
)

// ErrSpoolLimit says that an input which can be read only once is larger than
// Options.SpoolLimit. It is an ErrIO too.
var ErrSpoolLimit = errors.New("more than may be copied to a temporary file")

// spoolFile copies what can be read only once, a pipe for example.
func spoolFile(ctx context.Context, in, name string, o *Options) (*source, error) {
	f, err := openWaiting(ctx, in)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return spool(ctx, name, f, o)
}

// openWaiting opens a file, which for a pipe can wait for the one who writes to
// it. Once ctx is done it waits no longer.
func openWaiting(ctx context.Context, name string) (*os.File, error) {
	type result struct {
		f   *os.File
		err error
	}
	opened := make(chan result, 1)
	go func() {
		f, err := os.Open(name)
		opened <- result{f, err}
	}()
	select {
	case r := <-opened:
		if r.err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNoCapture, r.err)
		}
		return r.f, nil
	case <-ctx.Done():
		go func() {
			if r := <-opened; r.err == nil {
				r.f.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// spool copies an input that can be read only once to a temporary file. As of a
// file, its first bytes tell whether it is a capture: of one that isn't no more is
// read. A read that gives nothing is given up once ctx is done.
func spool(ctx context.Context, name string, from io.Reader, o *Options) (*source, error) {
	f, err := atomicfile.Scratch()
	if err != nil {
		return nil, ioError("spool the input", err)
	}
	s := &source{name: name, path: f.Name(), spooled: f}
	r, release := interruptible(ctx, from)
	defer release()
	err = s.fill(&limited{r: r, most: o.spoolLimit()}, o)
	if err == nil && !atomicfile.RenamesOpen {
		err = f.Close() // nothing else would be allowed to remove it
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// fill copies the input, if it is a capture.
func (s *source) fill(from io.Reader, o *Options) error {
	_, err := salvage.NewReader(io.TeeReader(from, s.spooled), o.reading())
	var broken *capture.FormatError
	if errors.As(err, &broken) {
		return fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, err)
	}
	if err == nil {
		_, err = io.Copy(s.spooled, from)
	}
	if err != nil {
		return ioError("spool the input", err)
	}
	info, err := s.spooled.Stat()
	if err != nil {
		return ioError("spool the input", err)
	}
	s.size = info.Size()
	return nil
}

// reading is how the capture is read.
func (o *Options) reading() salvage.Options {
	return salvage.Options{ReaderOptions: capture.ReaderOptions{MaxUnpacked: o.MaxUnpacked}, Refuse: o.RefuseDamaged}
}

// spoolLimit is how much may be spooled, bytes.
func (o *Options) spoolLimit() int64 {
	if o.SpoolLimit > 0 {
		return o.SpoolLimit
	}
	if free, known := freeSpace(os.TempDir()); known {
		return free / 2
	}
	return math.MaxInt64
}

// limited gives an error after so many bytes, if there are more.
type limited struct {
	r          io.Reader
	read, most int64
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.read += int64(n); l.read > l.most {
		return 0, fmt.Errorf("%w: %d bytes", ErrSpoolLimit, l.most)
	}
	return n, err
}

// interruptible returns a reader that gives what r does, and ends with the
// context's error once that is done: a read of a terminal or a pipe can't be ended
// otherwise. Release lets go of it; a read of r that is under way goes on until it
// gives something.
func interruptible(ctx context.Context, r io.Reader) (_ io.Reader, release func()) {
	from, to := io.Pipe()
	go func() {
		_, err := io.Copy(to, r)
		to.CloseWithError(err)
	}()
	stop := context.AfterFunc(ctx, func() { to.CloseWithError(ctx.Err()) })
	return from, func() {
		stop()
		from.Close()
	}
}
