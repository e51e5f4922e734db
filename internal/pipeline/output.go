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

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/report"
)

// The ways in which an output can end up.
const (
	statusWritten   = "written"
	statusUnchanged = "unchanged"
	statusOmitted   = report.StatusOmitted
)

// output is a file that is filled with the repaired capture. It appears once it is
// whole: under its name, or on Options.Stdout. What is written to the null device goes
// nowhere.
type output struct {
	*config
	said    *report.Output
	draft   draft
	there   bool             // something has its name already
	pending *atomicfile.File // nil where it is Options.Stdout or the null device
}

// newOutput begins an output, which has to be discarded or published. What becomes of
// it is told to said.
func newOutput(c *config, permissions fs.FileMode, said *report.Output) (*output, error) {
	out := &output{config: c, said: said, draft: draft{sum: c.o.Sum}}
	var err error
	if c.out == "-" || filesys.IsNull(c.out) {
		out.draft.again = true
		out.draft.file, err = atomicfile.Scratch()
	} else if out.pending, err = atomicfile.CreateFor(c.out, permissions); err == nil {
		_, missing := os.Stat(c.out)
		out.draft.file, out.there = out.pending.File, missing == nil
		out.draft.again = out.there || c.o.Reflink || c.o.Hardlink // to be compared with what is there
	}
	if err != nil {
		return nil, ioError("create the output", err)
	}
	return out, nil
}

// discard takes away what did not appear.
func (out *output) discard() error {
	if out.pending == nil {
		removeScratch(out.draft.file)
		return nil
	}
	return ioError("remove what was not published", out.pending.Discard())
}

// publish lets the finished file appear, unless it is to be omitted and nothing has its
// name. If another run takes the name meanwhile, what it has put there is compared too.
func (out *output) publish(ctx context.Context, omit bool) error {
	if out.pending == nil {
		return errors.Join(out.send(ctx), out.discard())
	}
	if omit && !out.there {
		out.said.Name, out.said.Status = outputName(out.config.out), statusOmitted
		return out.discard()
	}
	for {
		appears, err := out.appears()
		if !appears {
			return errors.Join(err, out.discard())
		}
		if out.shares() {
			return out.discard()
		}
		if err := out.pending.Settle(ctx); err != nil {
			return errors.Join(ioError("publish the output", err), out.discard())
		}
		if out.o.Force {
			return ioError("publish the output", out.pending.Commit())
		}
		if err := out.pending.CommitNew(); !errors.Is(err, fs.ErrExist) {
			return ioError("publish the output", err)
		}
	}
}

// appears says whether the finished file is to take the output's name: not where the
// same bytes are there already, nor where others are.
func (out *output) appears() (bool, error) {
	out.said.Name, out.said.Status = outputName(out.config.out), statusWritten
	same, exists, err := equalFiles(out.pending.Name(), out.config.out)
	switch {
	case err != nil:
		return false, ioError("compare with the output that exists", err)
	case same:
		out.said.Status = statusUnchanged
		return false, nil
	case exists && !out.o.Force:
		return false, fmt.Errorf("%w: %s", ErrExists, out.config.out)
	}
	return true, nil
}

// shares lets the output be one with the capture where that is asked for and both hold
// the same bytes. It says whether the output has appeared by that; otherwise the draft is
// still to, whatever the reason.
func (out *output) shares() bool {
	if !out.o.Reflink && !out.o.Hardlink || out.config.in == "-" {
		return false
	}
	capture, err := filepath.EvalSymlinks(out.config.in) // a link to a link would lead elsewhere
	if err != nil {
		return false
	}
	if same, _, err := equalFiles(out.pending.Name(), capture); err != nil || !same {
		return false
	}
	if out.o.Hardlink {
		return os.Link(capture, out.config.out) == nil
	}
	return reflink(out.pending.File, capture, out.config.out)
}

// outputName is what the report calls an output: its name without folders, but for the
// null device, which has none.
func outputName(out string) string {
	if out == os.DevNull {
		return out
	}
	return filepath.Base(out)
}

// send copies the finished file to Options.Stdout.
func (out *output) send(ctx context.Context) error {
	doing := "write to standard output"
	out.said.Name, out.said.Status = outputName(out.config.out), statusWritten
	if out.config.out != "-" {
		return nil
	}
	if out.o.Source != nil {
		doing, out.said.Name = "write the output", ""
	}
	if _, err := out.draft.file.Seek(0, io.SeekStart); err != nil {
		return ioError(doing, err)
	}
	var to io.Writer = os.Stdout
	if out.o.Stdout != nil {
		to = out.o.Stdout
	}
	_, err := io.Copy(to, filesys.WhileRunning(ctx, out.draft.file))
	return ioError(doing, err)
}

// equalFiles reports whether b exists and holds the same bytes as a.
func equalFiles(a, b string) (same, exists bool, err error) {
	info, err := os.Stat(b)
	if errors.Is(err, os.ErrNotExist) {
		return false, false, nil
	}
	other, failed := os.Stat(a)
	if err = errors.Join(err, failed); err == nil && info.Mode().IsRegular() && info.Size() == other.Size() {
		same, err = equalContents(a, b)
	}
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
	pa, pb := make([]byte, 1<<18), make([]byte, 1<<18)
	for {
		n, erra := io.ReadFull(fa, pa)
		m, errb := io.ReadFull(fb, pb)
		switch err := errors.Join(unended(erra), unended(errb)); {
		case err != nil:
			return false, err
		case !bytes.Equal(pa[:n], pb[:m]):
			return false, nil
		case erra != nil:
			return true, nil // both have come to their end
		}
	}
}

// unended is an error of io.ReadFull but for that at the end of the file.
func unended(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}
