package main

import (
	"context"
	"embed"
	"errors"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"text/template"
	"unicode"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/internal/store"
)

// engine is a batch scheduler that can carry out the lots of a plan.
type engine struct {
	name     string
	mostLots int // that one of its jobs can have; 0 for any number
	// contained says that lots run in containers of an image, which see this machine's
	// folders only where volumes says that they can be given one.
	contained, volumes bool
	needsQueue         bool
	atOnce             int // lots at a time unless --workers says so; 0 leaves it to the engine
}

// engines are all of them. Each has a template.
var engines = []engine{
	{name: "slurm"},
	// Of an Indexed Job with a limit for each index (batch/v1, JobSpec).
	{name: "kubernetes", mostLots: 100_000, contained: true, volumes: true, atOnce: 100},
	{name: "aws", mostLots: 10_000, contained: true, needsQueue: true}, // children of an array (AWS Batch, SubmitJob)
	{name: "google", mostLots: 100_000, contained: true, atOnce: 100},  // tasks of a group (Google Batch, quotas and limits)
	{name: "nextflow"},
}

// Name returns the word that --engine takes.
func (e engine) Name() string { return e.name }

//go:embed engines
var engineFiles embed.FS

// engineTemplates write what each engine takes. Whatever they show of the command line
// goes through shell, json or groovy, or was checked to have nothing to quote.
var engineTemplates = sync.OnceValue(func() *template.Template {
	helpers := template.FuncMap{
		"shell": shellWords, "json": jsonText, "groovy": groovyText, "unexpanded": unexpanded, "count": countLots,
	}
	return template.Must(template.New("engines").Funcs(helpers).ParseFS(engineFiles, "engines/*.tmpl"))
})

const (
	// slurmArray is how many tasks an array has where there are more lots: Slurm takes
	// 1,001 unless its MaxArraySize says otherwise.
	slurmArray = 1000
	// lotRetries is how often a lot is begun again, unless the command line was wrong.
	// A capture that kills its worker is known for it on the third attempt, and where
	// captures or outputs are in a bucket on the fourth.
	lotRetries = 5
	// besideMemory is what a lot may take beside --memory, bytes: --memory bounds how
	// many captures are repaired at a time, and not what one takes.
	besideMemory = 1e9
)

// submitFlags are the flags that only submit takes.
type submitFlags struct {
	engine, image, queue, volume string
	workers                      int
}

func (f *submitFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.engine, "engine", "", "with batch submit: print what `ENGINE` takes: "+strings.Join(namesOf(engines), ", "))
	flags.StringVar(&f.image, "image", "", "with batch submit: run lots in containers of `IMAGE`, whose entry point is mendcap")
	flags.StringVar(&f.queue, "queue", "", "with batch submit: the partition of Slurm, local queue of Kueue, or job queue `NAME`")
	flags.StringVar(&f.volume, "volume", "", "with batch submit: mount a PersistentVolumeClaim of Kubernetes, as `CLAIM:DIR`")
	flags.IntVar(&f.workers, "workers", 0, "with batch submit: run `N` lots at a time (default: what the engine has room for; 100 for Kubernetes and Google Batch)")
}

var (
	// submitOnly are those flags, and
	submitOnly = []string{"engine", "image", "queue", "volume", "workers"}
	// submitToo are others that submit takes.
	submitToo = []string{"plan", "lots", "jobs", "memory", "scratch", "help"}
)

// submission is what a template knows.
type submission struct {
	engine

	Lots       int
	Plan       string // a path from the root, or a URL
	Workers    int    // lots at a time; 0 if it was not said
	Processors int    // of a lot
	Memory     sizeValue
	Said       []string // flags for the lots: --memory and --scratch, if they were said
	Image      string
	Queue      string
	Claim      string // of a volume, and
	Mount      string // where it is seen
}

