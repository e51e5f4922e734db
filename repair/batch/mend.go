package batch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// mend repairs one capture and writes its report beside the output. Where an
// earlier run has done so it returns that run's report.
func (r *runner) mend(ctx context.Context, j job) (rep *report.Report, err error) {
	before, err := os.Stat(j.file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", repair.ErrNoCapture, err)
	}
	paths, err := r.tablesOf(j.file)
	if err != nil {
		return nil, err
	}
	inputs, read, err := fingerprint(ctx, j.file, r.o.Program, r.choices, paths, j.t.sums)
	if err != nil {
		return nil, err
	}
	if read <= mostPaused {
		ctx = atomicfile.WithPause(ctx, r.pause)
	}
	out := j.t.out()
	reportPath := reportName(out)
	old, err := reportThere(reportPath, filepath.Base(j.file), filepath.Base(out))
	switch {
	case err != nil && !r.o.Repair.Force:
		return nil, err
	case r.o.Resume && finished(ctx, old, inputs, out):
		if err := r.writePage(out, old, true, before); err != nil {
			return nil, err
		}
		r.kept.Add(1)
		return old, nil
	}
	if err := r.makeFolder(j.t); err != nil {
		return nil, fmt.Errorf("%w: make the folder of the output: %w", repair.ErrIO, err)
	}
	f, err := atomicfile.CreateFor(reportPath, atomicfile.PermissionsOf(before))
	if err != nil {
		return nil, fmt.Errorf("%w: create the report: %w", repair.ErrIO, err)
	}
	defer func() { err = errors.Join(err, f.Discard()) }() // where it has not appeared
	if rep, err = r.repair(ctx, j, out, paths, before); err != nil {
		return nil, err
	}
	rep.Origin.Inputs = inputs
	if err := r.writePage(out, rep, old != nil, before); err != nil {
		return nil, err
	}
	return rep, writeReport(ctx, f, reportPath, rep, old != nil)
}

// mostSequential is how many bytes a capture has at most that one processor repairs where
// each has one: with a larger one the others would have nothing to do in the end.
const mostSequential = 64 << 20

// repair repairs the capture, which was as before says, with these tables. Of the
// report's origin it fills in the output.
func (r *runner) repair(ctx context.Context, j job, out string, paths []string, before os.FileInfo) (*report.Report, error) {
	o := r.o.Repair
	o.Tables = append([]string{}, paths...) // not nil: they were looked for
	o.Progress = func(done, total int64) { r.advance(j.t, done, total) }
	o.Sequential = min(r.o.Jobs, len(r.tasks)) >= runtime.GOMAXPROCS(0) && before.Size() <= mostSequential
	o.MaxUnpacked = r.limits.most(before.Size())
	o.OnlyChanged = o.OnlyChanged && j.cut == nil
	o.Hardlink = o.Hardlink && j.t.member == Alone // a member lies in a temporary file
	o.Sum = sha256.New()
	rep, err := repair.File(ctx, j.file, out, o)
	if errors.Is(err, repair.ErrUnpacked) {
		return nil, fmt.Errorf("%w: %w; a repair of this capture by itself has no limit", repair.ErrNoCapture, r.limits.bomb(before.Size()))
	}
	if err != nil {
		return nil, err
	}
	if after, err := os.Stat(j.file); err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) {
		return nil, fmt.Errorf("%w: the capture was changed while it was read", repair.ErrIO)
	}
	rep.Origin = &report.Origin{Output: hex.EncodeToString(o.Sum.Sum(nil))}
	settle(&rep, j)
	return &rep, nil
}

