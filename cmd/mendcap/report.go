package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

func reportCommand() *command {
	f := &repairFlags{}
	flags := newFlags("report")
	flags.StringArrayVar(&f.reports, "report", nil, "write it to `FILE`, its format by its suffix: "+reportFormats()+" (repeatable)")
	flags.StringVar(&f.graphs, "graphs", "", "write the graphs of connections into the folder `DIR`, as SVG and for xplot")
	flags.BoolVar(&f.options.Force, "force", false, "replace other graphs of the same names")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print laws, headers, all connections and the first findings too")
	return &command{flags, f.render}
}

// render shows the reports of a stored file again.
func (f *repairFlags) render(ctx context.Context, s *streams, args []string) int {
	if len(args) != 1 {
		return s.fail("", usagef(seeCommand, "one stored report must be named, not %d", len(args)))
	}
	stored := args[0]
	if err := f.checkGraphs(); err != nil {
		return s.fail("", err)
	}
	read := &claims{}
	read.input(s.in, stored, "the stored report")
	if err := f.checkReports(s, read); err != nil {
		return s.fail("", err)
	}
	if err := s.readable(ctx, stored); err != nil {
		return s.fail(stored, err)
	}
	in, done, err := s.openReports(ctx, stored)
	if err != nil {
		return s.fail(stored, err)
	}
	defer done()
	first, err := in.Next()
	if err != nil && err != io.EOF {
		return s.fail(stored, err)
	}
	to, failed := f.openSinks(s, atomicfile.Permissions(stored), render.WriterOptions{Several: err == io.EOF || in.More()})
	if failed != nil {
		return s.fail("", failed)
	}
	code := exitDone
	for r := first; err != io.EOF; r, err = in.Next() {
		if err != nil { // no file is written then
			to.discard()
			return max(code, s.fail(stored, err))
		}
		drawn := f.claimGraphs(read, r.Capture.Name)
		if drawn == nil {
			drawn = f.writeGraphs(r.Capture.Name, r)
		}
		code = max(code, s.fail(stored, to.add(r)), s.fail(stored, drawn))
	}
	return max(code, s.fail("", to.close()))
}

// readable reads a file of stored reports to its end, so that nothing is shown of
// one that can't be read. Of standard input that is known later.
func (s *streams) readable(ctx context.Context, name string) error {
	if name == "-" {
		return nil
	}
	in, done, err := s.openReports(ctx, name)
	if err != nil {
		return err
	}
	defer done()
	for err == nil {
		_, err = in.Next()
	}
	if err == io.EOF {
		return nil
	}
	return err
}

// openReports opens a file of stored reports, "-" for standard input.
func (s *streams) openReports(ctx context.Context, name string) (in *report.Reader, done func(), err error) {
	if name == "-" {
		return report.NewReader(s.interruptibleInput(ctx)), func() {}, nil
	}
	file, err := openStored(name, report.ErrReport)
	if err != nil {
		return nil, nil, err
	}
	return report.NewReader(file), func() { file.Close() }, nil
}

// openStored opens a file that an earlier run wrote; is says what one is not that
// can't be read.
func openStored(name string, is error) (*os.File, error) {
	file, err := filesys.Open(name)
	var at *fs.PathError
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%w: no such file", is)
	case errors.As(err, &at):
		return nil, fmt.Errorf("%w: %w", is, at.Err)
	case err == nil && isCapture(file):
		return nil, errors.Join(fmt.Errorf("%w: a capture", is), file.Close())
	}
	return file, err
}

// isCapture reports whether a file is named as captures are and does not begin as JSON
// does.
func isCapture(file *os.File) bool {
	if !naming.IsNamedCapture(file.Name()) && !naming.IsEventTrace(file.Name()) {
		return false
	}
	var first [1]byte
	n, _ := file.ReadAt(first[:], 0)
	return n > 0 && !strings.ContainsAny(string(first[:]), "{[ \t\r\n")
}