// submitLots prints the script or manifest that has an engine carry out a plan.
func (f *batchFlags) submitLots(ctx context.Context, s *streams, args []string) int {
	one, err := f.submission(args)
	if err != nil {
		return s.fail("", err)
	}
	if one.Lots = f.lots; !f.set.Changed("lots") {
		run, err := openPlan(ctx, one.Plan)
		if errors.Is(err, store.ErrNoCloud) {
			err = hinted{err, exitUsage, "--lots N says how many lots the plan has, without opening it"}
		}
		if err != nil {
			return s.fail("", err)
		}
		one.Lots = run.Lots
	}
	if one.Lots < 1 || one.mostLots > 0 && one.Lots > one.mostLots {
		return s.fail("", usagef("mendcap batch plan --lots N makes another", "the plan has %d lots, and %s takes from 1 to %d", one.Lots, one.name, one.mostLots))
	}
	var text strings.Builder
	if err := engineTemplates().ExecuteTemplate(&text, one.name+".tmpl", one); err != nil {
		return s.fail("", err)
	}
	return s.print(text.String())
}

// submission checks what the flags say and puts it together, but for the lots.
func (f *batchFlags) submission(args []string) (*submission, error) {
	if len(args) > 0 {
		return nil, usagef(seeCommand, "batch submit takes no arguments: --plan names the plan")
	}
	if err := f.onlyWith("batch submit", submitOnly, submitToo); err != nil {
		return nil, err
	}
	e, ok := find(engines, f.submit.engine)
	names := namesOf(engines)
	hint := "the engines are " + strings.Join(names, ", ")
	switch {
	case f.submit.engine == "":
		return nil, usagef(hint, "batch submit needs --engine ENGINE")
	case !ok:
		return nil, usagef(hint, "--engine: %q is none%s", f.submit.engine, guess("", f.submit.engine, names))
	}
	one := &submission{engine: e, Workers: f.submit.workers, Processors: 1, Memory: f.memory, Image: f.submit.image, Queue: f.submit.queue}
	if f.set.Changed("jobs") {
		one.Processors = f.jobs
	}
	if f.set.Changed("memory") {
		one.Said = append(one.Said, "--memory", strconv.FormatInt(int64(f.memory), 10))
	}
	if f.set.Changed("scratch") {
		one.Said = append(one.Said, "--scratch", f.scratch)
	}
	if one.Processors < 1 || one.Processors > mostProcessors {
		return nil, usagef(seeCommand, "--jobs: %d is not a number from 1 to %d", one.Processors, mostProcessors)
	}
	if one.Workers < 0 || one.Workers == 0 && f.set.Changed("workers") {
		return nil, usagef(seeCommand, "--workers: %d is not a number from 1 up", one.Workers)
	}
	return one, one.place(f.planAt, f.submit.volume, f.scratch)
}

// mostProcessors is how many a lot can be given, so that a slip is seen.
const mostProcessors = 1024

