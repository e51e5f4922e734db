package tables

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"github.com/mendcap/mendcap/infer"
)

// Find returns the table files beside a capture: every file in the folders
// stem.tables and capture.tables, and the files stem.tables.json and
// stem.tables.txt. Stem is the capture's path without its compression and
// capture suffixes. The paths are sorted; finding none is no error.
func Find(capture, stem string) ([]string, error) {
	var found []string
	for _, folder := range []string{stem + ".tables", capture + ".tables"} {
		info, err := os.Stat(folder)
		tooLong := errors.Is(err, syscall.ENAMETOOLONG) // for a file to have the name
		if errors.Is(err, fs.ErrNotExist) || tooLong || err == nil && !info.IsDir() {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("look for tables: %w", err)
		}
		files, err := filesIn(folder)
		if err != nil {
			return nil, fmt.Errorf("look for tables: %w", err)
		}
		found = append(found, files...)
	}
	for _, file := range []string{stem + ".tables.json", stem + ".tables.txt"} {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			found = append(found, file)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Load reads files, and every regular file of folders (not of folders in
// them), and unions what they say; rows that name an interface whose index some
// other file gives are put there. Connections are given the moment of their file,
// which it says itself or by a name that begins with it, as those of the scripts
// do. There is one Result a file, in the order of
// paths and sorted within a folder. The error names the paths that could not
// be read; the Snapshot and Results hold what the others gave.
func Load(paths ...string) (*infer.Snapshot, []Result, error) {
	union := &infer.Snapshot{Version: Version}
	settled := 0 // rows at the last normalising: done again when they have doubled
	var results []Result
	var failed []error
	for _, path := range paths {
		files, err := Files(path)
		if err != nil {
			failed = append(failed, fmt.Errorf("read tables: %w", err))
			continue
		}
		for _, file := range files {
			if settled > maxUnion {
				results = append(results, Result{Name: file, Format: unknownFormat, Problem: "left out: the files before it have too many rows"})
				continue
			}
			content, err := readFile(file)
			if err != nil {
				failed = append(failed, fmt.Errorf("read tables: %w", err))
				continue
			}
			one, result := Parse(file, content)
			stamp(one, file)
			results = append(results, result)
			add(union, one)
			if n := rowsOf(union); n > max(2*settled, 1000) || n > maxUnion {
				normalise(union)
				settled = rowsOf(union)
			}
		}
	}
	settleDevices(union)
	return union, results, errors.Join(failed...)
}

// Files returns what Load reads of a path: a file itself, of a folder the regular
// files in it, sorted.
func Files(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	return filesIn(path)
}

// filesIn returns the regular files of a folder, and links to such, sorted.
func filesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder) // sorted by name
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	return files, nil
}

// readFile reads a file, or so much of it that Parse sees it is too large.
func readFile(path string) (content []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, maxSize+1))
}
