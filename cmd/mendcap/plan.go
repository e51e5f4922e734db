package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/report"
)

// job is one capture and where its repaired form goes; "-" means
// standard input and output.
type job struct{ in, out string }

// plan decides what is read and written. It writes nothing but a note for
// each capture that it skips: an error here leaves everything as it was.
func (f *repairFlags) plan(s *streams, args []string) ([]job, error) {
	captures, err := f.captures(s, args)
	if err != nil {
		return nil, err
	}
	if err := f.checkTargets(captures); err != nil {
		return nil, err
	}
	jobs := make([]job, 0, len(captures))
	var outputs filesys.Set
	for _, in := range captures {
		out := f.write
		if out == "" {
			out = naming.OutputName(in, f.dir) + naming.PackedSuffix(string(f.options.Compression))
		}
		if other, ok := outputs.Find(out); ok {
			return nil, usagef("repair them in two runs, with -w or -o", "%s and %s would both be written to %s", other, in, out)
		}
		outputs.Add(out, in)
		jobs = append(jobs, job{in, out})
	}
	read := f.inputs(s, captures)
	for _, j := range jobs {
		if what, ok := read.find(j.out); ok {
			return nil, usagef("-w FILE or -o DIR writes elsewhere", "the output of %s would be %s, which is %s", j.in, j.out, what)
		}
		read.add(j.out, "the repaired capture")
	}
	return jobs, f.checkReports(s, read)
}

// captures returns the names of the captures.
func (f *repairFlags) captures(s *streams, args []string) ([]string, error) {
	if f.read != "" {
		if len(args) > 0 {
			return nil, usagef("-r FILE is another way of naming the one capture", "-r and %q both name a capture", args[0])
		}
		return []string{f.read}, nil
	}
	captures, err := expandGlobs("capture", args)
	if err != nil {
		return nil, err
	}
	if len(captures) == 1 && captures[0] == args[0] {
		return captures, nil // named alone
	}
	kept := slices.DeleteFunc(captures, func(name string) bool {
		mended := naming.IsMended(name)
		if mended {
			fmt.Fprintf(s.err, "mendcap: %s: skipped: it is mendcap's own output (name it alone to repair it)\n", report.Sanitise(name))
		}
		return mended
	})
	if len(kept) == 0 {
		return nil, usagef("name one alone to repair it", "all captures named are mendcap's own output")
	}
	return kept, nil
}

// checkTargets checks what -w and -o ask for.
func (f *repairFlags) checkTargets(captures []string) error {
	switch {
	case f.write != "" && f.dir != "":
		return usagef("-w names one file, -o a folder", "-w and -o can't be used together")
	case f.write != "" && len(captures) > 1:
		return usagef("-o DIR writes each capture there under its own name", "-w names one file for %d captures", len(captures))
	case f.write == "" && slices.Contains(captures, "-"):
		return usagef("-w FILE names it; -w - is standard output", "standard input needs a named output")
	case f.write == "-" && f.json:
		return usagef("--report FILE.json writes the JSON to a file", "-w - and --json both need standard output")
	}
	if f.dir == "" {
		return nil
	}
	if info, err := os.Stat(f.dir); err == nil && !info.IsDir() {
		return usagef("-o takes a folder, or the name of one to make", "%s is not a folder", f.dir)
	}
	return nil
}

// checkGlobs checks the patterns of a flag.
func checkGlobs(flag string, globs []string) error {
	for _, glob := range globs {
		if !doublestar.ValidatePattern(glob) {
			return usagef("* matches part of a name, ** matches folders", "%s: %q is not a pattern: a bracket in it is not closed", flag, glob)
		}
	}
	return nil
}

// hasGlob reports whether a name that is no file's can match several.
func hasGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }

// expandGlobs replaces names that are no file's by the files that they match: not
// every shell does so. What they name must be named at least once.
func expandGlobs(what string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, usagef(seeCommand, "no %s was named", what)
	}
	var all []string
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil || !hasGlob(name) {
			all = append(all, name)
			continue
		}
		found, err := doublestar.FilepathGlob(name, doublestar.WithFilesOnly())
		if err != nil {
			return nil, usagef("quote a name that is no pattern, or check its brackets", "%s: no such file, and as a pattern it has a bracket without an end", name)
		}
		if len(found) == 0 {
			return nil, usagef("* matches part of a name, ** matches folders", "no file matches %s", name)
		}
		slices.Sort(found)
		all = append(all, found...)
	}
	return all, nil
}
