package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// reportSuffixes lists the formats of --report.
const reportSuffixes = ".json"

// checkReports checks the names of --report, so that none is found wanting
// after the work, and none replaces what is read or written besides.
func (f *repairFlags) checkReports(jobs []job) error {
	taken := map[string]string{}
	for _, j := range jobs {
		taken[pathKey(j.in)] = "the capture"
		taken[pathKey(j.out)] = "the repaired capture"
	}
	for _, path := range f.tables {
		taken[pathKey(path)] = "tables"
	}
	for _, name := range f.reports {
		lower := strings.ToLower(name)
		if !strings.HasSuffix(lower, ".json") {
			return usagef("the suffixes known are "+reportSuffixes, "--report %s: no format has this suffix", name)
		}
		if strings.HasSuffix(lower, ".tables.json") {
			return usagef("choose another name", "--report %s: files of this name hold network tables", name)
		}
		if what, ok := taken[pathKey(name)]; ok {
			return usagef("choose another name", "--report %s: this file is %s", name, what)
		}
		taken[pathKey(name)] = "another report"
	}
	return nil
}

// sinks are the places that the reports of a run go to. Files of --report are
// opened before the work, so that it isn't done in vain.
type sinks struct {
	screen io.Writer // terminal form; nil for none
	width  int
	shown  bool // something is on the screen
	json   []*jsonSink
}

// jsonSink is one place for reports as JSON: one report, or an array.
type jsonSink struct {
	name  string
	w     io.Writer
	array *report.Array   // nil where the run has one capture
	file  *repair.Pending // nil for standard output
	empty bool
}

func (f *repairFlags) openSinks(s *streams, several bool) (*sinks, error) {
	to := &sinks{width: s.width}
	if f.json {
		to.json = append(to.json, newJSONSink("standard output", s.out, several))
	} else if !f.quiet {
		to.screen = f.screen(s)
	}
	for _, name := range f.reports {
		file, err := repair.CreatePending(name)
		if err != nil {
			to.discard()
			return nil, fmt.Errorf("write report: %w", err)
		}
		sink := newJSONSink(name, file, several)
		sink.file = file
		to.json = append(to.json, sink)
	}
	return to, nil
}

func newJSONSink(name string, w io.Writer, several bool) *jsonSink {
	sink := &jsonSink{name: name, w: w, empty: true}
	if several {
		sink.array = &report.Array{W: w}
	}
	return sink
}

// screen is where the terminal report goes: standard output, unless the
// capture goes there.
func (f *repairFlags) screen(s *streams) io.Writer {
	if f.write == "-" {
		return s.err
	}
	return s.out
}

// add writes one report to all places.
func (to *sinks) add(r *report.Report) error {
	var failed []error
	if to.screen != nil {
		failed = append(failed, to.show(r))
	}
	for _, sink := range to.json {
		if err := sink.add(r); err != nil {
			failed = append(failed, fmt.Errorf("write report to %s: %w", sink.name, err))
		}
	}
	return errors.Join(failed...)
}

func (to *sinks) show(r *report.Report) error {
	if to.shown {
		if _, err := fmt.Fprintln(to.screen); err != nil {
			return err
		}
	}
	to.shown = true
	return r.WriteTerminal(to.screen, to.width)
}

func (sink *jsonSink) add(r *report.Report) error {
	sink.empty = false
	if sink.array != nil {
		return sink.array.Add(r)
	}
	return r.WriteJSON(sink.w)
}

// close ends all places. A file that no report went to does not appear.
func (to *sinks) close() error {
	var failed []error
	for _, sink := range to.json {
		if err := sink.close(); err != nil {
			failed = append(failed, fmt.Errorf("write report to %s: %w", sink.name, err))
		}
	}
	return errors.Join(failed...)
}

func (sink *jsonSink) close() error {
	if sink.empty && sink.file != nil {
		return sink.file.Discard()
	}
	if sink.array != nil {
		if err := sink.array.Close(); err != nil {
			return err
		}
	}
	if sink.file != nil {
		return sink.file.Commit()
	}
	return nil
}

// discard takes away the files that were opened.
func (to *sinks) discard() {
	for _, sink := range to.json {
		if sink.file != nil {
			sink.file.Discard()
		}
	}
}
