package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/repair/batch/lots"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// lotFlags are those of work that is divided among machines.
type lotFlags struct {
	lots    int
	lotSize sizeValue
	planAt  string
	lot     int
	scratch string
}

func (f *lotFlags) add(flags *pflag.FlagSet) {
	flags.IntVar(&f.lots, "lots", 0, "with batch plan: make at most `N` lots (default 1000, of 64 MB to 16 GB); with batch submit: the plan has N lots, if it can't be read here")
	flags.Var(&f.lotSize, "lot-size", "with batch plan: put about `SIZE` bytes of captures into a lot")
	flags.StringVar(&f.planAt, "plan", "", "work at one lot of the plan in the folder `RUN`, which batch plan has printed")
	flags.StringVar(&f.scratch, "scratch", "", "keep temporary files in the folder `DIR`, copies of captures in buckets among them (default: the system's)")
	flags.IntVar(&f.lot, "lot", 0, "the lot of --plan is number `N`, from 0 (default: what the batch scheduler's variable says)")
}

// The flags that belong to some uses of batch alone.
var (
	planOnly = []string{"lots", "lot-size"}
	lotOnly  = []string{"plan", "lot"}
	// workOnly say how a machine works, and not what becomes of captures.
	workOnly = []string{"jobs", "memory", "scratch"}
	showOnly = []string{"report", "json", "dry-run"}
)

// refuse refuses flags that belong to another use.
func (f *batchFlags) refuse(use string, lists ...[]string) error {
	for _, name := range slices.Concat(lists...) {
		if f.set.Changed(name) {
			return usagef(seeCommand, "--%s is for %s", name, use)
		}
	}
	return nil
}

// notPlanned are the flags that decide nothing of what becomes of captures.
func notPlanned() []string {
	return slices.Concat(planOnly, lotOnly, workOnly, showOnly, submitOnly, []string{"output-dir", "resume", "quiet", "help"})
}

// words are the flags that decide what becomes of captures, as a command line has them.
func (f *batchFlags) words() (words []string) {
	others := notPlanned()
	f.set.VisitAll(func(flag *pflag.Flag) {
		for _, value := range flag.Annotations[givenValues] {
			if !slices.Contains(others, flag.Name) {
				words = append(words, "--"+flag.Name+"="+value)
			}
		}
	})
	return words
}

// planLots makes a plan and prints where it is.
func (f *batchFlags) planLots(ctx context.Context, s *streams, args []string) int {
	if err := f.refuse("other uses of batch", lotOnly, workOnly, showOnly); err != nil {
		return s.fail("", err)
	}
	switch {
	case f.dir == "":
		return s.fail("", usagef(seeCommand, "batch plan needs -o DIR, which all machines reach"))
	case f.set.Changed("lots") && f.lots < 1:
		return s.fail("", usagef(seeCommand, "--lots: %d is not a number from 1 up", f.lots))
	case f.lots > 0 && f.lotSize > 0:
		return s.fail("", usagef(seeCommand, "--lots and --lot-size can't be used together"))
	}
	paths, err := expandGlobs("file or folder", args)
	if err != nil {
		return s.fail("", err)
	}
	o, err := f.batchOptions()
	if err != nil {
		return s.fail("", err)
	}
	dir := ""
	if slices.ContainsFunc(append(paths, f.options.Tables...), func(p string) bool { return !filepath.IsAbs(p) && !store.IsURL(p) }) {
		if dir, err = os.Getwd(); err != nil {
			return s.fail("", err)
		}
	}
	run, existed, err := lots.Plan(ctx, paths, lots.Options{Batch: o, Flags: f.words(), Dir: dir, Lots: f.lots, LotSize: int64(f.lotSize), Resume: f.resume})
	if err != nil {
		return s.fail("", asUsage(err))
	}
	defer run.Close()
	code := s.print(planned(run, existed))
	if s.terminal && !f.quiet && run.Items > 0 {
		fmt.Fprintf(s.err, "next: mendcap batch --plan %s --lot N on any machine, for N from 0 to %d, or mendcap batch submit; then mendcap batch merge %[1]s\n", report.Sanitise(run.URL()), run.Lots-1)
	}
	s.sayMissing(paths)
	if run.Items == 0 && !f.resume {
		fmt.Fprintln(s.err, "mendcap: no file was found")
		return max(code, exitNoCapture)
	}
	return code
}

// planned says what a plan is: in each line a word, a tab, what it stands for, and where
// there is more to say another tab, so that scripts can cut it.
func planned(run *lots.Run, existed bool) string {
	there := ""
	if existed {
		there = "\twas there already"
	}
	return fmt.Sprintf("plan\t%s%s\nlots\t%d\nfiles\t%d\nbytes\t%d\n", report.Sanitise(run.URL()), there, run.Lots, run.Items, run.Bytes)
}

