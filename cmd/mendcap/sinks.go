package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// checkReports reads and checks the names of --report, so that none is found wanting
// after the work, and none replaces anything else that is read or written.
func (f *repairFlags) checkReports(s *streams, taken *claims) error {
	if err := taken.streams(s); err != nil {
		return err
	}
	for _, arg := range f.reports {
		to, err := parseTarget(arg)
		if err != nil {
			return err
		}
		f.targets = append(f.targets, to)
		if to.name == "-" {
			if f.printed || f.json || f.write == "-" {
				return usagef("a file takes one of them", "--report %s: something else goes to standard output too", arg)
			}
			f.printed = true
		}
		if to.isDevice() {
			continue // as many reports as are wanted
		}
		if strings.HasSuffix(strings.ToLower(to.name), ".tables.json") {
			return usagef("choose another name", "--report %s: files of this name hold network tables", arg)
		}
		if err := taken.output("--report", to.name, "another report"); err != nil {
			return err
		}
	}
	return nil
}

// sinks are the places that the reports of a run go to. Files of --report are
// opened before the work, so that it isn't done in vain.
type sinks struct {
	screen io.Writer // terminal form; nil for none
	form   render.Screen
	shown  bool // something is on the screen
	files  []*sink
	shared map[string]bool // base names that several captures have
}

// openSinks opens them; perm are the permissions of what is read.
func (f *repairFlags) openSinks(s *streams, perm fs.FileMode, o render.WriterOptions) (*sinks, error) {
	var err error
	if slices.ContainsFunc(f.targets, func(t target) bool { return t.format == render.HTML }) {
		if o.Made, err = madeBy(s.args); err != nil {
			return nil, err
		}
	}
	to := &sinks{form: render.Screen{Width: s.width, Colour: s.colour, Details: f.verbose}}
	switch {
	case f.json:
		sink, err := newSink(standardOutput, s.out, render.JSON, o)
		if err != nil {
			return nil, err
		}
		to.files = append(to.files, sink)
	case f.quiet, f.printed:
	case f.write == "-": // the capture goes to standard output
		to.screen, to.form.Colour = s.err, s.errColour
	default:
		to.screen = s.out
	}
	for _, target := range f.targets {
		sink, err := createSink(s, target, perm, o)
		if err != nil {
			to.discard()
			return nil, fmt.Errorf("write report: %w", err)
		}
		to.files = append(to.files, sink)
	}
	return to, nil
}

// sharedNames are the base names that several of the captures have.
func sharedNames(captures []string) map[string]bool {
	shared := make(map[string]bool)
	for _, one := range captures {
		_, again := shared[filepath.Base(one)]
		shared[filepath.Base(one)] = again
	}
	return shared
}

// nameOf is what reports call a capture: its base name, or where others have the same one
// the path by which it was named, with slashes.
func (to *sinks) nameOf(capture string) string {
	if base := filepath.Base(capture); !to.shared[base] {
		return base
	}
	return filepath.ToSlash(capture)
}

// add writes one report to all places.
func (to *sinks) add(r *report.Report) error {
	return errors.Join(to.show(r), to.every(func(s *sink) error { return s.add(r) }))
}

// every does something with all files, and says of which ones it failed.
func (to *sinks) every(do func(*sink) error) error {
	var failed []error
	for _, sink := range to.files {
		if err := do(sink); err != nil {
			failed = append(failed, fmt.Errorf("write report to %s: %w", sink.name, err))
		}
	}
	return errors.Join(failed...)
}

// each returns what hands the findings of one capture to the places that take
// them one by one; nil where none does.
func (to *sinks) each(capture string) func(*report.Finding) {
	var takers []*sink
	for _, sink := range to.files {
		if sink.begin() {
			takers = append(takers, sink)
		}
	}
	if takers == nil {
		return nil
	}
	return func(f *report.Finding) {
		for _, sink := range takers {
			sink.finding(capture, f)
		}
	}
}

// abandon takes back what was written of a capture without a report.
func (to *sinks) abandon() error { return to.every((*sink).abandon) }

func (to *sinks) show(r *report.Report) error {
	if to.screen == nil {
		return nil
	}
	if to.shown {
		if _, err := fmt.Fprintln(to.screen); err != nil {
			return err
		}
	}
	to.shown = true
	return render.Terminal(to.screen, r, to.form)
}

// close ends all places. A file that no report went to does not appear.
func (to *sinks) close() error { return to.every((*sink).close) }

// discard takes away the files that were opened.
func (to *sinks) discard() {
	for _, sink := range to.files {
		if sink.file != nil {
			sink.file.Discard()
		}
	}
}

// reportFormats lists the formats of --report, as suffixes.
func reportFormats() string {
	var all []string
	for _, f := range render.Formats() {
		all = append(all, f.Suffix())
	}
	return strings.Join(all, ", ")
}

// target is a file of --report and the format that is written to it.
type target struct {
	name   string
	format render.Format
}

// isNull reports whether what is written to the target is gone.
func (t target) isNull() bool { return t.name == os.DevNull }

