package main

import (
	"bufio"
	"io"
	"io/fs"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

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

// parseTarget reads FILE or FORMAT:FILE.
func parseTarget(arg string) (target, error) {
	if word, name, ok := strings.Cut(arg, ":"); ok && name != "" {
		for _, f := range render.Formats() {
			if word == string(f) || "."+word == f.Suffix() {
				return target{name, f}, nil
			}
		}
	}
	f, ok := render.FormatOf(arg)
	if !ok {
		return target{}, usagef("the suffixes known are "+reportFormats()+"; json:FILE and the like name the format",
			"--report %s: no format has this suffix", arg)
	}
	return target{arg, f}, nil
}

// sink is one place for reports in one format.
type sink struct {
	name   string
	buf    *bufio.Writer
	writer render.Writer
	empty  bool
	failed error
	said   bool // that it failed

	// What follows is nil for standard output.
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

// createSink opens a file of --report.
func createSink(to target, perm fs.FileMode, o render.WriterOptions) (*sink, error) {
	file, err := atomicfile.CreateFor(to.name, perm)
	if err != nil {
		return nil, err
	}
	s, err := newSink(to.name, file, to.format, o)
	if err != nil {
		file.Discard()
	}
	return s, err
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

// abandon takes back the findings of the capture at hand.
func (s *sink) abandon() error {
	if s.findings == nil || s.failed != nil {
		return s.failed
	}
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
