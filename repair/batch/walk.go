package batch

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/report"
)

// walker finds captures. Symbolic links are not followed, but for those that
// the command line names: what they lead to within the folder is found there.
type walker struct {
	ctx  context.Context
	plan *Plan
	dir  string          // Options.Dir, absolute
	seen map[string]bool // absolute paths of files that have been looked at
	item int             // that what is found belongs to
}

// newWalker checks the options of a plan of so many items.
func newWalker(ctx context.Context, o Options, l limits, items int) (*walker, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if info, err := os.Stat(o.Dir); o.Dir != "" && err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: %s is not a folder", ErrUsage, o.Dir)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	plan := &Plan{o: o, limits: l, results: make([]Result, items)}
	return &walker{ctx: ctx, plan: plan, dir: dir, seen: make(map[string]bool)}, nil
}

// skipped counts what is no capture of the present item.
func (w *walker) skipped() *report.Skipped { return &w.plan.results[w.item].Skipped }

// found is a file or folder on the way.
type found struct {
	path  string // to open it
	abs   string // the same, absolute
	shown string // as it is named to people, with slashes
	rel   string // from the path on the command line, with slashes; "" for itself
	under string // its place below Options.Dir, with slashes
	named bool   // it is itself on the command line

	copied bool              // what is opened is a copy of what is shown
	sums   map[string][]byte // of it and its tables, if they are known
	place  InPlace           // of an archive that there is no copy of
}

func (f *found) source() source { return source{f.path, f.place} }

func (f *found) child(name string) *found {
	return &found{
		path: filepath.Join(f.path, name), abs: filepath.Join(f.abs, name), shown: shownIn(f.shown, name),
		rel: path.Join(f.rel, name), under: path.Join(f.under, name),
	}
}

// rootOf is one path of the command line, or URL.
func rootOf(p string) (*found, error) {
	if store.IsURL(p) {
		_, base := store.Split(p)
		return &found{path: p, abs: p, shown: shownRoot(p), under: base, named: true}, nil
	}
	f := &found{path: p, shown: shownRoot(p), named: true}
	abs, err := filepath.Abs(p)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	f.abs = abs
	if filepath.Clean(p) != "." && filepath.Dir(abs) != abs {
		f.under = filepath.Base(abs)
	}
	return f, nil
}

// shownRoot is how a path of the command line, or a URL, is named to people.
func shownRoot(p string) string {
	if store.IsURL(p) {
		return store.Shown(p)
	}
	return filepath.ToSlash(filepath.Clean(p))
}

// shownIn is how a part of what is shown as a path or URL is named to people.
func shownIn(folder, name string) string {
	if scheme, rest, ok := strings.Cut(folder, "://"); ok {
		return scheme + "://" + path.Join(rest, name)
	}
	return path.Join(folder, name)
}

// root takes in one path of the command line.
func (w *walker) root(p string) error {
	f, err := rootOf(p)
	if err != nil {
		return err
	}
	info, err := os.Stat(p)
	switch {
	case err != nil:
		w.fail(f.shown, codeNoCapture, err)
		return nil
	case info.IsDir():
		return w.folder(f)
	case !info.Mode().IsRegular():
		w.fail(f.shown, codeNoCapture, errors.New("not a regular file"))
		return nil
	}
	f.rel = filepath.Base(f.abs)
	return w.file(f)
}

// fail notes what can't be read.
func (w *walker) fail(shown string, code int, err error) {
	w.plan.fail(w.item, failure(shown, code, reason(err)))
}

// reason is an error without the path that every entry has, in words that say
// what is wrong with the file.
func reason(err error) string {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err.Error()
	}
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it is cut short"
	case errors.Is(err, zip.ErrFormat):
		return "it is no whole zip archive: its list of members is missing or broken"
	case errors.Is(err, tar.ErrHeader):
		return "a member's header is broken"
	}
	return err.Error()
}

// folder walks one folder, in the order of names.
func (w *walker) folder(f *found) error {
	entries, err := os.ReadDir(f.path)
	if err != nil { // what was read of it is walked
		w.fail(f.shown, codeNoCapture, err)
	}
	for _, e := range entries {
		if err := w.ctx.Err(); err != nil {
			return err
		}
		if err := w.entry(f.child(e.Name()), e.Type()); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) entry(f *found, mode fs.FileMode) error {
	skipped := w.skipped()
	switch {
	case w.plan.o.Excludes(f.rel):
		skipped.Excluded++
	case mode&fs.ModeSymlink != 0:
		skipped.Links++
	case mode.IsDir():
		if w.isOutput(f.path) {
			return nil
		}
		return w.folder(f)
	case !mode.IsRegular():
		skipped.Special++
	default:
		return w.file(f)
	}
	return nil
}

// isOutput reports whether a folder is that of the outputs.
func (w *walker) isOutput(folder string) bool {
	here, err := os.Stat(folder)
	dir, none := os.Stat(w.plan.o.Dir) // which may be "": that is no folder
	return err == nil && none == nil && os.SameFile(here, dir)
}

// matches reports whether one of the patterns takes a path: without a slash it
// is for names, with one for whole paths from the command line's.
func matches(patterns []string, rel string) bool {
	for _, p := range patterns {
		name := rel
		if !strings.Contains(p, "/") {
			name = path.Base(rel)
		}
		if ok, _ := doublestar.Match(p, name); ok { // the patterns were checked
			return true
		}
	}
	return false
}

func (w *walker) included(rel string) bool {
	return len(w.plan.o.Include) == 0 || matches(w.plan.o.Include, rel)
}

// file looks at a file.
func (w *walker) file(f *found) error {
	if w.seen[f.abs] {
		return nil // two paths of the command line lead here
	}
	w.seen[f.abs] = true
	skipped := w.skipped()
	if !f.named && naming.IsOwn(f.path) {
		skipped.Own++
		return nil
	}
	kind, size, err := f.source().sniff()
	if failed := f.source().failed(); failed != nil {
		return failed
	}
	switch {
	case err != nil:
		w.fail(f.shown, codeNoCapture, err)
	case kind == kindTar || kind == kindZip:
		return w.archive(f, kind)
	case kind == kindOther && !f.named && !naming.IsNamedCapture(f.path):
		other(skipped, f.path)
	case !w.included(f.rel):
		skipped.Excluded++
	default:
		// One that is named as a capture and is none by its content is planned too: the
		// repair says what is wrong with it.
		w.add(f, task{shown: f.shown, file: f.path, member: Alone, size: size, copied: f.copied, sums: f.sums}, "")
	}
	return nil
}

// other counts a file that is no capture.
func other(skipped *report.Skipped, name string) {
	if naming.IsEventTrace(name) {
		skipped.Traces++
	} else {
		skipped.Other++
	}
}

// outputOf names the output of what has its place below Options.Dir.
func outputOf(under string, o *Options) string {
	return fitting(filepath.ToSlash(naming.OutputName(under, "")) + packedSuffix(o))
}

func packedSuffix(o *Options) string { return naming.PackedSuffix(string(o.Repair.Compression)) }

// add plans a task, whose output is named as the file that it lies in is, and inside
// that.
func (w *walker) add(f *found, t task, inside string) {
	under := f.under
	if t.root, t.abs = w.plan.o.Dir, w.dir; t.root == "" {
		t.root, t.abs, under = filepath.Dir(f.path), filepath.Dir(f.abs), filepath.Base(f.path)
	}
	under += inside
	t.rel = outputOf(under, &w.plan.o)
	t.full = fitting(under + naming.Mended + packedSuffix(&w.plan.o))
	t.item = w.item
	w.plan.tasks = append(w.plan.tasks, t)
}
