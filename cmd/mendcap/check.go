package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// checker holds captures to rules, one after the other.
type checker struct {
	common       repairFlags // of which tables, reports and the like are set
	baseline     string      // as the flags that follow: as they were given
	update       bool
	failOn, most []string

	rules report.Rules
	tally *report.Tally // of the current capture
	shown bool          // a capture before it

	failed int   // captures so far
	found  int64 // new findings in them
}

func checkCommand() *command {
	f := &checker{}
	flags := newFlags("check")
	flags.StringVar(&f.baseline, "baseline", "", "`FILE` holds the findings that are known")
	flags.BoolVar(&f.update, "update-baseline", false, "write this run's findings to the baseline")
	flags.StringArrayVar(&f.failOn, "fail-on", nil, "count findings of this `KIND` (repeatable)")
	flags.StringArrayVar(&f.most, "max", nil, "allow so many findings, as `KIND=N` or KIND=RATE (repeatable)")
	flags.StringArrayVar(&f.common.reports, "report", nil, "write the report to `FILE` too, its format by its suffix: "+reportFormats()+" (repeatable)")
	flags.BoolVar(&f.common.json, "json", false, "print the report, with how the check came out, as JSON")
	flags.IntVar(&f.common.options.Findings, "findings", repair.DefaultFindings, "list the first `N` findings in reports")
	flags.BoolVarP(&f.common.quiet, "quiet", "q", false, "print nothing but errors")
	f.common.readingFlags.add(flags)
	f.common.addSpool(flags)
	return &command{flags, f.run}
}

func (f *checker) run(ctx context.Context, s *streams, args []string) int {
	captures, err := f.prepare(ctx, s, args)
	switch {
	case errors.Is(err, report.ErrBaseline): // which doesn't say which file it is about
		return s.fail(f.baseline, err)
	case err != nil:
		return s.fail("", err)
	}
	to, err := f.common.openSinks(s, atomicfile.Permissions(captures...), render.WriterOptions{Several: len(captures) > 1})
	if err != nil {
		return s.fail("", err)
	}
	to.shared = sharedNames(captures)
	to.screen = nil // checks have a form of their own
	code := to.all(s, len(captures), func(i int) int {
		one := f.capture(ctx, s, captures[i], to)
		if one != exitDone {
			f.failed++
		}
		return one
	})
	silent := f.silent()
	switch {
	case code == exitInterrupted:
	case f.update:
		written := s.fail(f.baseline, f.writeBaseline(atomicfile.Permissions(append(captures, f.baseline)...)))
		if code = max(code, written); written == exitDone && !silent {
			code = max(code, s.fail(standardOutput, render.BaselineWritten(s.out, f.baseline, f.rules.Baseline)))
		}
	case len(captures) > 1 && !silent:
		code = max(code, s.fail(standardOutput, render.CheckTotals(s.out, len(captures), f.failed, f.found)))
	}
	return code
}

// prepare reads the rules and names the captures.
func (f *checker) prepare(ctx context.Context, s *streams, args []string) ([]string, error) {
	if f.update && f.baseline == "" {
		return nil, usagef(seeCommand, "--update-baseline needs --baseline FILE")
	}
	if f.common.options.Findings < 1 {
		return nil, usagef(seeCommand, "--findings: %d is not a number from 1 up", f.common.options.Findings)
	}
	if err := f.common.readingFlags.check(); err != nil {
		return nil, err
	}
	for _, text := range f.failOn {
		k, err := report.ParseKind(text)
		if err := checkKind(k, text, err); err != nil {
			return nil, usagef(seeCommand, "--fail-on %s: %v", text, err)
		}
		f.rules.FailOn = append(f.rules.FailOn, k)
	}
	for _, text := range f.most {
		l, err := report.ParseLimit(text)
		if err := checkKind(l.Kind, text, err); err != nil {
			return nil, usagef(seeCommand, "--max %s: %v", text, err)
		}
		f.rules.Max = append(f.rules.Max, l)
	}
	args, err := s.inFolders(ctx, args)
	if err != nil {
		return nil, err
	}
	captures, err := f.common.captures(s, args)
	if err != nil {
		return nil, err
	}
	read := f.common.inputs(s, captures)
	if err := read.output("--baseline", f.baseline, "the baseline"); err != nil {
		return nil, err
	}
	if err := f.common.checkReports(s, read); err != nil {
		return nil, err
	}
	f.rules.Baseline, err = f.readBaseline()
	f.rules.Passing = !f.update
	return captures, err
}

