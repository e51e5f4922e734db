package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// repairFlags are the flags of repair as they were given.
type repairFlags struct {
	readingFlags
	read, write, dir string
	graphs           string // folder of pictures
	reports          []string
	targets          []target // of reports, once they are checked
	printed          bool     // one of them goes to standard output
	json             bool
	quiet, verbose   bool
}

func repairCommand() *command {
	f := &repairFlags{}
	flags := newFlags("repair")
	flags.StringVarP(&f.read, "read", "r", "", "`FILE` is the one capture to repair")
	flags.StringVarP(&f.write, "write", "w", "", "write the repaired capture to `FILE`")
	flags.StringVarP(&f.dir, "output-dir", "o", "", "write repaired captures into the folder `DIR`, which is created if necessary")
	flags.StringArrayVar(&f.reports, "report", nil, "write the report to `FILE` too, its format by its suffix ("+reportFormats()+") or as FORMAT:FILE (repeatable); FORMAT:- prints it instead")
	flags.StringVar(&f.graphs, "graphs", "", "write the graphs of connections into the folder `DIR`, as SVG and for xplot")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.BoolVar(&f.options.Force, "force", false, "replace another output of the same name")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress and no report, except with --json")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "print laws, headers, all connections and the first findings too")
	f.tune(flags)
	f.addSpool(flags)
	return &command{flags, f.run}
}

// tune adds the flags that decide how a capture is read, and what is written of
// it.
func (f *repairFlags) tune(flags *pflag.FlagSet) {
	flags.IntVar(&f.options.Findings, "findings", repair.DefaultFindings, "list the first `N` findings in JSON reports")
	flags.IntVar(&f.options.Flows, "flows", repair.DefaultFlows, fmt.Sprintf("list the worst `N` connections, up to %d", repair.MaxFlows))
	flags.BoolVar(&f.options.Annotate, "annotate", false, "add the verdict of each finding to its packet in the output, as a comment; a capture without faults doesn't come back byte for byte then")
	flags.StringVar((*string)(&f.options.Compression), "compress", "", "compress the output by `CODEC`: "+strings.Join(naming.Compressions(), ", ")+" (a name of -w that ends with .gz or .zst asks for it too)")
	f.readingFlags.add(flags)
}

// checkTuning checks the values of these flags.
func (f *repairFlags) checkTuning() error {
	o := &f.options
	if o.Findings < 1 {
		return usagef(seeCommand, "--findings: %d is not a number from 1 up", o.Findings)
	}
	if o.Flows < 1 || o.Flows > repair.MaxFlows {
		return usagef(seeCommand, "--flows: %d is not a number from 1 to %d", o.Flows, repair.MaxFlows)
	}
	if err := (repair.Options{Compression: o.Compression}).Check(); err != nil {
		return usagef(seeCommand, "--compress: %s", plainly(err))
	}
	return f.readingFlags.check()
}

func (f *repairFlags) run(ctx context.Context, s *streams, args []string) int {
	if err := f.checkTuning(); err != nil {
		return s.fail("", err)
	}
	captures, err := f.captures(s, args)
	if err != nil {
		return s.fail("", err)
	}
	f.write = plainStream(f.write)
	outputs, err := f.plan(s, captures)
	if err != nil {
		return s.fail("", err)
	}
	if f.dir != "" {
		if err := os.MkdirAll(f.dir, 0o777); err != nil {
			return s.fail("", fmt.Errorf("make the folder of -o: %w", err))
		}
	}
	to, err := f.openSinks(s, atomicfile.Permissions(captures...), render.WriterOptions{Several: len(captures) > 1})
	if err != nil {
		return s.fail("", err)
	}
	to.shared = sharedNames(captures)
	return to.all(s, len(captures), func(i int) int { return f.repair(ctx, s, captures[i], outputs[i], to) })
}

// all works on one capture after the other, and returns the largest exit code.
func (to *sinks) all(s *streams, captures int, work func(i int) int) int {
	code := exitDone
	for i := range captures {
		one := work(i)
		code = max(code, one)
		if one == exitInterrupted || one == exitUsage {
			break // the captures that follow would end the same way
		}
	}
	return max(code, s.fail("", to.close()))
}

// repair repairs one capture.
func (f *repairFlags) repair(ctx context.Context, s *streams, in, out string, to *sinks) int {
	o := f.options
	o.Stdout, o.EachFinding, o.TakeBack = stream(s.out), to.each(to.nameOf(in)), to.abandon
	done := s.watch(in, &o, f.quiet)
	r, err := repair.File(ctx, in, out, o)
	done()
	to.form.Output = out
	return to.conclude(s, in, &r, f.unread(in, err), func() int { return s.fail(in, f.writeGraphs(in, &r)) })
}

// watch shows how far the work on a capture is, unless that is to be quiet, and lets "-" be standard input.
func (s *streams) watch(in string, o *repair.Options, quiet bool) (done func()) {
	if in == "-" {
		o.Stdin = s.in
	}
	if info, err := os.Stat(in); err == nil {
		collector.expect(info.Size())
	}
	bar := s.progressOf(in, quiet)
	o.Progress = bar.set
	return bar.close
}

// conclude hands a capture's report on after check, or takes back what was written of it
// where it could not be read; it returns the exit code.
func (to *sinks) conclude(s *streams, in string, r *report.Report, err error, check func() int) int {
	if err != nil {
		return max(s.fail(in, err), s.fail("", to.abandon()))
	}
	r.Capture.Name = to.nameOf(in)
	code := max(s.sayDamage(in, r.Damage, to.screen != nil), check())
	return max(code, s.fail(in, to.add(r)))
}

// sayDamage says what was broken in a capture, and returns the exit code for it. Where
// standard output and error are the same terminal, a report that is shown says it.
func (s *streams) sayDamage(name string, damage []report.Damage, reported bool) int {
	if len(damage) == 0 {
		return exitDone
	}
	if reported && s.terminal && s.progress {
		return exitDamaged
	}
	const shown = 10
	for _, d := range damage[:min(len(damage), shown)] {
		fmt.Fprintf(s.err, "mendcap: %s: damaged %s: %s\n", report.Sanitise(name), d.Place(), report.Sanitise(d.What))
	}
	if len(damage) > shown {
		fmt.Fprintf(s.err, "mendcap: %s: damaged in further places; a JSON report lists them\n", report.Sanitise(name))
	}
	fmt.Fprintln(s.err, "  hint: what could be read is taken; --salvage=off refuses such a capture")
	return exitDamaged
}
