package compare

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// commands are what each build does with a capture, in a folder of its own.
var commands = [][]string{
	{"repair", "-v", "-w", "out.pcapng", "--report", "out.json", "--report", "out.html", "--report", "out.md", "--report", "out.csv"},
	{"check", "-v", "--report", "check.xml"},
	{"explain"},
}

// explained are the frames that explain is asked for.
var explained = []string{"1-20"}

// compare reports whether what the builds make of a capture differs, and prints
// what does.
func (b *bench) compare(ctx context.Context, path string) (differs bool, err error) {
	want, err := b.results(ctx, b.other, 1, path)
	if err != nil {
		return false, err
	}
	for _, workers := range b.workers {
		got, err := b.results(ctx, b.now, workers, path)
		if err != nil {
			return false, err
		}
		for _, what := range differences(want, got) {
			differs = true
			fmt.Printf("%s, %d workers: %s differs\n", b.name(path), workers, what)
			if b.verbose {
				fmt.Println(firstDifference(want[what], got[what]))
			}
		}
	}
	return differs, nil
}

// footer is what tells of a page which version made it: it differs between builds.
var footer = regexp.MustCompile(`(?s)<footer>.*</footer>`)

// results are what a build gives by all commands: files by their names, what
// was printed and the exit codes by the names of the commands.
func (b *bench) results(ctx context.Context, program string, workers int, path string) (map[string][]byte, error) {
	dir, err := os.MkdirTemp(b.dir, "run-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	all := make(map[string][]byte)
	for _, command := range commands {
		args := append(append([]string{}, command...), path)
		if command[0] == "explain" {
			args = append(args, explained...)
		}
		if err := printed(ctx, all, dir, program, workers, args); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		all[entry.Name()] = footer.ReplaceAll(text, nil)
	}
	if b.sense {
		return bySense(all)
	}
	return all, nil
}

// printed runs one command, and adds what it printed and its exit code.
func printed(ctx context.Context, all map[string][]byte, dir, program string, workers int, args []string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(workers), "TMPDIR="+dir)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return err
	}
	name := args[0]
	all[name+"'s output"] = out.Bytes()
	all[name+"'s messages"] = []byte(strings.ReplaceAll(complaints.String(), dir, ""))
	all[name+"'s exit code"] = []byte(strconv.Itoa(cmd.ProcessState.ExitCode()))
	return ctx.Err()
}
