package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// summaryWriter takes the captures of a batch one by one.
type summaryWriter interface {
	Add(e *report.Entry) error
	Close() error
}

// summaryForm begins a summary.
type summaryForm func(w io.Writer, h *report.BatchHead) (summaryWriter, error)

// summaryForms are the forms of a batch's summary, by the suffix of its file.
var summaryForms = map[string]summaryForm{
	".json": func(w io.Writer, h *report.BatchHead) (summaryWriter, error) { return report.NewBatchWriter(w, h) },
	".csv":  func(w io.Writer, _ *report.BatchHead) (summaryWriter, error) { return render.NewBatchCSV(w) },
	".html": pageForm(render.BatchOptions{}), // with more of them, see openSummary
}

// pageForm is the form of a page.
func pageForm(o render.BatchOptions) summaryForm {
	return func(w io.Writer, h *report.BatchHead) (summaryWriter, error) {
		return &summaryPage{render.NewShortlist(), w, h, o}, nil
	}
}

// summaryPage is a page on its way: it is written at the end.
type summaryPage struct {
	*render.Shortlist

	w       io.Writer
	head    *report.BatchHead
	options render.BatchOptions
}

// Close writes the page.
func (p *summaryPage) Close() error { return render.BatchHTML(p.w, p.Batch(p.head), p.options) }

// summaryFile is a file that the summary of a batch goes to. It is opened before
// the work, so that it isn't done in vain.
type summaryFile struct {
	*atomicfile.File // nil for standard output and devices

	name   string
	form   summaryForm
	device *os.File      // that the summary goes to instead, if it must be closed
	to     summaryWriter // once it was begun
	failed error
}

// openSummaries opens the files of --report. They may be none of those that are
// read; of those in folders and archives carryOut sees to that.
func (f *batchFlags) openSummaries(s *streams, read []string) ([]*summaryFile, error) {
	var all []*summaryFile
	taken := &claims{}
	for _, name := range read {
		taken.add(name, "one that is read")
	}
	if err := taken.streams(s); err != nil {
		return nil, err
	}
	for _, name := range f.reports {
		one, err := f.openSummary(s, name, taken)
		if err != nil {
			return nil, errors.Join(err, discard(all))
		}
		all = append(all, one)
	}
	return all, nil
}

func (f *batchFlags) openSummary(s *streams, name string, taken *claims) (*summaryFile, error) {
	given := name
	suffix := strings.ToLower(filepath.Ext(name))
	if word, file, ok := strings.Cut(name, ":"); ok && file != "" && summaryForms["."+word] != nil {
		suffix, name = "."+word, plainStream(file)
	}
	form, ok := summaryForms[suffix]
	if suffix == ".html" {
		made, err := madeBy(s.args)
		if err != nil {
			return nil, err
		}
		form = pageForm(render.BatchOptions{Link: f.linkFrom(name), Made: made})
	}
	switch {
	case name == os.DevNull:
		form = summaryForms[".json"]
	case !ok:
		return nil, usagef("the suffixes known are .json, .csv, .html; json:FILE and the like name the format", "--report %s: no format of summaries has this suffix", given)
	case name == "-" && (f.json || f.printed):
		return nil, usagef("a file takes one of them", "--report %s: something else goes to standard output too", given)
	}
	f.printed = f.printed || name == "-"
	if name == "-" || (target{name: name}).isDevice() {
		return &summaryFile{name: name, form: form}, nil
	}
	if err := taken.output("--report", name, "another summary"); err != nil {
		return nil, err
	}
	if f.dry {
		return nil, usagef("--json prints what would be done", "--dry-run writes nothing, not --report %s either", name)
	}
	file, err := atomicfile.Create(name)
	if err != nil {
		return nil, fmt.Errorf("write summary: %w", err)
	}
	return &summaryFile{File: file, name: name, form: form}, nil
}

// writeSummaries writes the summary to all files, capture by capture. What goes wrong with
// one file stops none of the others; an error of each takes all away.
func writeSummaries(s *streams, to []*summaryFile, h *report.BatchHead, each func(add func(*report.Entry) error) error) error {
	for _, f := range to {
		f.failed = f.begin(s, h)
	}
	err := each(func(e *report.Entry) error {
		for _, f := range to {
			if f.failed == nil {
				f.failed = f.to.Add(e)
			}
		}
		return nil
	})
	if err != nil {
		return errors.Join(err, discard(to))
	}
	for _, f := range to {
		if failed := errors.Join(f.failed, f.end()); failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: write summary: %w", f.name, failed))
		}
	}
	return err
}

// begin begins the summary.
func (f *summaryFile) begin(s *streams, h *report.BatchHead) (err error) {
	var w io.Writer
	switch {
	case f.File != nil:
		w = f.File
	case f.name == "-":
		w = s.out
	case f.name == deviceStderr:
		w = s.err
	default:
		if f.device, err = os.OpenFile(f.name, os.O_WRONLY, 0); err != nil {
			return err
		}
		w = &output{file: f.device}
	}
	f.to, err = f.form(w, h)
	return err
}

// end ends the summary, and lets the file appear if nothing has failed.
func (f *summaryFile) end() (err error) {
	if f.failed == nil {
		f.failed = f.to.Close()
		err = f.failed
	}
	if f.device != nil {
		err = errors.Join(err, f.device.Close())
	}
	switch {
	case f.File == nil:
		return err
	case f.failed != nil:
		return errors.Join(err, f.Discard())
	}
	return f.Commit()
}

// discard takes away the files that no summary went to.
func discard(files []*summaryFile) (err error) {
	for _, f := range files {
		if f.File != nil {
			err = errors.Join(err, f.Discard())
		}
	}
	return err
}
