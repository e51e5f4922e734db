// Package trees compares what runs leave in folders, and packs it.
package trees

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/gzip"
)

// Tree is the files below a folder, by their paths in it.
type Tree map[string]string

// Read reads the files below a folder, which need not be there.
func Read(dir string) (Tree, error) {
	t := make(Tree)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == dir {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		t[rel] = string(data)
		return err
	})
	return t, err
}

// Differs names the first file in which two trees differ, or "".
func (t Tree) Differs(want Tree) string {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got, ok := t[name]; !ok {
			return name + " is missing"
		} else if got != want[name] {
			return name + " differs"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if _, ok := want[name]; !ok {
			return name + " should not be there"
		}
	}
	return ""
}

// WriteArchives puts the files into a compressed tar and a zip archive.
func (t Tree) WriteArchives(dir string) error {
	return errors.Join(t.writeTar(filepath.Join(dir, "packed.tar.gz")), t.writeZip(filepath.Join(dir, "packed.zip")))
}

func (t Tree) writeTar(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	packed := gzip.NewWriter(f)
	w := tar.NewWriter(packed)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(t[name]))}); err != nil {
			return err
		}
		if _, err := w.Write([]byte(t[name])); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), packed.Close())
}

func (t Tree) writeZip(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		member, err := w.Create(filepath.ToSlash(name))
		if err != nil {
			return err
		}
		if _, err := member.Write([]byte(t[name])); err != nil {
			return err
		}
	}
	return w.Close()
}