// lotGrace is how long a lot that was interrupted may take to note what is done:
// schedulers wait 30 seconds and longer before they kill.
const lotGrace = 15 * time.Second

// workAtLot works at one lot of a plan.
func (f *batchFlags) workAtLot(ctx context.Context, s *streams, args []string) int {
	if len(args) > 0 {
		return s.fail("", usagef(seeCommand, "--plan takes no captures: the plan has them"))
	}
	if err := f.onlyWith("--plan", lotOnly, workOnly, []string{"quiet"}); err != nil {
		return s.fail("", err)
	}
	if err := f.useScratch(); err != nil {
		return s.fail("", err)
	}
	if err := f.checkJobs(); err != nil {
		return s.fail("", err)
	}
	lot, err := f.lotNumber(os.Getenv)
	if err != nil {
		return s.fail("", err)
	}
	plan := f.planAt
	if !store.IsURL(plan) {
		if plan, err = filepath.Abs(plan); err != nil {
			return s.fail("", err)
		}
	}
	run, err := openPlan(ctx, plan)
	if err != nil {
		return s.fail("", err)
	}
	defer run.Close()
	if run.Dir != "" {
		if err := os.Chdir(string(run.Dir)); err != nil {
			return s.fail("", fmt.Errorf("%w: the folder that the plan was made in: %w", lots.ErrAgain, err))
		}
	}
	o, err := f.optionsOf(run)
	if err != nil {
		return s.fail("", fmt.Errorf("%w: its flags: %w", lots.ErrPlan, err))
	}
	s.ending.Store(&ending{lotGrace, exitAgain})
	bar := s.progressOf(fmt.Sprintf("lot %d", lot), f.quiet)
	defer bar.close()
	o.Progress = bar.setBatch
	return s.fail("", asUsage(run.Do(ctx, lot, o)))
}

// useFilePaths puts paths in place of URLs of files.
func (f *batchFlags) useFilePaths(args []string) (err error) {
	locations := []*string{&f.dir, &f.planAt}
	for i := range args {
		locations = append(locations, &args[i])
	}
	for _, at := range locations {
		if *at, err = store.FilePath(*at); err != nil {
			return usagef(seeCommand, "%w", err)
		}
	}
	return nil
}

// useScratch has temporary files kept where --scratch says.
func (f *batchFlags) useScratch() error {
	if f.scratch == "" {
		return nil
	}
	if info, err := os.Stat(f.scratch); err != nil || !info.IsDir() {
		return usagef(seeCommand, "--scratch: %s is no folder", f.scratch)
	}
	dir, err := filepath.Abs(f.scratch)
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} { // of Unix and Windows
		err = errors.Join(err, os.Setenv(name, dir))
	}
	return err
}

// farAway repairs captures that lie in stores far away, or whose outputs do: as the lots
// of a plan, one after the other.
func (f *batchFlags) farAway(ctx context.Context, s *streams, paths []string, o batch.Options) int {
	if f.dry || f.resume {
		return s.fail("", usagef("what an earlier run of the same plan has finished is left alone anyway", "--dry-run and --resume are for captures of this machine"))
	}
	if f.dir == "" {
		return s.fail("", usagef(seeCommand, "captures in buckets need -o: a folder or a URL that the outputs go to"))
	}
	run, _, err := lots.Plan(ctx, paths, lots.Options{Batch: o, Flags: f.words(), LotSize: math.MaxInt64 / 2})
	if err != nil {
		return s.fail("", asUsage(err))
	}
	defer run.Close()
	s.ending.Store(&ending{lotGrace, exitAgain})
	bar := s.progressOf("captures are repaired", f.quiet)
	defer bar.close()
	o.Progress = bar.setBatch
	for lot := range run.Lots {
		if err := run.Do(ctx, lot, o); err != nil {
			return s.fail("", asUsage(err))
		}
	}
	bar.close()
	return f.mergeLots(ctx, s, run.URL())
}

// onlyWith refuses flags other than these.
func (f *batchFlags) onlyWith(use string, lists ...[]string) (err error) {
	takes := slices.Concat(lists...)
	f.set.Visit(func(flag *pflag.Flag) {
		if err == nil && !slices.Contains(takes, flag.Name) {
			err = usagef("the plan has the flags of batch plan", "--%s can't be used with %s", flag.Name, use)
		}
	})
	return err
}

