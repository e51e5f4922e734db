package batch

import (
	"fmt"
	"os"
	"slices"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
)

// protect takes out of the plan the captures whose output, report or page would be
// in place of a file that is read.
func (p *Plan) protect() {
	if p.o.Dir != "" && !isThere(p.o.Dir) ||
		!slices.ContainsFunc(p.tasks, func(t task) bool { return slices.ContainsFunc(p.written(&t), isThere) }) {
		return
	}
	read := p.inputs()
	p.tasks = slices.DeleteFunc(p.tasks, func(t task) bool {
		for _, name := range p.written(&t) {
			if what, ok := read.Find(name); ok && isThere(name) && !(p.o.Repair.Hardlink && filesys.IsLink(t.file, name)) {
				err := fmt.Errorf("%w: %s is %s; -o DIR writes elsewhere", repair.ErrExists, name, what)
				p.fail(t.item, failure(t.shown, codeIO, err.Error()))
				return true
			}
		}
		return false
	})
}

// written are the files that are written of a capture.
func (p *Plan) written(t *task) []string {
	out := t.out()
	files := []string{out, reportName(out)}
	if p.o.Page != nil {
		files = append(files, pageName(out))
	}
	return files
}

func isThere(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// inputs are the files that are read.
func (p *Plan) inputs() *filesys.Set {
	read := &filesys.Set{}
	for i := range p.tasks {
		t := &p.tasks[i]
		if t.member != Alone {
			if i == 0 || p.tasks[i-1].file != t.file {
				read.Add(t.file, "an archive that is read")
			}
			continue
		}
		read.Add(t.file, "a capture that is read")
		found, _ := tables.Find(t.file, naming.Stem(t.file)) // the repair says what is wrong with them
		addTables(read, found)
	}
	addTables(read, p.o.Repair.Tables)
	return read
}

func addTables(read *filesys.Set, paths []string) {
	for _, path := range paths {
		inside, _ := tables.Files(path)
		for _, file := range inside {
			read.Add(file, "a file of network tables")
		}
	}
}

// Has returns what a file is to the batch, if it reads or writes it.
func (p *Plan) Has(path string) (what string, ok bool) {
	all := p.inputs()
	for i := range p.tasks {
		out := p.tasks[i].out()
		all.Add(out, "an output of the batch")
		all.Add(reportName(out), "a report of the batch")
		if p.o.Page != nil {
			all.Add(pageName(out), "a page of the batch")
		}
	}
	return all.Find(path)
}
