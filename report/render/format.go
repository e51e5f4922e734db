// Package render shows reports to people and to other programs: text for
// terminals, Markdown, a page of HTML, CSV, JSON lines and JUnit. A Writer takes
// the reports of one run in one of the formats that Formats lists; the functions
// write a report, the summary of a batch, a difference, checks, explanations or
// network tables at once.
//
// It promises the same bytes for the same values, whatever the locale: sorted,
// without clock or host name. Text that came from packets or file names is
// sanitised wherever it is shown, and no format takes it for mark-up or for a
// formula. What is written is bounded, whatever a stored report holds: long
// lists are cut, and what was left out is counted.
package render

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// Format is one form in which reports are written to files.
type Format string

// The formats.
const (
	JSON      Format = "json"  // all that a Report holds
	JSONLines Format = "jsonl" // one finding a line, after those of a capture its counts
	CSV       Format = "csv"   // one finding a line, for spreadsheets
	Markdown  Format = "md"    // a summary for pull requests
	HTML      Format = "html"  // one page with pictures, that needs nothing else
	JUnit     Format = "junit" // one test case for each check
)

// Formats lists all formats, in the order in which help shows them.
func Formats() []Format { return []Format{JSON, JSONLines, CSV, Markdown, HTML, JUnit} }

// Suffix is how names of files in this format end.
func (f Format) Suffix() string {
	if f == JUnit {
		return ".xml"
	}
	return "." + string(f)
}

// FormatOf returns the format that the suffix of a file name means.
func FormatOf(name string) (Format, bool) {
	suffix := strings.ToLower(filepath.Ext(name))
	for _, f := range Formats() {
		if f.Suffix() == suffix {
			return f, true
		}
	}
	return "", false
}

// Writer writes the reports of one run in one format.
type Writer interface {
	// Add writes one capture's report, of which nothing is kept.
	Add(r *report.Report) error
	// Close ends the document. It does not close what is written to.
	Close() error
}

// FindingWriter is a Writer that can take findings one by one, so that none
// has to be left out for want of memory.
type FindingWriter interface {
	Writer
	// Finding writes one finding of the capture whose report is added next.
	// Once it was called, Add leaves out the findings of reports.
	Finding(capture string, f *report.Finding) error
	// Abandon forgets those that were handed over since a report was added last, as far
	// as they are not written yet.
	Abandon()
}

// WriterOptions choose what a Writer writes. The zero value works.
type WriterOptions struct {
	Several bool // the run has several captures: JSON is an array
	Made    Made // for the footers of pages; other formats don't have it
}

// NewWriter begins a document of the format f on w.
func NewWriter(f Format, w io.Writer, o WriterOptions) (Writer, error) {
	switch f {
	case JSON:
		return &jsonWriter{w: w, several: o.Several}, nil
	case JSONLines:
		return newLineWriter(w), nil
	case CSV:
		return newCSVWriter(w)
	case Markdown:
		return &markdownWriter{w: w}, nil
	case HTML:
		return newHTMLWriter(w, o.Several, o.Made), nil
	case JUnit:
		return &junitWriter{w: w}, nil
	}
	return nil, fmt.Errorf("unknown report format %q", f)
}

// jsonWriter writes one report alone, or several as an array.
type jsonWriter struct {
	w       io.Writer
	several bool
	begun   bool
}

func (j *jsonWriter) Add(r *report.Report) error {
	if err := j.write(",\n", "[\n"); err != nil {
		return err
	}
	j.begun = true
	return r.WriteJSON(j.w)
}

func (j *jsonWriter) Close() error { return j.write("]\n", "[]\n") }

// write writes what an array has here after a report, or else before any.
func (j *jsonWriter) write(after, before string) error {
	said := before
	if j.begun {
		said = after
	}
	_, err := io.WriteString(j.w, text.When(j.several, said))
	return err
}

// findingWriter writes findings one by one, whether they come so or in reports.
type findingWriter struct {
	finding  func(capture string, f *report.Finding) error
	abandon  func()                                      // nil where nothing is kept
	end      func(r *report.Report, omitted int64) error // after the findings of a capture, without those that were omitted
	streamed bool
}

func (w *findingWriter) Finding(capture string, f *report.Finding) error {
	w.streamed = true
	return w.finding(capture, f)
}

func (w *findingWriter) Abandon() {
	if w.abandon != nil {
		w.abandon()
	}
}

// Add writes the findings that have not come one by one as they are met in the output.
func (w *findingWriter) Add(r *report.Report) error {
	if w.streamed {
		return w.end(r, 0)
	}
	sorted := slices.Clone(r.Findings.List)
	slices.SortStableFunc(sorted, func(a, b report.Finding) int { return cmp.Compare(a.FrameAfter, b.FrameAfter) })
	for i := range sorted {
		if err := w.finding(r.Capture.Name, &sorted[i]); err != nil {
			return err
		}
	}
	return w.end(r, r.Findings.Omitted)
}

func (w *findingWriter) Close() error { return nil }