// plainName matches names of queues and claims that nothing has to quote.
var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/,-]{0,250}$`)

// place checks where the lots run and what they see there.
func (one *submission) place(plan, volume, scratch string) error {
	if plan == "" {
		return usagef("mendcap batch plan -o OUT IN... makes one, and prints its name", "batch submit needs --plan RUN")
	}
	if !strings.Contains(plan, "://") {
		absolute, err := filepath.Abs(plan)
		if err != nil {
			return err
		}
		plan = absolute
	}
	one.Plan = plan
	for _, text := range []string{plan, one.Image, volume, scratch} {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			return usagef(seeCommand, "%q has characters that scripts and manifests can't show", text)
		}
	}
	if one.Queue == "" && one.needsQueue {
		return usagef(seeCommand, "--engine %s needs --queue", one.name)
	}
	if one.Queue != "" && !plainName.MatchString(one.Queue) {
		return usagef(seeCommand, "--queue: %q is no name of a queue", one.Queue)
	}
	if one.contained && one.Image == "" {
		return usagef(seeCommand, "--engine %s needs --image: one whose entry point is mendcap", one.name)
	}
	if one.Image != "" && one.name == "slurm" {
		return usagef(seeCommand, "--image: Slurm runs the mendcap of its nodes")
	}
	return one.mount(volume)
}

// mount checks that lots in containers see the plan.
func (one *submission) mount(volume string) error {
	folder, isFile := strings.CutPrefix(one.Plan, "file://")
	local := isFile || !strings.Contains(one.Plan, "://")
	if volume == "" {
		if local && one.volumes {
			return usagef(seeCommand, "containers see no folder of this machine: --volume CLAIM:DIR mounts the one of the plan, or plan with -o s3://BUCKET")
		}
		if local && one.contained {
			return usagef("plan with -o s3://BUCKET or the like", "containers of --engine %s see no folder of this machine", one.name)
		}
		return nil
	}
	claim, dir, _ := strings.Cut(volume, ":")
	switch {
	case !one.volumes:
		return usagef(seeCommand, "--volume is for --engine kubernetes")
	case !plainName.MatchString(claim) || !path.IsAbs(dir) || strings.Contains(dir, ":"):
		return usagef(seeCommand, "--volume: %q is not CLAIM:DIR, with a folder from the root", volume)
	case local && !strings.HasPrefix(filepath.ToSlash(folder), strings.TrimSuffix(path.Clean(dir), "/")+"/"):
		return usagef(seeCommand, "--volume: the plan is not below %s", dir)
	}
	one.Claim, one.Mount = claim, path.Clean(dir)
	if one.Mount == "/tmp" || one.Mount == "/" {
		return usagef(seeCommand, "--volume: %s is where the container has its own", one.Mount)
	}
	return nil
}

// Arguments are what mendcap is called with for a lot, whose number is the engine's.
func (one *submission) Arguments() []string {
	args := []string{"batch", "--plan", one.Plan, "--jobs", strconv.Itoa(one.Processors)}
	args = append(args, one.Said...)
	if one.Lots == 1 && one.name == "aws" {
		args = append(args, "--lot", "0") // an array has two children or more
	}
	return args
}

// Command is mendcap with its arguments.
func (one *submission) Command() []string { return append([]string{"mendcap"}, one.Arguments()...) }

// notInNames matches what names of jobs can't have.
var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// Name is that of the job: the plan's. It is a label of RFC 1123, which all engines take.
func (one *submission) Name() string {
	plan, _, _ := strings.Cut(one.Plan, "?") // after which a URL says how its store is reached
	base := strings.ToLower(path.Base(filepath.ToSlash(plan)))
	base = strings.Trim(notInNames.ReplaceAllString(base, "-"), "-")
	return strings.TrimSuffix("mendcap-"+base[:min(len(base), 40)], "-")
}

// MiB is the memory of a lot.
func (one *submission) MiB() int64 { return (int64(one.Memory) + besideMemory) >> 20 }

// Retries is how often a lot is begun again.
func (one *submission) Retries() int { return lotRetries }

// Attempts is how often it is begun.
func (one *submission) Attempts() int { return lotRetries + 1 }

// AtOnce is how many lots run at a time, for engines that have to be told.
func (one *submission) AtOnce() int {
	if one.Workers > 0 {
		return min(one.Workers, one.Lots)
	}
	return min(one.atOnce, one.Lots)
}

// Arrays is how many arrays of Slurm there have to be, or 0 if one will do.
func (one *submission) Arrays() int {
	if one.Lots <= slurmArray {
		return 0
	}
	return (one.Lots + slurmArray - 1) / slurmArray
}

// ArraySize is how many tasks an array of Slurm has at most.
func (one *submission) ArraySize() int { return slurmArray }

// LastTask is the index of the last task of an array of Slurm.
func (one *submission) LastTask() int { return min(one.Lots, slurmArray) - 1 }

// LastLot is the number of the last lot.
func (one *submission) LastLot() int { return one.Lots - 1 }

// countLots says how many lots there are.
func countLots(n int) string {
	if n == 1 {
		return "1 lot"
	}
	return strconv.Itoa(n) + " lots"
}
