package main

import (
	"context"
	"io"

	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// diffFlags are the flags of diff as they were given.
type diffFlags struct{ json, exitCode bool }

func diffCommand() *command {
	f := &diffFlags{}
	flags := newFlags("diff")
	flags.BoolVar(&f.json, "json", false, "print the difference as JSON")
	flags.BoolVar(&f.exitCode, "exit-code", false, "exit with 1 where the reports differ")
	return &command{flags, f.run}
}

func (f *diffFlags) run(ctx context.Context, s *streams, args []string) int {
	if len(args) != 2 || args[0] == "-" && args[1] == "-" {
		return s.fail("", usagef(seeCommand, "two stored reports must be named"))
	}
	var two [2]*report.Report
	for i, name := range args {
		var err error
		if two[i], err = s.onlyReport(ctx, name); err != nil {
			return s.fail(name, err)
		}
	}
	d := report.Compare(two[0], two[1])
	code := s.show(f.json, d.WriteJSON, func(w io.Writer) error { return render.Diff(w, &d, s.width) })
	if code == exitDone && f.exitCode && !d.Same() {
		return exitFindings
	}
	return code
}

// onlyReport reads a file of one report.
func (s *streams) onlyReport(ctx context.Context, name string) (*report.Report, error) {
	in, done, err := s.openReports(ctx, name)
	if err != nil {
		return nil, err
	}
	defer done()
	return in.Only()
}
