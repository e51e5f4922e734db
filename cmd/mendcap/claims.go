package main

import (
	"io"
	"io/fs"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
)

// claims are the files that a run reads or writes, and what each of them is, so
// that none is written that has another part in it. "-" is none.
type claims struct{ set filesys.Set }

func (c *claims) add(path, what string) {
	if path != "-" && path != "" {
		c.set.Add(path, what)
	}
}

func (c *claims) find(path string) (what string, ok bool) {
	if path == "-" || path == "" {
		return "", false
	}
	return c.set.Find(path)
}

// input claims a file that is read; "-" is the one that standard input comes from,
// if it comes from one.
func (c *claims) input(in io.Reader, path, what string) {
	if path != "-" {
		c.add(path, what)
		return
	}
	if info, ok := regular(in); ok {
		c.set.AddInfo(info, what)
	}
}

// regular returns what the file is that a stream comes from or goes to, if it is
// one.
func regular(stream any) (fs.FileInfo, bool) {
	f, ok := stream.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return nil, false
	}
	info, err := f.Stat()
	return info, err == nil && info.Mode().IsRegular()
}

// output claims a file that is to be written; it may be nothing else.
func (c *claims) output(flag, path, what string) error {
	if is, ok := c.find(path); ok {
		return usagef("choose another name", "%s %s: this file is %s", flag, path, is)
	}
	c.add(path, what)
	return nil
}

// streams claims the files that standard output and standard error go to, if they
// are any; both may go to one.
func (c *claims) streams(s *streams) error {
	for _, stream := range []struct {
		to   io.Writer
		name string
	}{{s.out, standardOutput}, {s.err, "standard error"}} {
		info, ok := regular(stream.to)
		if !ok {
			continue
		}
		if what, ok := c.set.FindInfo(info); ok && what != standardOutput {
			return usagef("let it go elsewhere", "%s goes to a file that is %s", stream.name, what)
		}
		c.set.AddInfo(info, stream.name)
	}
	return nil
}

const standardOutput = "standard output"

// inputs claims the captures and the network tables that are read with them.
func (f *readingFlags) inputs(s *streams, captures []string) *claims {
	read := &claims{}
	paths := f.options.Tables
	for _, in := range captures {
		read.input(s.in, in, "the capture")
		if len(f.options.Tables) == 0 && in != "-" {
			found, _ := tables.Find(in, naming.Stem(in)) // the repair says what is wrong
			paths = append(paths, found...)
		}
	}
	for _, path := range paths {
		read.add(path, "tables")
		inside, _ := tables.Files(path) // as above
		for _, file := range inside {
			read.add(file, "tables")
		}
	}
	return read
}
