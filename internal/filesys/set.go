package filesys

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// Set holds files, each with what it is to the caller. Two names are of one file
// if the file system says so (links of both kinds, names that differ by their
// case), or, where there is no file yet, if they lead to one place. The zero
// value is empty.
type Set struct {
	places  map[string]string // what, by place
	there   map[stamp][]file  // those that exist
	folders map[string]string // real paths, by names
}

// stamp is what names of one file agree in: only files that share it need to be
// compared.
type stamp struct {
	size int64
	time time.Time
}

type file struct {
	info fs.FileInfo
	what string
}

// Add adds a file, which need not exist. Of several additions of one file the
// first one's what counts.
func (s *Set) Add(path, what string) {
	if _, ok := s.Find(path); ok {
		return
	}
	if s.places == nil {
		s.places, s.there = make(map[string]string), make(map[stamp][]file)
	}
	for _, p := range s.Places(path) {
		s.places[p] = what
	}
	if info, err := os.Stat(path); err == nil {
		s.AddInfo(info, what)
	}
}

// AddInfo adds a file that exists, by what its Stat says.
func (s *Set) AddInfo(info fs.FileInfo, what string) {
	if s.there == nil {
		s.places, s.there = make(map[string]string), make(map[stamp][]file)
	}
	key := stampOf(info)
	s.there[key] = append(s.there[key], file{info, what})
}

// Find returns what a file is that was added under this or another name.
func (s *Set) Find(path string) (what string, ok bool) {
	for _, p := range s.Places(path) {
		if what, ok := s.places[p]; ok {
			return what, true
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", false
	}
	return s.FindInfo(info)
}

// FindInfo returns what the file is that was added and has this Stat.
func (s *Set) FindInfo(info fs.FileInfo) (what string, ok bool) {
	for _, f := range s.there[stampOf(info)] {
		if os.SameFile(f.info, info) {
			return f.what, true
		}
	}
	return "", false
}

func stampOf(info fs.FileInfo) stamp { return stamp{info.Size(), info.ModTime().UTC()} }

// mostLinks is how many links are followed one after the other, as by Linux.
const mostLinks = 40

// Places lists the place that a name is at, and those that it leads to if it is a link:
// absolute paths, in folders without links as far as these exist. The last may be that of
// a file that is still missing.
func (s *Set) Places(path string) []string {
	var list []string
	for range mostLinks {
		dir, base := filepath.Split(path)
		dir = s.folder(dir)
		path = filepath.Join(dir, base)
		list = append(list, folded(path))
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = dir + string(filepath.Separator) + to // not joined: a link comes before ".."
		}
		path = to
	}
	return list
}

// folder returns the absolute path of a folder, without links as far as it
// exists.
func (s *Set) folder(dir string) string {
	real, ok := s.folders[dir]
	if !ok {
		if s.folders == nil {
			s.folders = make(map[string]string)
		}
		real = realFolder(dir)
		s.folders[dir] = real
	}
	return real
}

func realFolder(dir string) string {
	if dir == "" {
		dir = "."
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		clean := filepath.Clean(dir)
		parent := filepath.Dir(clean)
		if parent == clean {
			return clean
		}
		return filepath.Join(realFolder(parent), filepath.Base(clean))
	}
	if abs, err := filepath.Abs(real); err == nil {
		return abs
	}
	return real
}

// folded is a path where names that differ by case alone are usually of one
// file.
func folded(path string) string {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return strings.ToLower(path)
	}
	return path
}

// IsLink reports whether two names are hard links to one file: neither leads to the other.
func IsLink(a, b string) bool {
	one, failed := os.Lstat(a)
	other, err := os.Lstat(b)
	if failed != nil || err != nil || !os.SameFile(one, other) || !one.Mode().IsRegular() {
		return false
	}
	var s Set
	return s.Places(a)[0] != s.Places(b)[0]
}
