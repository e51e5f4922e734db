package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/repair/batch/lots"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// batchFlags are the flags of batch as they were given.
type batchFlags struct {
	repairFlags
	jobs             int
	jobsGiven        func() bool // whether the flag was
	memory           sizeValue
	set              *pflag.FlagSet
	resume, dry      bool
	pages            bool
	include, exclude []string
	lotFlags
	submit submitFlags
}

func batchCommand() *command {
	f := newBatchFlags()
	return &command{f.set, f.run}
}

func newBatchFlags() *batchFlags {
	f := &batchFlags{}
	flags := newFlags("batch")
	f.set = flags
	flags.StringVarP(&f.dir, "output-dir", "o", "", "write below the folder `DIR`, which is created if necessary")
	flags.IntVar(&f.jobs, "jobs", 0, "repair `N` captures at a time (default: one a processor)")
	f.jobsGiven = func() bool { return flags.Changed("jobs") }
	f.memory = 1e9
	flags.Var(&f.memory, "memory", "let all jobs together use about `SIZE` bytes of memory; MB and GB are powers of ten")
	flags.BoolVar(&f.options.OnlyChanged, "only-changed", false, "write no output of captures in which nothing had to be repaired; their reports are written")
	flags.BoolVar(&f.options.Reflink, "reflink", false, "let outputs equal to their captures share their blocks, where the file system can")
	flags.BoolVar(&f.options.Hardlink, "hardlink", false, "let outputs equal to their captures be hard links to them: editing one in place changes both")
	flags.BoolVar(&f.pages, "pages", false, "write the page of each capture beside its output")
	flags.BoolVar(&f.resume, "resume", false, "leave alone what an earlier run has finished")
	flags.BoolVar(&f.dry, "dry-run", false, "say what would be repaired, and write nothing")
	flags.StringArrayVar(&f.include, "include", nil, "repair only captures that match `GLOB` (repeatable)")
	flags.StringArrayVar(&f.exclude, "exclude", nil, "pass over files and folders that match `GLOB` (repeatable)")
	flags.StringArrayVar(&f.reports, "report", nil, "write the summary to `FILE` too, its format by its suffix (.json, .csv or .html) or as FORMAT:FILE (repeatable); FORMAT:- prints it instead")
	flags.BoolVar(&f.json, "json", false, "print the summary as JSON")
	flags.BoolVar(&f.options.Force, "force", false, "replace other outputs of the same name")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "print no progress and no summary, except with --json, but which captures failed")
	f.tune(flags)
	f.lotFlags.add(flags)
	f.submit.add(flags)
	return f
}

func (f *batchFlags) run(ctx context.Context, s *streams, args []string) int {
	if err := f.useFilePaths(args); err != nil {
		return s.fail("", err)
	}
	if err := misspelt(args); err != nil {
		return s.fail("", err)
	}
	if len(args) > 0 && args[0] == "submit" {
		return f.submitLots(ctx, s, args[1:])
	}
	if err := f.refuse("batch submit", submitOnly); err != nil {
		return s.fail("", err)
	}
	switch {
	case f.planAt != "":
		return f.workAtLot(ctx, s, args)
	case len(args) > 0 && args[0] == "plan":
		return f.planLots(ctx, s, args[1:])
	case len(args) > 0 && args[0] == "merge":
		return f.merge(ctx, s, args[1:])
	}
	if err := f.refuse("batch plan and batch --plan", planOnly, lotOnly); err != nil {
		return s.fail("", err)
	}
	paths, err := expandGlobs("file or folder", args)
	if err != nil {
		return s.fail("", err)
	}
	o, err := f.batchOptions()
	if err != nil {
		return s.fail("", err)
	}
	if err := f.useScratch(); err != nil {
		return s.fail("", err)
	}
	if slices.ContainsFunc(append(paths, f.dir), store.IsURL) {
		return f.farAway(ctx, s, paths, o)
	}
	to, err := f.openSummaries(s, append(paths, f.options.Tables...))
	if err != nil {
		return s.fail("", err)
	}
	return max(f.carryOut(ctx, s, paths, o, to), s.fail("", discard(to)))
}

// mostGarbage is how much garbage may wait for the collector, bytes: with little
// captures, each of which allocates anew, it would take most of the time.
const mostGarbage = 44 << 20