// optionsOf are the options that a plan says, with how this machine works at it.
func (f *batchFlags) optionsOf(run *lots.Run) (batch.Options, error) {
	as := newBatchFlags()
	if err := parseOnce(as.set, run.Flags); err != nil {
		return batch.Options{}, badFlags(as.set, err)
	}
	if err := as.refuse("command lines, not for plans", notPlanned()); err != nil {
		return batch.Options{}, err
	}
	if as.set.NArg() > 0 {
		return batch.Options{}, fmt.Errorf("%.200q is none", as.set.Arg(0))
	}
	as.jobs, as.memory, as.jobsGiven = f.jobs, f.memory, f.jobsGiven
	return as.batchOptions()
}

// arrayVariables are what batch schedulers tell a job its number by, and the number of
// the first.
var arrayVariables = []struct {
	name  string
	first int
}{
	{"SLURM_ARRAY_TASK_ID", 0},
	{"JOB_COMPLETION_INDEX", 0},      // Kubernetes
	{"AWS_BATCH_JOB_ARRAY_INDEX", 0}, //
	{"BATCH_TASK_INDEX", 0},          // Google Batch
	{"NOMAD_ALLOC_INDEX", 0},
	{"PBS_ARRAY_INDEX", 0},
	{"LSB_JOBINDEX", 1}, // LSF, where 0 is that of a job which is no array's
	{"SGE_TASK_ID", 1},  // Grid Engine, where it is "undefined" otherwise
}

// lotNumber is the number that was given, or else that of the scheduler.
func (f *batchFlags) lotNumber(env func(string) string) (int, error) {
	if f.set.Changed("lot") {
		return f.lot, nil
	}
	var found []string
	lot := 0
	for _, v := range arrayVariables {
		text := env(v.name)
		n, err := strconv.Atoi(text)
		if text == "" || text == "undefined" || err == nil && n < v.first {
			continue
		}
		if err != nil {
			return 0, usagef(seeCommand, "%s is %q, and no number; --lot N says which lot", v.name, text)
		}
		found = append(found, v.name)
		lot = n - v.first
	}
	switch len(found) {
	case 0:
		return 0, usagef(seeCommand, "no batch scheduler says which lot this is; --lot N does")
	case 1:
		return lot, nil
	}
	return 0, usagef(seeCommand, "%s are set; --lot N says which lot this is", strings.Join(found, " and "))
}

// mergeLots sums up the lots of a plan.
func (f *batchFlags) mergeLots(ctx context.Context, s *streams, plan string) int {
	run, err := openPlan(ctx, plan)
	if err != nil {
		return s.fail("", err)
	}
	defer run.Close()
	to, err := f.openSummaries(s, nil)
	if err != nil {
		return s.fail("", err)
	}
	if err := spare(ctx, run, to); err != nil {
		return max(s.fail("", err), s.fail("", discard(to)))
	}
	m, err := run.Merge(ctx)
	if err != nil {
		return max(s.fail("", err), s.fail("", discard(to)))
	}
	list := render.NewShortlist()
	all := to
	if f.json {
		all = append(all, &summaryFile{name: "-", form: summaryForms[".json"]})
	}
	err = writeSummaries(s, all, m.Head, func(add func(*report.Entry) error) error {
		return m.Each(ctx, func(e *report.Entry) error { return errors.Join(add(e), list.Add(e)) })
	})
	if err != nil {
		return s.fail("", err)
	}
	code := s.fail("", missing(m, run.Lots))
	shown := *f
	shown.json, shown.printed = false, f.json || f.printed
	return max(code, shown.conclude(s, list.Batch(m.Head), nil))
}

// spare refuses summaries in place of what belongs to a plan.
func spare(ctx context.Context, run *lots.Run, to []*summaryFile) error {
	for _, f := range to {
		if f.File == nil {
			continue
		}
		what, err := run.Has(ctx, f.name)
		if err != nil {
			return err
		}
		if what != "" {
			return usagef(seeCommand, "--report %s: that is %s", f.name, what)
		}
	}
	return nil
}

// missing says which lots have no summary.
func missing(m *lots.Merge, of int) error {
	if len(m.Missing) == 0 {
		return nil
	}
	var ranges []string
	for i := 0; i < len(m.Missing); {
		from, to := m.Missing[i], m.Missing[i]
		for i++; i < len(m.Missing) && m.Missing[i] == to+1; i++ {
			to++
		}
		if ranges = append(ranges, strconv.Itoa(from)); to > from {
			ranges[len(ranges)-1] += "-" + strconv.Itoa(to)
		}
	}
	err := fmt.Errorf("%d of %d lots are not done, and missing in the summary: %s", len(m.Missing), of, strings.Join(ranges, ","))
	return hinted{err, exitSomeFailed, "mendcap batch --plan RUN --lot N does one"}
}
