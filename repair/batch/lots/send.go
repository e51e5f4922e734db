package lots

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// sender puts the outputs of an item into a store far away.
type sender struct {
	to    store.Store
	dir   string // that they lie in
	force bool
}

// all sends what the captures of an item have. One whose output would be in place of
// another file, or can't have its name there, has failed.
func (s *sender) all(ctx context.Context, entries []report.Entry) error {
	found, err := s.find()
	if err != nil {
		return err
	}
	for _, stem := range slices.Sorted(maps.Keys(found)) {
		var of []*report.Entry
		for i := range entries {
			if e := &entries[i]; e.Output != "" && stemOf(e.Output) == stem {
				of = append(of, e)
			}
		}
		if err := s.capture(ctx, found[stem], of); err != nil {
			return err
		}
	}
	return nil
}

// capture sends what the capture of these entries has, and says of them why it can't be
// sent.
func (s *sender) capture(ctx context.Context, keys []string, of []*report.Entry) error {
	why, err := s.send(ctx, keys)
	if errors.Is(err, store.ErrKey) {
		why, err = err.Error(), nil
	}
	for _, e := range of {
		if why != "" {
			*e = report.Entry{Path: e.Path, Outcome: report.OutcomeFailed, Code: codeIO, Error: why}
		}
	}
	return err
}

// one sends what one capture has, and removes it here.
func (s *sender) one(ctx context.Context, output string, e *report.Entry) error {
	var keys []string
	for _, key := range []string{output, stemOf(output) + pageSuffix, stemOf(output) + lastSuffix} {
		if _, err := os.Stat(s.file(key)); err == nil {
			keys = append(keys, key)
		}
	}
	if err := s.capture(ctx, keys, []*report.Entry{e}); err != nil {
		return err
	}
	for _, key := range keys {
		if err := os.Remove(s.file(key)); err != nil {
			return err
		}
	}
	return nil
}

// stemOf is what the output, the page and the report of a capture have in common.
func stemOf(key string) string {
	if at := strings.LastIndex(key, mended); at >= 0 {
		return key[:at]
	}
	return key
}

const (
	mended     = ".mended."
	pageSuffix = mended + "html"
	lastSuffix = mended + "json" // of the report
)

// find lists the keys of what there is to send, by their stems: of each the output first,
// and the report last.
func (s *sender) find() (map[string][]string, error) {
	found := make(map[string][]string)
	err := filepath.WalkDir(s.dir, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == s.dir {
			return nil // there were no captures
		}
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(s.dir, name)
		key := filepath.ToSlash(rel)
		found[stemOf(key)] = append(found[stemOf(key)], key)
		return err
	})
	for _, keys := range found {
		slices.SortFunc(keys, func(a, b string) int { return cmp.Compare(turn(a), turn(b)) })
	}
	return found, err
}

// turn is when a file of a capture is sent.
func turn(key string) int {
	switch {
	case strings.HasSuffix(key, lastSuffix):
		return 2
	case strings.HasSuffix(key, pageSuffix):
		return 1
	}
	return 0
}

// send sends the files of one capture. Where its report is there already, they are an
// earlier attempt's, and replaced. Otherwise what is there must be what is sent, since
// that attempt ended before its report, or else it is another's: then why says so.
func (s *sender) send(ctx context.Context, keys []string) (why string, err error) {
	ours, err := s.hasReport(ctx, keys)
	if err != nil {
		return "", err
	}
	for _, key := range keys {
		same := false
		if !ours && !s.force {
			there, equal, err := s.compare(ctx, key)
			switch {
			case err != nil:
				return "", err
			case there && !equal:
				return fmt.Sprintf("%v: %s; --force replaces it", repair.ErrExists, store.Shown(s.to.URL(key))), nil
			}
			same = there
		}
		if !same {
			if err := s.to.Put(ctx, key, s.copy(key)); err != nil {
				return "", err
			}
		}
	}
	return "", nil
}

// hasReport reports whether the report of the output is there.
func (s *sender) hasReport(ctx context.Context, keys []string) (bool, error) {
	last := keys[len(keys)-1]
	if !strings.HasSuffix(last, lastSuffix) {
		return false, nil
	}
	f, err := s.to.Open(ctx, last, "", 0, -1)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	old, err := report.ReadOne(f)
	if errors.Is(err, store.ErrUnreachable) || ctx.Err() != nil {
		return false, err
	}
	return err == nil && stemOf(old.Output.Name) == naming.AsText(stemOf(path.Base(last))), nil
}

// compare tells whether a key is there, and whether it has what is to be sent.
func (s *sender) compare(ctx context.Context, key string) (there, equal bool, err error) {
	o, err := s.to.Stat(ctx, key)
	if errors.Is(err, fs.ErrNotExist) {
		return false, false, nil
	}
	if err != nil {
		return false, false, err
	}
	mine, err := os.Open(s.file(key))
	if err != nil {
		return true, false, err
	}
	defer mine.Close()
	info, err := mine.Stat()
	if err != nil || info.Size() != o.Size {
		return true, false, err
	}
	its, err := s.to.Open(ctx, key, o.Version, 0, -1)
	if err != nil {
		return true, false, err
	}
	defer its.Close()
	a, err := filesys.Hash(ctx, mine)
	if err != nil {
		return true, false, err
	}
	b, err := filesys.Hash(ctx, its)
	return true, bytes.Equal(a, b), err
}

func (s *sender) file(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

// copy writes a file, however often it is asked to.
func (s *sender) copy(key string) func(io.Writer) error {
	return func(to io.Writer) error {
		f, err := os.Open(s.file(key))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.Copy(to, f)
		return err
	}
}