// garbageBeside is how much of it is left beside what a plan holds: what it and the
// summary take is to be had instead of garbage.
func garbageBeside(plan *batch.Plan) int { return max(0, mostGarbage-plan.Held()) }

// batchOptions checks what the flags say and puts it together.
func (f *batchFlags) batchOptions() (batch.Options, error) {
	if err := f.checkTuning(); err != nil {
		return batch.Options{}, err
	}
	if err := f.checkJobs(); err != nil {
		return batch.Options{}, err
	}
	if err := errors.Join(checkGlobs("--include", f.include), checkGlobs("--exclude", f.exclude)); err != nil {
		return batch.Options{}, err
	}
	o := batch.Options{
		Dir: f.dir, Jobs: f.jobs, Memory: int64(f.memory), Include: f.include, Exclude: f.exclude,
		Resume: f.resume, Program: identity(), Repair: f.options,
	}
	if f.pages {
		made, err := madeBy(nil)
		if err != nil {
			return batch.Options{}, err
		}
		o.Page = pagesMade(made)
	}
	return o, nil
}

func (f *batchFlags) checkJobs() error {
	if f.jobs < 1 && f.jobsGiven() {
		return usagef(seeCommand, "--jobs: %d is not a number from 1 up", f.jobs)
	}
	return nil
}

// pagesMade returns what writes the page of one capture. It tells no command: that may be
// another one for each run that goes on with a batch, and is on the summary.
func pagesMade(made render.Made) func(io.Writer, *report.Report) error {
	return func(w io.Writer, r *report.Report) error {
		page, err := render.NewWriter(render.HTML, w, render.WriterOptions{Made: made})
		if err == nil {
			err = page.Add(r)
		}
		if err != nil {
			return err
		}
		return page.Close()
	}
}

// linkFrom returns what links the summary in a file to the pages of captures, nil where
// there are none.
func (f *batchFlags) linkFrom(summary string) func(*report.Entry) string {
	if !f.pages {
		return nil
	}
	return func(e *report.Entry) string {
		if e.Page == "" {
			return ""
		}
		from, err := filepath.Abs(filepath.Dir(summary))
		to, failed := filepath.Abs(filepath.Join(f.dir, filepath.FromSlash(e.Page)))
		if err != nil || failed != nil {
			return ""
		}
		rel, err := filepath.Rel(from, to)
		if err != nil {
			return "" // on another drive
		}
		return (&url.URL{Path: filepath.ToSlash(rel)}).String()
	}
}

// carryOut finds the captures, repairs them and shows the summary.
func (f *batchFlags) carryOut(ctx context.Context, s *streams, paths []string, o batch.Options, to []*summaryFile) (code int) {
	bar, done := s.progressOf("captures are looked for", f.quiet), 0
	defer bar.close()
	o.Progress = func(p batch.Progress) {
		done = p.Done
		bar.setBatch(p)
	}
	plan, err := batch.Find(ctx, paths, o)
	if err != nil {
		return s.fail("", asUsage(err))
	}
	for _, file := range to {
		if what, ok := plan.Has(file.name); ok {
			return s.fail("", usagef("choose another name", "--report %s: this file is %s", file.name, what))
		}
	}
	if f.dry {
		return f.conclude(s, plan.Summary(), to)
	}
	collector.letGather(garbageBeside(plan))
	collector.expect(plan.Size())
	found := &batch.Spool{}
	defer func() { code = max(code, s.fail("", found.Close())) }()
	err = plan.RunTo(ctx, found)
	bar.close()
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(s.err, "mendcap: interrupted after %d of %d captures\n  hint: the same command with --resume goes on from there\n", done, plan.Captures())
		return exitInterrupted
	case err != nil:
		return s.fail("", err)
	}
	return f.sumUp(ctx, s, found, to)
}

