package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/filesys"
)

// errConvert says that the input is a capture of another format, which has to be
// converted.
var errConvert = errors.New("a capture of another format")

// errPresumed says that a trace tells other than its beginning did, or that it was not read
// to its end by the pass that was to find out: it has to be gone through before.
var errPresumed = errors.New("more has to be known of the trace before its packets are read")

// presumeFrom is from how many bytes on a trace is not gone through in a pass of its own:
// that would take a fifth of a repair that changes nothing.
const presumeFrom = 64 << 20

// converted is an input of another format, which is read as pcapng.
type converted struct {
	*convert.File
	noted       bool // the report has its notes
	notes       int  // how many the report had before
	from        io.ReaderAt
	size        int64    // of from, bytes
	file        *os.File // that from is; nil where it is in memory
	scratch     bool     // file is a copy
	compression string   // of the input
	damage      []salvage.Damage
}

// convert looks through an input of another format, so that it can be read as pcapng.
func (j *job) convert(ctx context.Context) error {
	s := j.source
	c, err := s.random(ctx, &j.o)
	if err != nil {
		return err
	}
	s.converted = c
	o := convert.Options{AllLayers: j.o.AllLayers, Zone: j.o.CaptureZone, MaxUnpacked: j.o.MaxUnpacked, Presume: presumeFrom}
	if j.whole || j.explain != nil || j.o.RefuseDamaged || s.was == nil || c.scratch {
		o.Presume = 0 // more is asked of the trace, or to begin again would be to copy it again
	}
	if c.File, err = convert.Open(filesys.AtWhileRunning(ctx, c.from), c.size, o); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, err)
	}
	c.takeDamage()
	if j.o.RefuseDamaged && len(c.damage) > 0 {
		d := c.damage[0]
		return fmt.Errorf("%w: %s: %w", ErrNoCapture, s.name, &capture.FormatError{Frame: d.Frame, Offset: d.Offset, Err: d.Err})
	}
	j.drops = newDrops(c.File)
	c.notes = len(j.report.Notes)
	j.noteConverted()
	told := c.Snapshot()
	if result := tables.ResultOf(s.name, c.Format(), told); result.Rows > 0 {
		tables.Merge(j.snapshot, told)
		j.report.table(&result)
	}
	return nil
}

// noteConverted notes what an input of another format tells, once it was gone through.
func (j *job) noteConverted() {
	c := j.source.converted
	if c == nil || c.noted || c.Presumed() {
		return
	}
	c.noted = true
	j.report.Notes = slices.Insert(j.report.Notes, c.notes, c.Notes()...)
}

// takeDamage takes over what could not be read, unless it isn't known yet.
func (c *converted) takeDamage() {
	if c.Presumed() {
		return
	}
	for _, d := range c.Damages() {
		c.damage = append(c.damage, salvage.Damage{Frame: d.Frame, Offset: d.Offset, Length: d.Length, Lost: !d.Mended, Err: d.Err})
	}
}

// settle takes what a pass that has come to the end has found of a trace of which only the
// beginning was gone through.
func (c *converted) settle() error {
	if !c.Presumed() {
		return nil
	}
	if !c.Settle() {
		return errPresumed
	}
	c.takeDamage()
	return nil
}

// random gives the input decompressed, where it can be read anywhere: in a file, which is
// a copy where it is not one already, or in memory where it is there.
func (s *source) random(ctx context.Context, o *Options) (*converted, error) {
	in, err := s.begin()
	if err != nil {
		return nil, err
	}
	plain, compression, err := compress.DecompressSalvaging(filesys.WhileRunning(ctx, in))
	if err != nil {
		in.Close()
		return nil, ioError("read "+s.name, err)
	}
	c := &converted{compression: compression}
	if file, ok := in.(*os.File); ok && compression == "" {
		if err := c.hold(file); err != nil {
			file.Close()
			return nil, err
		}
		return c, nil
	}
	defer in.Close()
	if s.content != nil && compression == "" {
		c.from, c.size = bytes.NewReader(s.content), int64(len(s.content))
		return c, nil
	}
	file, err := atomicfile.Scratch()
	if err != nil {
		return nil, ioError("spool the input", err)
	}
	if err = c.fill(file, plain, o); err == nil {
		err = c.hold(file)
	}
	if err != nil {
		removeScratch(file)
		return nil, err
	}
	c.scratch = true
	return c, nil
}

// hold reads from a file from now on.
func (c *converted) hold(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return ioError("read "+file.Name(), err)
	}
	c.from, c.file, c.size = file, file, info.Size()
	return nil
}

// fill copies the input to a file. Damage of compressed data that can be passed over is noted.
func (c *converted) fill(file *os.File, plain io.Reader, o *Options) error {
	from := &limited{r: plain, most: o.spoolLimit()}
	if o.MaxUnpacked > 0 && c.compression != "" {
		from.most = min(from.most, o.MaxUnpacked)
	}
	_, err := io.Copy(file, from)
	for gap, more := compress.GoesOn(err); more; gap, more = compress.GoesOn(err) {
		c.damage = append(c.damage, salvage.Damage{Offset: from.read, Lost: true, Err: gap})
		_, err = io.Copy(file, from)
	}
	if errors.Is(err, ErrSpoolLimit) && from.most == o.MaxUnpacked {
		return fmt.Errorf("%w: %w of %d bytes", ErrNoCapture, ErrUnpacked, o.MaxUnpacked)
	}
	return ioError("spool the input", err)
}

// close ends the input, and removes it if it is a copy.
func (c *converted) close() {
	switch {
	case c.scratch:
		removeScratch(c.file)
	case c.file != nil:
		c.file.Close()
	}
}
