package lots

import (
	"context"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/store"
)

// Has says what a file of this machine is to the plan, "" if nothing: what it reads,
// what becomes of that, or a part of the plan itself.
func (r *Run) Has(ctx context.Context, name string) (what string, err error) {
	if real := placeOf(name); r.out.Local("") != "" {
		plans := placeOf(filepath.Join(r.out.Local(Folder), "plan.json"))
		switch {
		case isBelow(filepath.Dir(plans), real):
			return "a file of a plan", nil
		case isBelow(filepath.Dir(filepath.Dir(plans)), real) && strings.Contains(filepath.Base(real), mended):
			return "an output of the plan", nil
		}
	}
	info, err := os.Stat(name)
	if err != nil {
		return "", nil // it is not there yet
	}
	for part := range r.Parts {
		err := r.scan(ctx, part, func(line []byte) (bool, error) {
			var it Item
			if err := json.Unmarshal(line, &it); err != nil {
				return false, err
			}
			if err := it.check(r.Inputs); err != nil {
				return false, err
			}
			if r.isIn(&it, name, info) {
				what = "a file that the plan reads"
			}
			return what == "", nil
		})
		if what != "" || err != nil {
			return what, err
		}
	}
	return "", nil
}

// isIn reports whether a file is an item, or one of its tables.
func (r *Run) isIn(it *Item, name string, info fs.FileInfo) bool {
	input := r.Inputs[it.Root]
	if store.IsURL(input) {
		return false
	}
	if !filepath.IsAbs(input) {
		input = filepath.Join(string(r.Dir), input)
	}
	files, below := []string{filepath.Join(input, filepath.FromSlash(string(it.Name)))}, input
	if it.Name == "" {
		below = filepath.Dir(input)
	}
	for i := range it.Beside {
		files = append(files, filepath.Join(below, filepath.FromSlash(string(it.Beside[i].Name))))
	}
	for _, file := range files {
		if path.Base(filepath.ToSlash(file)) != filepath.Base(name) { // to ask about each takes long
			continue
		}
		if there, err := os.Stat(file); err == nil && os.SameFile(there, info) {
			return true
		}
	}
	return false
}

// placeOf is the absolute path of a file, whose folder is named without links.
func placeOf(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(name)); err == nil {
		name = filepath.Join(dir, filepath.Base(name))
	}
	return name
}

// isBelow reports whether a path lies in a folder; both are absolute.
func isBelow(dir, name string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(rel)
}
