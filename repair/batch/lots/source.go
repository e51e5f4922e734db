package lots

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/mendcap/mendcap/internal/store"
)

// Source is one input of a plan, and where it lies.
type Source struct {
	Root  string // as it was given
	Store store.Store
	Key   string // of the file, or what the keys of those in a folder begin with
	File  bool   // it is one file

	whole int64 // bytes of an archive up to which it is copied; 0 for mostWhole
}

// mostWhole is how many bytes an archive has at most that is copied whole, though its
// members could be read where it lies: that takes more requests.
const mostWhole = 256 << 20

// here reports whether the source lies in this machine's file system.
func (s *Source) here() bool { return s.Store.Local("") != "" }

// key is that of an item of the source.
func (s *Source) key(name string) string { return s.Key + name }

// besideKey is the key of a file that an item needs.
func (s *Source) besideKey(b *Beside) string {
	if !s.File {
		return s.key(string(b.Name))
	}
	dir := s.Key[:strings.LastIndexByte(s.Key, '/')+1]
	return dir + string(b.Name)
}

// sourceOf finds a file or a folder. The error says that it can't be read.
func sourceOf(ctx context.Context, input string) (Source, error) {
	if store.IsURL(input) {
		return sourceAt(ctx, input)
	}
	info, err := os.Stat(input)
	switch {
	case err != nil:
		return Source{}, err
	case !info.IsDir() && !info.Mode().IsRegular():
		return Source{}, errNotRegular
	}
	return sourceFor(ctx, input, !info.IsDir())
}

// sourceAt finds an object, or the objects below a prefix.
func sourceAt(ctx context.Context, input string) (Source, error) {
	below, err := sourceFor(ctx, input, false)
	if err != nil {
		return Source{}, err
	}
	for _, err := range below.Store.List(ctx, "") {
		return below, err
	}
	if _, name := store.Split(input); name == "" {
		return Source{}, errors.Join(fs.ErrNotExist, below.Store.Close())
	}
	file, err := sourceFor(ctx, input, true)
	if err != nil {
		return Source{}, err
	}
	_, err = file.Store.Stat(ctx, file.Key)
	return file, errors.Join(err, below.Store.Close())
}

// sourceFor is a source that is a file, or a folder, whether it is still there or not.
func sourceFor(ctx context.Context, input string, file bool) (Source, error) {
	if !store.IsURL(input) {
		if file {
			return Source{Root: input, Store: store.NewFolder(filepath.Dir(input)), Key: filepath.Base(input), File: true}, nil
		}
		return Source{Root: input, Store: store.NewFolder(input)}, nil
	}
	s := Source{Root: input, File: file}
	at := input
	if file {
		at, s.Key = store.Split(input)
	}
	var err error
	s.Store, err = store.Open(ctx, at)
	return s, err
}

// sources are those of items, each opened once.
type sources struct {
	mu  sync.Mutex
	all map[int]*Source // by the number of the input
}

// of is the source of an item. An input is a file, or a folder, for all its items.
func (s *sources) of(ctx context.Context, inputs []string, it *Item) (*Source, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.all[it.Root]; there != nil {
		return there, nil
	}
	opened, err := sourceFor(ctx, inputs[it.Root], it.Name == "")
	if err != nil {
		return nil, err
	}
	if s.all == nil {
		s.all = make(map[int]*Source)
	}
	s.all[it.Root] = &opened
	return &opened, nil
}

// close closes them.
func (s *sources) close() (err error) {
	for _, one := range s.all {
		err = errors.Join(err, one.Store.Close())
	}
	return err
}