// readBaseline reads the baseline; one that is to be updated need not be there.
func (f *checker) readBaseline() (*report.Baseline, error) {
	if f.baseline == "" {
		return nil, nil
	}
	if _, err := os.Lstat(f.baseline); errors.Is(err, os.ErrNotExist) {
		if f.update {
			return &report.Baseline{}, nil
		}
		return nil, usagef("--update-baseline makes it", "--baseline %s: no such file", f.baseline)
	}
	file, err := openStored(f.baseline, report.ErrBaseline)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return report.ReadBaseline(file)
}

func (f *checker) writeBaseline(perm fs.FileMode) error {
	if err := atomicfile.Write(f.baseline, perm, f.rules.Baseline.Write); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return nil
}

// capture checks one capture and returns its exit code.
func (f *checker) capture(ctx context.Context, s *streams, in string, to *sinks) int {
	f.tally = f.rules.Begin(f.baselineName(in))
	o := f.common.options
	o.Tally, o.EachFinding, o.TakeBack = f.tally, to.each(to.nameOf(in)), to.abandon
	done := s.watch(in, &o, f.common.quiet)
	r, err := repair.Check(ctx, in, o)
	done()
	return to.conclude(s, in, &r, f.common.unread(in, err), func() int { return f.conclude(s, in, &r) })
}

// conclude shows how the capture did, or takes it into the baseline.
func (f *checker) conclude(s *streams, in string, r *report.Report) int {
	r.Check = f.tally.Checked(r)
	if f.update {
		return s.fail(in, f.rules.Baseline.Update(f.tally))
	}
	f.found += r.Check.New
	code := exitDone
	if report.Failed(r.Check.Checks[1:]) { // the first is that of the input
		code = exitFindings
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		annotate(s.err, in, r.Check)
	}
	if f.silent() {
		return code
	}
	return max(code, s.fail(standardOutput, f.show(s, in, r)))
}

// silent reports whether standard output takes nothing but reports.
func (f *checker) silent() bool { return f.common.quiet || f.common.json || f.common.printed }

// annotate writes what failed as commands of GitHub's workflows, which shows them
// beside the file (docs.github.com, "Workflow commands for GitHub Actions").
func annotate(w io.Writer, in string, c *report.Checked) {
	inText := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, one := range c.Checks {
		if one.Failed {
			said := report.Sanitise(one.Message)
			for _, e := range one.Examples {
				said += "\n" + report.Sanitise(e)
			}
			fmt.Fprintf(w, "::error file=%s,title=mendcap %s::%s\n", property.Replace(report.Sanitise(filepath.ToSlash(in))), property.Replace(one.Name), inText.Replace(said))
		}
	}
}

func (f *checker) show(s *streams, in string, r *report.Report) error {
	var b strings.Builder
	if f.shown {
		b.WriteByte('\n')
	}
	f.shown = true
	if err := render.Checks(&b, in, r.Check, s.width); err != nil {
		return err
	}
	if r.Capture.Packets == 0 {
		b.WriteString("the capture has no packets: there was nothing to check\n")
	}
	_, err := io.WriteString(s.out, b.String())
	return err
}

// baselineName is the capture's name in the baseline: its path from the folder
// of the baseline, with slashes, so that a checkout may lie anywhere.
func (f *checker) baselineName(in string) string {
	if in == "-" || f.baseline == "" {
		return in
	}
	folder, err := filepath.Abs(filepath.Dir(f.baseline))
	path, noPath := filepath.Abs(in)
	name, apart := filepath.Rel(folder, path)
	if err != nil || noPath != nil || apart != nil {
		return filepath.Base(in) // on another drive
	}
	return filepath.ToSlash(name)
}
