// Package planned has captures that a cluster repairs by a plan, and compares what it
// makes of them with what one machine makes.
package planned

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/lab/cloud"
	"github.com/mendcap/mendcap/internal/lab/trees"
)

// Options say what captures are made.
type Options struct {
	Lots, Captures int // lots are about so many
	Seed           uint64
	Store          string // a URL below which captures and outputs are; "" is for files
}

// Bench has the captures, the plan, and what becomes of them, in one folder.
type Bench struct {
	Options
	Plan string // where the plan is, once there is one

	ctx   context.Context
	dir   string
	began time.Time
}

// New makes the captures below a folder, and has one machine repair them.
func New(ctx context.Context, dir string, o Options) (*Bench, error) {
	b := &Bench{Options: o, ctx: ctx, dir: dir, began: time.Now()}
	build := []string{"build", "-o", b.Program()}
	if o.Store != "" {
		build = append(build, "-tags", "cloud,disable_grpc_modules")
	}
	out, err := exec.CommandContext(ctx, "go", append(build, "github.com/mendcap/mendcap/cmd/mendcap")...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	if err := b.makeCaptures(); err != nil {
		return nil, err
	}
	if o.Store != "" {
		if _, err := cloud.Copy(ctx, b.Path("in"), b.at("in")); err != nil {
			return nil, err
		}
	}
	b.Say("captures are made")
	if _, err := b.mendcap(append(append([]string{"batch", "-q", "-o", b.at("want")}, b.reports("want")...), b.at("in"))...); err != nil {
		return nil, err
	}
	b.Say("one machine has repaired them")
	return b, nil
}

// Path is a file in the folder.
func (b *Bench) Path(name string) string { return filepath.Join(b.dir, filepath.FromSlash(name)) }

// at is where captures or outputs are: in the folder, or in the store, whose URL may
// have options after its path.
func (b *Bench) at(name string) string {
	if b.Store == "" {
		return b.Path(name)
	}
	place, options, _ := strings.Cut(b.Store, "?")
	return place + "/" + name + "?" + options
}

// Program is mendcap.
func (b *Bench) Program() string { return b.Path("bin/mendcap") }

// Say prints a line with the time since the start.
func (b *Bench) Say(format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// exitSomeFailed is mendcap's exit code for a batch in which some captures failed.
const exitSomeFailed = 6

// mendcap runs it, and returns what it prints.
func (b *Bench) mendcap(args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(b.ctx, b.Program(), args...)
	cmd.Dir, cmd.Stderr = b.dir, &complaints
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitSomeFailed {
		err = nil // some captures are damaged, and some are none, which it says
	}
	if err != nil {
		err = fmt.Errorf("mendcap %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	return string(out), err
}

// Submit makes the plan, and returns what an engine takes to carry it out.
func (b *Bench) Submit(engine ...string) (string, error) {
	said, err := b.mendcap("batch", "plan", "-o", b.at("got"), "--lots", strconv.Itoa(b.Lots), b.at("in"))
	if err != nil {
		return "", err
	}
	words := strings.Fields(said) // "plan", where it is, and how much is planned
	if len(words) < 2 || words[0] != "plan" {
		return "", fmt.Errorf("the plan is said to be %q", said)
	}
	b.Plan = words[1]
	b.Say("the plan: %s", strings.Join(words[2:], " "))
	return b.mendcap(append([]string{"batch", "submit", "--plan", b.Plan, "--engine"}, engine...)...)
}

// summaries are the forms of a summary that are compared.
var summaries = []string{".json", ".csv", ".html"}

// reports are the flags that write a summary in all its forms.
func (b *Bench) reports(name string) (flags []string) {
	for _, suffix := range summaries {
		flags = append(flags, "--report", b.Path(name+suffix))
	}
	return flags
}

// Compare merges the lots' summaries, and compares all that there is with what one
// machine made.
func (b *Bench) Compare() error {
	if _, err := b.mendcap(append(append([]string{"batch", "merge", "-q"}, b.reports("got")...), b.Plan)...); err != nil {
		return err
	}
	want, err := b.read("want")
	if err != nil {
		return err
	}
	got, err := b.read("got")
	if err != nil {
		return err
	}
	if difference := got.Differs(want); difference != "" {
		return fmt.Errorf("of the cluster and of one machine: %s", difference)
	}
	b.Say("%d outputs and reports and %d summaries are those of one machine, byte for byte, but for the page's footer", len(want)-len(summaries), len(summaries))
	return nil
}

// read reads what a run wrote, but for its plan.
func (b *Bench) read(name string) (trees.Tree, error) {
	if b.Store != "" {
		if _, err := cloud.Copy(b.ctx, b.at(name), b.Path(name)); err != nil {
			return nil, err
		}
	}
	tree, err := trees.Read(b.Path(name))
	if err != nil {
		return nil, err
	}
	for file := range tree {
		if strings.HasPrefix(file, ".mendcap"+string(filepath.Separator)) {
			delete(tree, file)
		}
	}
	for _, suffix := range summaries {
		data, err := os.ReadFile(b.Path(name + suffix))
		if err != nil {
			return nil, err
		}
		tree["summary"+suffix] = withoutFooter(string(data))
	}
	return tree, nil
}

// withoutFooter is a page, or another text, but for what has the command that wrote it.
func withoutFooter(page string) string {
	before, rest, _ := strings.Cut(page, "<footer>")
	_, after, _ := strings.Cut(rest, "</footer>")
	return before + after
}
