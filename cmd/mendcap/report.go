package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mendcap/mendcap/report"
)

const reportText = `Reads what "mendcap repair --report FILE.json" or --json wrote, one report or an
array of them, and renders it again: on standard output as for a terminal, and
into the files that --report names. "-" is standard input. Captures are not
needed, and not looked at; findings that the stored report left out stay out.`

func reportCommand() *command {
	f := &repairFlags{}
	flags := newFlags("report")
	flags.StringArrayVar(&f.reports, "report", nil, "write it to `FILE`, its format by its suffix: "+reportFormats()+" (repeatable)")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but errors")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print laws, headers, all connections and the first findings too")
	return &command{
		name: "report", synopsis: "[--report FILE]... [-q | -v] STORED.json",
		summary: "render a stored report again",
		text:    reportText,
		flags:   flags,
		run: func(_ context.Context, s *streams, args []string) int {
			return f.render(s, args)
		},
	}
}

// render shows the reports of a stored file again.
func (f *repairFlags) render(s *streams, args []string) int {
	if len(args) != 1 {
		return s.fail("", usagef("see: mendcap help report", "one stored report must be named, not %d", len(args)))
	}
	stored := args[0]
	all, err := s.readReports(stored)
	if err != nil {
		return s.fail(stored, err)
	}
	if err := f.checkReports([]job{{stored, stored}}); err != nil {
		return s.fail("", err)
	}
	to, err := f.openSinks(s, report.WriterOptions{Several: len(all) != 1})
	if err != nil {
		return s.fail("", err)
	}
	code := exitDone
	for i := range all {
		if err := to.add(&all[i]); err != nil {
			code = max(code, s.fail(stored, err))
		}
	}
	if err := to.close(); err != nil {
		code = max(code, s.fail("", err))
	}
	return code
}

// readReports reads a file of stored reports.
func (s *streams) readReports(name string) ([]report.Report, error) {
	in := io.Reader(s.in)
	if name != "-" {
		file, err := os.Open(name)
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%w: no such file", report.ErrReport)
		}
		if err != nil {
			return nil, fmt.Errorf("read report: %w", err)
		}
		defer file.Close()
		in = file
	}
	return report.Read(in)
}
