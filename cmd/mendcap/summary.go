package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// summaryFormats are the forms of a batch's summary, by the suffix of its file.
var summaryFormats = map[string]func(io.Writer, *report.Batch) error{
	".json": func(w io.Writer, b *report.Batch) error { return b.WriteJSON(w) },
	".csv":  render.BatchCSV,
	".html": render.BatchHTML,
}

// summaryFile is a file that the summary of a batch goes to. It is opened before
// the work, so that it isn't done in vain.
type summaryFile struct {
	*atomicfile.File
	name   string
	format func(io.Writer, *report.Batch) error
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
		one, err := f.openSummary(name, taken)
		if err != nil {
			return nil, errors.Join(err, discard(all))
		}
		all = append(all, one)
	}
	return all, nil
}

func (f *batchFlags) openSummary(name string, taken *claims) (*summaryFile, error) {
	format, ok := summaryFormats[strings.ToLower(filepath.Ext(name))]
	if !ok {
		return nil, usagef("the suffixes known are .json, .csv, .html", "--report %s: no format of summaries has this suffix", name)
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
	return &summaryFile{file, name, format}, nil
}

// discard takes away the files that no summary went to.
func discard(files []*summaryFile) (err error) {
	for _, f := range files {
		err = errors.Join(err, f.Discard())
	}
	return err
}

// merge joins the summaries of several runs.
func (f *batchFlags) merge(s *streams, args []string) int {
	names, err := expandGlobs("summary", args)
	if err != nil {
		return s.fail("", err)
	}
	var all []*report.Batch
	for _, name := range slices.Compact(names) {
		one, err := readSummary(name)
		if err != nil {
			return s.fail(name, err)
		}
		all = append(all, one)
	}
	to, err := f.openSummaries(s, names)
	if err != nil {
		return s.fail("", err)
	}
	return max(f.conclude(s, report.MergeBatches(all...), to), s.fail("", discard(to)))
}

func readSummary(name string) (*report.Batch, error) {
	f, err := openStored(name, report.ErrBatch)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return report.ReadBatch(f)
}
