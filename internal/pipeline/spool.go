package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/capture/salvage"
)

// ErrSpoolLimit says that an input which can be read only once is larger than
// Options.SpoolLimit. It is an ErrIO too.
var ErrSpoolLimit = errors.New("more than may be copied to a temporary file")

// spool copies an input that can be read only once, which open opens, to a temporary
// file. As of a file, its first bytes tell whether it is a capture: of one that isn't no
// more is read. Opening or reading it is given up once ctx is done.
func spool(ctx context.Context, name string, open func() (io.ReadCloser, error), o *Options) (*source, error) {
	f, err := atomicfile.Scratch()
	if err != nil {
		return nil, ioError("spool the input", err)
	}
	s := &source{name: name, path: f.Name(), spooled: f}
	r, release := interruptible(ctx, open)
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

// spoolLimit is how many bytes of an input are copied to a temporary file.
func (o *Options) spoolLimit() int64 {
	if o.SpoolLimit > 0 {
		return o.SpoolLimit
	}
	return freeSpace(os.TempDir()) / 2
}

// fill copies the input, if it is a capture.
func (s *source) fill(from *limited, o *Options) error {
	reading := o.reading()
	foreign := tellForeign(&reading)
	_, err := salvage.NewReader(io.TeeReader(from, s.spooled), reading)
	if *foreign {
		err = nil
	}
	var broken *capture.FormatError
	var at *fs.PathError
	switch {
	case errors.As(err, &broken):
		return fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, err)
	case errors.As(err, &at) && at.Op == "open":
		return unopened(at)
	case err == nil:
		_, err = io.Copy(s.spooled, from)
	}
	s.size = from.read
	return ioError("spool the input", err)
}

// reading is how the capture is read.
func (o *Options) reading() salvage.Options {
	return salvage.Options{ReaderOptions: capture.ReaderOptions{MaxUnpacked: o.MaxUnpacked}, Refuse: o.RefuseDamaged}
}

// tellForeign lets a reader say whether what it was to read is a capture of a format that
// has to be converted.
func tellForeign(o *salvage.Options) *bool {
	foreign := false
	o.Foreign = func(head []byte) bool {
		foreign = convert.Recognised(head)
		return foreign
	}
	return &foreign
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

// interruptible returns a reader that gives what the file does that open opens, and ends
// with the context's error once that is done: opening a pipe waits for somebody who writes
// to it, and a read of one can't be ended otherwise. Release
// closes the file; where a read of it is under way for which that is nothing, the read goes
// on until it gives something.
func interruptible(ctx context.Context, open func() (io.ReadCloser, error)) (_ io.Reader, release func()) {
	ctx, release = context.WithCancel(ctx)
	from, to := io.Pipe()
	end := func() { to.CloseWithError(ctx.Err()) }
	context.AfterFunc(ctx, end)
	go func() {
		f, err := open()
		if err != nil {
			to.CloseWithError(err)
			return
		}
		context.AfterFunc(ctx, func() {
			end() // first, so that nobody is told that the file was closed
			f.Close()
		})
		_, err = io.Copy(to, f)
		to.CloseWithError(err)
	}()
	return from, release
}
