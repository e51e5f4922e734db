package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// plan names the output of each capture; "-" is standard output. It writes nothing: an
// error here leaves everything as it was.
func (f *repairFlags) plan(s *streams, captures []string) (outputs []string, err error) {
	if err := f.checkTargets(captures); err != nil {
		return nil, err
	}
	if err := f.checkGraphs(); err != nil {
		return nil, err
	}
	if f.write == "-" && s.terminal && !f.options.Force {
		return nil, usagef("mendcap repair ... -w - >FILE writes it to a file; --force writes it here", "-w -: standard output is a terminal, and a capture is no text")
	}
	var taken filesys.Set
	read := f.inputs(s, captures)
	for _, in := range captures {
		out := f.write
		if out == "" {
			out = naming.OutputName(in, f.dir) + naming.PackedSuffix(string(f.options.Compression))
		}
		if other, ok := taken.Find(out); ok {
			return nil, usagef("repair them in two runs, with -w or -o", "%s and %s would both be written to %s", other, in, out)
		}
		if what, ok := read.find(out); ok {
			return nil, usagef("-w FILE or -o DIR writes elsewhere", "the output of %s would be %s, which is %s", in, out, what)
		}
		taken.Add(out, in)
		read.add(out, "the repaired capture")
		outputs = append(outputs, out)
	}
	for _, in := range captures {
		if err := f.claimGraphs(read, in); err != nil {
			return nil, err
		}
	}
	return outputs, f.checkReports(s, read)
}

// captures returns the names of the captures, and writes a note for each that it skips.
func (f *repairFlags) captures(s *streams, args []string) ([]string, error) {
	if f.read != "" {
		if len(args) > 0 {
			return nil, usagef("-r FILE is another way of naming the one capture", "-r and %q both name a capture", args[0])
		}
		return []string{f.read}, nil
	}
	for i, name := range args {
		if _, err := os.Lstat(name); err != nil {
			if _, is := find(commands(), name); is {
				if i > 0 {
					return nil, usagef(commandFirst(name, slices.Delete(slices.Clone(args), i, i+1)), "the command comes first, not after %s: %s", args[i-1], name)
				}
				return nil, usagef("mendcap "+name+" [FLAG]... takes it so", "flags come after the command %s", name)
			}
		}
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

// inFolders replaces folders by the captures in them, which are told as a batch tells
// them. It says of archives that these are not opened.
func (s *streams) inFolders(ctx context.Context, names []string) (all []string, err error) {
	for _, name := range names {
		if !isFolder(name) {
			all = append(all, name)
			continue
		}
		plan, err := batch.Find(ctx, []string{name}, batch.Options{})
		if err != nil {
			return nil, asUsage(err)
		}
		files, members := plan.Files()
		if members > 0 {
			fmt.Fprintf(s.err, "mendcap: %s: %d captures in archives are not checked: mendcap batch opens archives\n", report.Sanitise(name), members)
		}
		if len(files) == 0 {
			return nil, hinted{fmt.Errorf("no file in the folder %s is a capture", name), exitNoCapture, "a capture is told by its content, whatever its name"}
		}
		all = append(all, files...)
	}
	return all, nil
}

// expandGlobs replaces names that are no file's by the files that they match: not
// every shell does so. What they name must be named at least once.
func expandGlobs(what string, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, usagef(seeCommand, "no %s was named", what)
	}
	var all []string
	for _, name := range names {
		if _, err := os.Lstat(name); err == nil || !hasGlob(name) || store.IsURL(name) {
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