// settle takes out of a report what depends on how often the batch was begun, and
// where members of archives lay meanwhile.
func settle(rep *report.Report, j job) {
	if rep.Output.Status != report.StatusOmitted {
		rep.Output.Status = "written"
	}
	rep.Notes = append(rep.Notes, j.t.notes...)
	if j.t.member == Alone && !j.t.copied {
		return
	}
	dir, shown := filepath.Dir(j.file), shownIn(j.t.shown, "..")
	for i := range rep.Tables {
		rep.Tables[i].Name = strings.ReplaceAll(rep.Tables[i].Name, dir, shown)
	}
	for i := range rep.Notes {
		rep.Notes[i] = strings.ReplaceAll(rep.Notes[i], dir, shown)
	}
}

// reportThere reads the report of an earlier run. A file of that name that is
// none, or another's, is not replaced: that is an error. The report's names are those of
// the capture and of the output again, of which a report keeps text alone.
func reportThere(name, capture, output string) (*report.Report, error) {
	f, err := filesys.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", repair.ErrIO, err)
	}
	defer f.Close()
	old, err := report.ReadOne(f)
	if err != nil || old.Output.Name != naming.AsText(output) {
		return nil, fmt.Errorf("%w: %s is not the report of %s", repair.ErrExists, name, output)
	}
	old.Output.Name = output
	if old.Capture.Name == naming.AsText(capture) {
		old.Capture.Name = capture
	}
	return old, nil
}

// finished reports whether an earlier run did all there is to do: what it
// followed from is the same, and its output is there as it was, or is not there where it
// was omitted.
func finished(ctx context.Context, old *report.Report, inputs, out string) bool {
	if old == nil || old.Origin == nil || old.Origin.Inputs != inputs {
		return false
	}
	if old.Output.Status == report.StatusOmitted {
		return !isThere(out)
	}
	output, _, err := hashOf(ctx, out)
	return err == nil && hex.EncodeToString(output) == old.Origin.Output
}

// makeFolder makes the folder of an output, once, and takes away what dead runs have
// left there. It fails where a symbolic link would lead out of the root.
func (r *runner) makeFolder(t *task) error {
	folder := filepath.FromSlash(path.Dir(t.rel))
	made, _ := r.folders.LoadOrStore(filepath.Join(t.root, folder), sync.OnceValue(func() error {
		return makeFolder(t.root, folder)
	}))
	return made.(func() error)()
}

func makeFolder(top, folder string) error {
	root, err := os.OpenRoot(top)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	if _, err := root.Stat(folder); err != nil {
		return err
	}
	return naming.SweepMended(filepath.Join(top, folder))
}

// writePage writes the page of a capture, if there are to be pages and it is not there
// already. What is there otherwise is replaced where it is an earlier run's, whose report
// was there too.
func (r *runner) writePage(out string, rep *report.Report, ours bool, before os.FileInfo) error {
	if r.o.Page == nil {
		return nil
	}
	var page bytes.Buffer
	if err := r.o.Page(&page, rep); err != nil {
		return fmt.Errorf("%w: write the page: %w", repair.ErrIO, err)
	}
	name := pageName(out)
	if same, err := filesys.Holds(name, page.Bytes()); err == nil && same {
		return nil
	}
	if !ours && !r.o.Repair.Force && isThere(name) {
		return fmt.Errorf("%w: %s is no page of an earlier run", repair.ErrExists, name)
	}
	err := atomicfile.Write(name, atomicfile.PermissionsOf(before), func(w io.Writer) error {
		_, err := page.WriteTo(w)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: write the page: %w", repair.ErrIO, err)
	}
	return nil
}

// writeReport writes a report whole, unless it is there already; it can be if one is there.
func writeReport(ctx context.Context, f *atomicfile.File, name string, r *report.Report, there bool) error {
	if there {
		var text bytes.Buffer
		if err := r.WriteJSON(&text); err != nil {
			return err
		}
		if same, err := filesys.Holds(name, text.Bytes()); err == nil && same {
			return nil
		}
	}
	err := r.WriteJSON(f)
	if err == nil {
		err = f.Settle(ctx)
	}
	if err == nil {
		err = f.Commit()
	}
	if err != nil {
		return fmt.Errorf("%w: write the report: %w", repair.ErrIO, err)
	}
	return nil
}
