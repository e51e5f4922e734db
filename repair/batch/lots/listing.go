package lots

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
)

// listing goes through the sources of a plan, and does with what it meets what a batch
// does that walks them, but for looking into files.
type listing struct {
	o       *batch.Options
	sources []Source
	abs     []string // of each source: the absolute path, or as its URL is shown
	files   map[string]bool
	found   batch.Result // what is no item
	take    func(root int, name string, o store.Object) error
	tables  func(name string, o store.Object) error // what may be tables
}

func newListing(o *batch.Options, sources []Source) *listing {
	l := &listing{o: o, sources: sources, files: make(map[string]bool)}
	for i := range sources {
		s := &sources[i]
		place := filepath.Clean(store.Shown(s.Store.URL(s.Key)))
		if s.here() {
			place, _ = filepath.Abs(s.Store.Local(s.Key)) // "" is no file's
		}
		l.abs = append(l.abs, place)
	}
	return l
}

// run goes through one source.
func (l *listing) run(ctx context.Context, root int) error {
	s := &l.sources[root]
	if s.File {
		o, err := s.Store.Stat(ctx, s.Key)
		if err != nil {
			l.found.Entries = append(l.found.Entries, batch.Unread(shown(s, ""), err))
			return nil
		}
		if !l.isNew(root, "") {
			return nil
		}
		if err := l.beside(ctx, s); err != nil {
			return err
		}
		return l.take(root, "", o)
	}
	hidden := "" // folder that is passed over, which only tables are looked for in
	enter := func(folder string) (skip bool) {
		if hidden != "" && strings.HasPrefix(folder, hidden) {
			return true
		}
		name := strings.TrimSuffix(strings.TrimPrefix(folder, s.Key), "/")
		switch {
		case l.o.Excludes(name):
			l.found.Skipped.Excluded++
			if !strings.HasSuffix(name, naming.TablesFolder) {
				return true
			}
			hidden = folder
		case l.isOutput(s, folder):
			return true
		}
		return false
	}
	for o, err := range walk(ctx, s.Store, s.Key, enter) {
		name := strings.TrimPrefix(o.Key, s.Key)
		switch {
		case err != nil && (o.Key == "" || ctx.Err() != nil):
			return cmp.Or(ctx.Err(), err)
		case err != nil:
			l.found.Entries = append(l.found.Entries, batch.Unread(shown(s, strings.TrimSuffix(name, "/")), err))
			continue
		}
		if err := l.maybeTables(ctx, s.Store, name, o); err != nil {
			return err
		}
		if hidden != "" && strings.HasPrefix(o.Key, hidden) {
			continue
		}
		if err := l.file(root, name, o); err != nil {
			return err
		}
	}
	return nil
}

// beside looks for the tables of a source that is a file: their names are from its folder.
func (l *listing) beside(ctx context.Context, s *Source) error {
	dir, _ := path.Split(s.Key)
	for o, err := range s.Store.List(ctx, naming.Stem(s.Key)+".") {
		if err == nil {
			err = l.maybeTables(ctx, s.Store, strings.TrimPrefix(o.Key, dir), o)
		} else if o.Key != "" {
			continue // the repair says what is wrong with it
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// maybeTables hands on what may be tables. Those that a link leads to count too.
func (l *listing) maybeTables(ctx context.Context, s store.Store, name string, o store.Object) error {
	if o.Mode&fs.ModeSymlink != 0 {
		to, err := s.Stat(ctx, o.Key)
		if err != nil {
			return ctx.Err() // the repair says what is wrong with it
		}
		o = to
	}
	if !o.Mode.IsRegular() || !isName(name) {
		return nil
	}
	return l.tables(name, o)
}

var errNoName = errors.New("a key with //, . or .. in it, or a slash before it, can't be the path of a file")

// file takes in what lies in a folder.
func (l *listing) file(root int, name string, o store.Object) error {
	skipped := &l.found.Skipped
	switch {
	case l.o.Excludes(name):
		skipped.Excluded++
	case !isName(name):
		l.found.Entries = append(l.found.Entries, batch.Unread(shown(&l.sources[root], "")+"/"+name, errNoName))
	case o.Mode&fs.ModeSymlink != 0:
		skipped.Links++
	case !o.Mode.IsRegular():
		skipped.Special++
	case !l.isNew(root, name):
	case naming.IsOwn(name):
		skipped.Own++
	default:
		return l.take(root, name, o)
	}
	return nil
}

// shown is how a part of a source is named to people.
func shown(s *Source, name string) string {
	return (&batch.Item{Root: s.Root, Name: name}).Shown()
}

// isNew reports whether no earlier source led to the file.
func (l *listing) isNew(root int, name string) bool {
	if len(l.sources) == 1 || l.abs[root] == "" {
		return true
	}
	abs := filepath.Join(l.abs[root], filepath.FromSlash(name))
	if l.files[abs] {
		return false
	}
	if l.sources[root].File {
		l.files[abs] = true
	}
	for earlier := range root {
		below, ok := strings.CutPrefix(abs, l.abs[earlier]+string(filepath.Separator))
		if ok && l.abs[earlier] != "" && !l.sources[earlier].File && l.visited(earlier, filepath.ToSlash(below)) {
			return false
		}
	}
	return true
}

// visited reports whether a source has led to a file below it.
func (l *listing) visited(root int, name string) bool {
	for at := name; at != "."; at = path.Dir(at) {
		if l.o.Excludes(at) || at != name && l.isOutput(&l.sources[root], l.sources[root].key(at)) {
			return false
		}
	}
	return true
}

// isOutput reports whether a folder is that of the outputs.
func (l *listing) isOutput(s *Source, folder string) bool {
	if s.here() {
		return l.isOutputHere(s.Store.Local(folder))
	}
	return store.IsURL(l.o.Dir) && store.Shown(s.Store.URL(folder)) == store.Shown(l.o.Dir)
}

// isOutputHere is isOutput for a folder of this machine.
func (l *listing) isOutputHere(folder string) bool {
	here, err := os.Stat(folder)
	dir, none := os.Stat(l.o.Dir)
	return err == nil && none == nil && os.SameFile(here, dir)
}

// walk lists a store but for the folders that enter asks to skip; it is told each folder
// once, whose key ends with a slash, before what is in it.
func walk(ctx context.Context, s store.Store, prefix string, enter func(folder string) (skip bool)) iter.Seq2[store.Object, error] {
	if f, ok := s.(*store.Folder); ok {
		return f.ListExcept(ctx, prefix, enter)
	}
	return func(yield func(store.Object, error) bool) {
		in, skipped := prefix, ""
		for o, err := range s.List(ctx, prefix) {
			if err == nil && skipped != "" && strings.HasPrefix(o.Key, skipped) {
				continue
			}
			skipped = ""
			folder := prefix + o.Key[len(prefix):][:strings.LastIndexByte(o.Key[len(prefix):], '/')+1]
			if err == nil && folder != in {
				skipped = enterAll(in, folder, enter)
				in = folder
			}
			if skipped == "" && !yield(o, err) {
				return
			}
		}
	}
}

// enterAll enters the folders of a key that are not those of the key before, and returns
// the first that is to be skipped.
func enterAll(before, folder string, enter func(string) bool) (skipped string) {
	at := 0 // after the last folder that both have
	for i := range min(len(before), len(folder)) {
		if before[i] != folder[i] {
			break
		}
		if folder[i] == '/' {
			at = i + 1
		}
	}
	for at < len(folder) {
		at += strings.IndexByte(folder[at:], '/') + 1
		if enter(folder[:at]) {
			return folder[:at]
		}
	}
	return ""
}
