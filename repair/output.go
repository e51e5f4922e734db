package repair

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/capture"
)

// The ways in which an output can end up.
const (
	statusWritten   = "written"
	statusUnchanged = "unchanged"
)

// write runs the third pass into a temporary file and lets it appear as the
// output once it is whole.
func (j *job) write(ctx context.Context) error {
	tmp, err := j.temporary()
	if err != nil {
		return ioError("create the output", err)
	}
	defer os.Remove(tmp.Name())
	err = j.fill(ctx, tmp)
	if err == nil {
		err = ioResult("write the output", tmp.Sync())
	}
	if cerr := tmp.Close(); err == nil {
		err = ioResult("write the output", cerr)
	}
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return j.publish(tmp.Name())
}

func ioResult(doing string, err error) error {
	if err == nil {
		return nil
	}
	return ioError(doing, err)
}

// temporary creates the file that is written: beside the output, so that a
// rename suffices. Unlike os.CreateTemp it leaves the mode to the umask.
func (j *job) temporary() (*os.File, error) {
	if j.out == "-" {
		return os.CreateTemp("", "mendcap-*.tmp")
	}
	dir, base := filepath.Split(j.out)
	for range 100 {
		name := fmt.Sprintf("%s.%s.%08x.tmp", dir, base, rand.Uint32())
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, os.ErrExist) {
			return f, err
		}
	}
	return nil, os.ErrExist
}

// fill writes the repaired capture. Where repairs were expected and none turned
// out to be needed, the capture is copied instead.
func (j *job) fill(ctx context.Context, tmp *os.File) error {
	out := capture.NewWriter(tmp)
	w := j.newWriter(out)
	if err := j.emit(ctx, w); err != nil {
		return err
	}
	changed := w.edited > 0 || w.moved > 0
	j.report.Output.Changed = changed
	if w.edits && !changed {
		w.skipped = 0
		if err := tmp.Truncate(0); err != nil {
			return ioError("write the output", err)
		}
		if _, err := tmp.Seek(0, io.SeekStart); err != nil {
			return ioError("write the output", err)
		}
		out = capture.NewWriter(tmp)
		if err := j.copy(ctx, out); err != nil {
			return err
		}
	}
	j.report.Output.Edited = w.edited
	j.report.Output.Dropped = out.Dropped() + w.skipped
	return nil
}

// copy writes every block as it came.
func (j *job) copy(ctx context.Context, out *capture.Writer) error {
	_, err := j.pass(ctx, &decoder{}, func(c *chunk) error {
		for i := range c.units {
			if err := out.Write(c.units[i].block); err != nil {
				return ioError("write the output", err)
			}
		}
		c.release(len(c.units))
		return nil
	})
	if err != nil {
		return err
	}
	return ioResult("write the output", out.Flush())
}

// publish lets the finished file appear under its name.
func (j *job) publish(tmp string) error {
	o := &j.report.Output
	o.Status = statusWritten
	if j.out == "-" {
		o.Name = "-"
		return j.toStdout(tmp)
	}
	o.Name = filepath.Base(j.out)
	same, exists, err := equalFiles(tmp, j.out)
	switch {
	case err != nil:
		return ioError("compare with the output that exists", err)
	case same:
		o.Status = statusUnchanged
		return nil
	case exists && !j.o.Force:
		return fmt.Errorf("%w: %w: %s", ErrIO, ErrExists, j.out)
	}
	return ioResult("rename the output", os.Rename(tmp, j.out))
}

func (j *job) toStdout(tmp string) error {
	f, err := os.Open(tmp)
	if err != nil {
		return ioError("write to standard output", err)
	}
	defer f.Close()
	var out io.Writer = os.Stdout
	if j.o.Stdout != nil {
		out = j.o.Stdout
	}
	_, err = io.Copy(out, f)
	return ioResult("write to standard output", err)
}

// equalFiles reports whether b exists and holds the same bytes as a.
func equalFiles(a, b string) (same, exists bool, err error) {
	info, err := os.Stat(b)
	if errors.Is(err, os.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	other, err := os.Stat(a)
	if err != nil {
		return false, true, err
	}
	if !info.Mode().IsRegular() || info.Size() != other.Size() {
		return false, true, nil
	}
	same, err = equalContents(a, b)
	return same, true, err
}

func equalContents(a, b string) (bool, error) {
	fa, err := os.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := os.Open(b)
	if err != nil {
		return false, err
	}
	defer fb.Close()
	ra, rb := bufio.NewReaderSize(fa, 1<<18), bufio.NewReaderSize(fb, 1<<18)
	for {
		pa, erra := ra.Peek(1 << 18)
		pb, errb := rb.Peek(1 << 18)
		if !bytes.Equal(pa, pb) {
			return false, nil
		}
		if erra != nil || errb != nil {
			return erra == io.EOF && errb == io.EOF, notEOF(erra, errb)
		}
		ra.Discard(len(pa))
		rb.Discard(len(pb))
	}
}

func notEOF(errs ...error) error {
	for _, err := range errs {
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}