// sumUp shows what a batch or a merge found, and returns the exit code that it asks for.
func (f *batchFlags) sumUp(ctx context.Context, s *streams, found *batch.Spool, to []*summaryFile) int {
	head, err := found.Sum(ctx)
	if err != nil {
		return max(s.fail("", err), s.fail("", discard(to)))
	}
	list := render.NewShortlist()
	var unread error // part of what was found: a list without it would tell less than there is
	err = writeSummaries(s, to, head, func(add func(*report.Entry) error) error {
		unread = found.Each(ctx, func(e *report.Entry) error { return errors.Join(add(e), list.Add(e)) })
		return unread
	})
	if unread != nil {
		return s.fail("", err)
	}
	sum := list.Batch(head)
	sum.Kept = found.Kept
	code := f.say(s, sum, func(w io.Writer) error {
		all, err := report.NewBatchWriter(w, head)
		if err != nil {
			return err
		}
		if err := found.Each(ctx, all.Add); err != nil {
			return err
		}
		return all.Close()
	})
	return max(code, s.fail("", err))
}

// conclude shows a summary and returns the exit code that it asks for.
func (f *batchFlags) conclude(s *streams, sum *report.Batch, to []*summaryFile) int {
	code := f.say(s, sum, sum.WriteJSON)
	err := writeSummaries(s, to, &report.BatchHead{Totals: sum.Totals, Skipped: sum.Skipped}, func(add func(*report.Entry) error) error {
		for i := range sum.Captures {
			if err := add(&sum.Captures[i]); err != nil {
				return err
			}
		}
		return nil
	})
	return max(code, s.fail("", err))
}

// say shows a summary on the terminal, or all of it as JSON.
func (f *batchFlags) say(s *streams, sum *report.Batch, json func(io.Writer) error) int {
	code := sum.Code()
	if len(sum.Captures) == 0 {
		code = exitNoCapture
		fmt.Fprintln(s.err, "mendcap: no capture was found")
	}
	if f.json || !f.quiet && !f.printed {
		text := func(w io.Writer) error { return render.BatchTerminal(w, sum, s.width) }
		code = max(code, s.show(f.json, json, text))
	} else if f.quiet {
		s.sayFailed(sum)
	}
	return code
}

// sayFailed says of the first captures that failed why they did, where no summary does.
func (s *streams) sayFailed(sum *report.Batch) {
	const shown = 10
	all, said := sum.Totals.ByOutcome[report.OutcomeFailed], int64(0)
	for i := range sum.Captures {
		if e := &sum.Captures[i]; e.Outcome == report.OutcomeFailed && said < shown {
			fmt.Fprintf(s.err, "mendcap: %s: %s\n", report.Sanitise(e.Path), report.Sanitise(e.Error))
			said++
		}
	}
	if all > said {
		fmt.Fprintf(s.err, "mendcap: %d more captures failed; a summary (--report FILE) lists them\n", all-said)
	}
}

// merge joins the summaries of several runs.
func (f *batchFlags) merge(ctx context.Context, s *streams, args []string) (code int) {
	names, err := expandGlobs("plan or summary", args)
	if err != nil {
		return s.fail("", err)
	}
	isPlan := func(name string) bool { return store.IsURL(name) || lots.IsPlan(name) }
	if len(names) == 1 && isPlan(names[0]) {
		return f.mergeLots(ctx, s, names[0])
	}
	if i := slices.IndexFunc(names, isPlan); i >= 0 {
		return s.fail(names[i], usagef("merge each with --report FILE.json, and then those files", "a plan is merged alone"))
	}
	found := &batch.Spool{}
	defer func() { code = max(code, s.fail("", found.Close())) }()
	for _, name := range slices.Compact(names) {
		if err := addSummary(found, name); err != nil {
			if hint := plansOf(name); hint != "" {
				err = hinted{err, exitNoCapture, hint}
			}
			return s.fail(name, err)
		}
	}
	to, err := f.openSummaries(s, names)
	if err != nil {
		return s.fail("", err)
	}
	return max(f.sumUp(ctx, s, found, to), s.fail("", discard(to)))
}

// addSummary adds what a stored summary says.
func addSummary(to *batch.Spool, name string) error {
	f, err := openStored(name, report.ErrBatch)
	if err != nil {
		return err
	}
	defer f.Close()
	from := report.NewBatchReader(f)
	for {
		e, err := from.Next()
		if err == io.EOF {
			skipped := from.Skipped()
			to.Skip(&skipped)
			return nil
		}
		if err == nil {
			err = to.Add(*e)
		}
		if err != nil {
			return err
		}
	}
}
