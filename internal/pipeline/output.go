package pipeline

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/filesys"
)

// The ways in which an output can end up.
const (
	statusWritten   = "written"
	statusUnchanged = "unchanged"
)

// write runs the third pass into a pending file and lets it appear as the
// output once it is whole.
func (j *job) write(ctx context.Context) error {
	if j.out == "-" {
		return j.writeStdout(ctx)
	}
	tmp, err := atomicfile.CreateFor(j.out, j.source.permissions())
	if err != nil {
		return ioError("create the output", err)
	}
	_, missing := os.Stat(j.out)
	err = j.fill(ctx, tmp.File, missing == nil) // to be compared with what is there
	if err == nil {
		err = j.settle(ctx)
	}
	if err != nil {
		return errors.Join(err, ioResult("remove what was not published", tmp.Discard()))
	}
	return j.publish(tmp)
}

// publish lets the finished file appear. If another run takes the name meanwhile,
// what it has put there is compared too.
func (j *job) publish(tmp *atomicfile.File) error {
	for {
		publish, err := j.publishes(tmp.Name())
		if !publish {
			return errors.Join(err, ioResult("remove what was not published", tmp.Discard()))
		}
		if j.o.Force {
			return ioResult("publish the output", tmp.Commit())
		}
		if err := tmp.CommitNew(); !errors.Is(err, fs.ErrExist) {
			return ioResult("publish the output", err)
		}
	}
}

// settle is asked before an output appears: it may not if the run was ended or
// the input was changed.
func (j *job) settle(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return j.source.changed()
}

func ioResult(doing string, err error) error {
	if err == nil {
		return nil
	}
	return ioError(doing, err)
}

// fill writes the repaired capture to a file; again says that the file is going
// to be read.
func (j *job) fill(ctx context.Context, file *os.File, again bool) error {
	d := &draft{file: file, again: again}
	err := j.draw(ctx, d)
	flushed := d.flush()
	if err != nil {
		return err
	}
	return ioResult("write the output", flushed)
}

// draw surveys the capture and writes it repaired. Where the survey finds
// nothing to repair it has written the capture along the way; where repairs were
// expected and none turned out to be needed, the capture is copied.
func (j *job) draw(ctx context.Context, d *draft) error {
	written, err := j.survey(ctx, d)
	if written || err != nil {
		return err
	}
	var out *packed
	w, err := j.emitGuarded(ctx, func() (*capture.Writer, error) {
		var err error
		if out, err = j.newPacked(d); err != nil {
			return nil, err
		}
		return out.Writer, nil
	})
	if err != nil {
		return err
	}
	if err := out.close(); err != nil {
		return err
	}
	changed := w.edited > 0 || w.moved > 0
	j.report.Output.Changed = changed
	if w.edits && !changed {
		w.skipped = 0
		if out, err = j.newPacked(d); err != nil {
			return err
		}
		if err := errors.Join(j.copy(ctx, out.Writer), out.close()); err != nil {
			return err
		}
	}
	j.report.Output.Edited = w.edited
	j.report.Output.LeftOut = out.Dropped() + w.skipped
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

// publishes says whether the finished file is to take the output's name: not
// where the same bytes stand there already, nor where others do.
func (j *job) publishes(tmp string) (bool, error) {
	o := &j.report.Output
	o.Status = statusWritten
	o.Name = filepath.Base(j.out)
	same, exists, err := equalFiles(tmp, j.out)
	switch {
	case err != nil:
		return false, ioError("compare with the output that exists", err)
	case same:
		o.Status = statusUnchanged
		return false, nil
	case exists && !j.o.Force:
		return false, fmt.Errorf("%w: %w: %s", ErrIO, ErrExists, j.out)
	}
	return true, nil
}

// writeStdout runs the third pass into a temporary file, which is copied to
// Options.Stdout once it is whole.
func (j *job) writeStdout(ctx context.Context) error {
	name, doing := "-", "write to standard output"
	if j.o.source != nil {
		name, doing = "", "write the output"
	}
	tmp, err := atomicfile.Scratch()
	if err != nil {
		return ioError("create the output", err)
	}
	spooled := source{path: tmp.Name(), spooled: tmp}
	defer spooled.close()
	if err := j.fill(ctx, tmp, true); err != nil {
		return err
	}
	if err := j.settle(ctx); err != nil {
		return err
	}
	j.report.Output.Name, j.report.Output.Status = name, statusWritten
	if _, err := tmp.Seek(0, io.SeekStart); err != nil {
		return ioError(doing, err)
	}
	var out io.Writer = os.Stdout
	if j.o.Stdout != nil {
		out = j.o.Stdout
	}
	_, err = io.Copy(out, contextReader{ctx, tmp})
	return ioResult(doing, err)
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
	fa, err := filesys.Open(a)
	if err != nil {
		return false, err
	}
	defer fa.Close()
	fb, err := filesys.Open(b)
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