// isDevice reports whether the target is written to as it is, and not replaced: the
// null device, and what the system names in /dev, as a shell does for >(COMMAND).
func (t target) isDevice() bool {
	if t.isNull() || t.name == deviceStderr {
		return true
	}
	info, err := os.Stat(t.name)
	return err == nil && strings.HasPrefix(t.name, "/dev/") && !info.IsDir() && !info.Mode().IsRegular()
}

// The names that systems have for the streams, whatever these lead to.
const deviceStdout, deviceStderr = "/dev/stdout", "/dev/stderr"

// parseTarget reads FILE or FORMAT:FILE, where a FILE of "-" is standard output. The
// null device takes any format.
func parseTarget(arg string) (target, error) {
	if word, name, ok := strings.Cut(arg, ":"); ok && name != "" {
		for _, f := range render.Formats() {
			if word == string(f) || "."+word == f.Suffix() {
				return target{plainStream(name), f}, nil
			}
		}
	}
	f, ok := render.FormatOf(arg)
	if arg == os.DevNull {
		f, ok = render.JSON, true
	}
	if !ok {
		return target{}, usagef("the suffixes known are "+reportFormats()+"; json:FILE and the like name the format",
			"--report %s: no format has this suffix", arg)
	}
	return target{arg, f}, nil
}

// plainStream is "-" for standard output under its other name.
func plainStream(name string) string {
	if name == deviceStdout {
		return "-"
	}
	return name
}

// sink is one place for reports in one format.
type sink struct {
	name   string
	buf    *bufio.Writer
	writer render.Writer
	empty  bool
	failed error
	said   bool // that it failed

	device io.Closer // nil for what is no device, and for the null device

	// What follows is nil for standard output and devices.
	file     *atomicfile.File
	findings render.FindingWriter // the writer, if it takes findings one by one
	mark     int64                // where the current capture begins in the file
}

func newSink(name string, w io.Writer, f render.Format, o render.WriterOptions) (*sink, error) {
	s := &sink{name: name, buf: bufio.NewWriterSize(w, 1<<16), empty: true}
	var err error
	if s.writer, err = render.NewWriter(f, s.buf, o); err != nil {
		return nil, err
	}
	if s.file, _ = w.(*atomicfile.File); s.file != nil {
		s.findings, _ = s.writer.(render.FindingWriter)
	}
	return s, nil
}

// createSink opens a file of --report, or what takes its place.
func createSink(s *streams, to target, perm fs.FileMode, o render.WriterOptions) (*sink, error) {
	switch {
	case to.name == "-":
		return newSink(standardOutput, s.out, to.format, o)
	case to.isNull():
		return newSink(to.name, io.Discard, to.format, o)
	case to.name == deviceStderr:
		return newSink("standard error", s.err, to.format, o)
	case to.isDevice():
		return openDevice(to, o)
	}
	file, err := atomicfile.CreateFor(to.name, perm)
	if err != nil {
		return nil, err
	}
	sink, err := newSink(to.name, file, to.format, o)
	if err != nil {
		file.Discard()
	}
	return sink, err
}

// openDevice opens a device of --report for writing.
func openDevice(to target, o render.WriterOptions) (*sink, error) {
	device, err := os.OpenFile(to.name, os.O_WRONLY, 0)
	if err != nil {
		return nil, err
	}
	sink, err := newSink(to.name, &output{file: device}, to.format, o)
	if err != nil {
		return nil, errors.Join(err, device.Close())
	}
	sink.device = device
	return sink, nil
}

// begin marks where a capture begins; false where findings are not taken one by
// one.
func (s *sink) begin() bool {
	if s.findings == nil || s.failed != nil {
		return false
	}
	if s.failed = s.buf.Flush(); s.failed == nil {
		s.mark, s.failed = s.file.Seek(0, io.SeekCurrent)
	}
	return s.failed == nil
}

// finding writes one finding. What goes wrong is said with the report.
func (s *sink) finding(capture string, f *report.Finding) {
	if s.failed == nil {
		s.failed = s.findings.Finding(capture, f)
	}
}

// abandon takes back the findings of the current capture.
func (s *sink) abandon() error {
	if s.findings == nil || s.failed != nil {
		return s.failed
	}
	s.findings.Abandon()
	if err := s.buf.Flush(); err != nil {
		return err
	}
	if err := s.file.Truncate(s.mark); err != nil {
		return err
	}
	_, err := s.file.Seek(s.mark, io.SeekStart)
	return err
}

func (s *sink) add(r *report.Report) error {
	s.empty = false
	if s.failed == nil {
		s.failed = s.writer.Add(r)
	}
	if s.failed == nil {
		s.failed = s.buf.Flush()
	}
	if s.said {
		return nil
	}
	s.said = s.failed != nil
	return s.failed
}

func (s *sink) close() error {
	switch {
	case s.device != nil && s.said:
		return s.device.Close()
	case s.device != nil:
		return errors.Join(s.end(), s.device.Close())
	case s.file == nil && s.said:
		return nil
	case s.file == nil:
		return s.end()
	case s.empty || s.failed != nil:
		return s.file.Discard()
	}
	return s.file.Fill(func(io.Writer) error { return s.end() })
}

// end writes what closes the document.
func (s *sink) end() error {
	if err := s.writer.Close(); err != nil {
		return err
	}
	return s.buf.Flush()
}
