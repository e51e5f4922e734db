package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

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
}

// openSinks opens them; perm are the permissions of what is read.
func (f *repairFlags) openSinks(s *streams, perm fs.FileMode, o render.WriterOptions) (*sinks, error) {
	to := &sinks{form: render.Screen{Width: s.width, Colour: s.colour, Details: f.verbose}}
	switch {
	case f.json:
		sink, err := newSink(standardOutput, s.out, render.JSON, o)
		if err != nil {
			return nil, err
		}
		to.files = append(to.files, sink)
	case f.quiet:
	case f.write == "-": // the capture goes to standard output
		to.screen, to.form.Colour = s.err, s.errColour
	default:
		to.screen = s.out
	}
	for _, target := range f.targets {
		sink, err := createSink(target, perm, o)
		if err != nil {
			to.discard()
			return nil, fmt.Errorf("write report: %w", err)
		}
		to.files = append(to.files, sink)
	}
	return to, nil
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
