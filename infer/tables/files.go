package tables

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/filesys"
)

// Find returns the table files beside a capture: every file in the folders
// stem.tables and capture.tables, or such a folder itself if it can't be read, and
// the files stem.tables.json, stem.tables.txt and stem.etl, an event trace, where that
// is not the capture itself. Stem is the capture's path without its compression and
// capture suffixes. The paths are sorted; finding none
// is no error.
func Find(capture, stem string) ([]string, error) {
	var found []string
	for _, path := range []string{stem + ".tables", capture + ".tables", stem + ".tables.json", stem + ".tables.txt", stem + ".etl"} {
		if strings.HasPrefix(capture, path) {
			continue // the trace is the capture itself, compressed or not
		}
		isFolder := filepath.Ext(path) == ".tables"
		info, err := os.Stat(path)
		switch {
		case err != nil && isLink(path):
			found = append(found, path) // Load says why it can't be read
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENAMETOOLONG): // no file can have the name
		case err != nil && isFolder:
			return nil, fmt.Errorf("look for tables: %w", err)
		case err == nil && isFolder && info.IsDir():
			inside, err := Files(path)
			if err != nil {
				return nil, fmt.Errorf("look for tables: %w", err)
			}
			found = append(found, inside...)
		case err == nil && !isFolder && info.Mode().IsRegular():
			found = append(found, path)
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// Load reads files, and every regular file of folders (not of folders in
// them), and unions what they say; rows that name an interface whose index some
// other file gives are put there. Connections are given the moment of their file,
// which it says itself or by a name that begins with it, as those of the scripts
// do. There is one Result a file, in the order of paths and sorted within a
// folder; that of a file that can't be read has a Problem. The error names the
// paths where there is nothing; the Snapshot and Results hold what the others gave. Once
// the context is done, its error is all that is returned.
func Load(ctx context.Context, paths ...string) (*infer.Snapshot, []Result, error) {
	union := &infer.Snapshot{Version: Version}
	normalised := 0 // rows when that was done last: it is done again when they have doubled
	var (
		results []Result
		files   []string
		failed  []error
	)
	for _, path := range paths {
		list, err := Files(path)
		files, failed = append(files, list...), append(failed, err)
	}
	for _, file := range files {
		if normalised > maxUnion {
			const problem = "left out: the files before it have too many rows"
			results = append(results, Result{Name: file, Format: unknownFormat, Problem: problem})
			continue
		}
		one, result := read(ctx, file)
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		stamp(one, file)
		results = append(results, result)
		add(union, one)
		if n := rowsOf(union); n > max(2*normalised, 1000) || n > maxUnion {
			normalise(union)
			normalised = rowsOf(union)
		}
	}
	indexDevices(union)
	return union, results, errors.Join(failed...)
}

// read reads one file: a text, or a capture that tells of connections.
func read(ctx context.Context, file string) (*infer.Snapshot, Result) {
	failed := func(err error) (*infer.Snapshot, Result) {
		return &infer.Snapshot{}, Result{Name: file, Format: unknownFormat, Problem: unread(file, err)}
	}
	f, err := filesys.Open(file)
	if err != nil {
		return failed(err)
	}
	defer f.Close()
	head := make([]byte, convert.HeadLen)
	if n, _ := f.ReadAt(head, 0); convert.Recognised(head[:n]) {
		one, result, err := readCapture(ctx, file, f)
		if err != nil {
			return failed(err)
		}
		return one, result
	}
	// So much of it that Parse sees whether it is too large.
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return failed(err)
	}
	return Parse(file, content)
}

// Files returns what Load reads of a path: a file itself, of a folder the regular
// files in it and links to such or to nothing, sorted. It is the path itself where
// that can't be read; the error says that there is nothing at all.
func Files(path string) ([]string, error) {
	if _, err := os.Lstat(path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return []string{path}, nil
	}
	var list []string
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		if info, err := os.Stat(file); err != nil || info.Mode().IsRegular() {
			list = append(list, file)
		}
	}
	return list, nil
}

func isLink(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSymlink != 0
}

// unread says in a few words why a file could not be read.
func unread(path string, err error) string {
	if errors.Is(err, fs.ErrNotExist) && isLink(path) {
		return "a link that leads nowhere"
	}
	if info, serr := os.Stat(path); serr == nil && info.IsDir() {
		_, err = os.ReadDir(path)
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err.Error()
	}
	return fmt.Sprint(err)
}
