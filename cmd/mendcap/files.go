package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/mendcap/mendcap/internal/atomicfile"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/repair"
)

// smallFile is a file that is written from memory.
type smallFile struct {
	name    string
	content []byte
}

// writeFiles writes files with the permissions that perm allows, and makes their folders:
// all of them, or none where one would replace another file unasked.
func writeFiles(files []smallFile, perm fs.FileMode, force bool) error {
	for _, f := range files {
		switch same, err := filesys.Holds(f.name, f.content); {
		case errors.Is(err, os.ErrNotExist):
		case err != nil:
			return fmt.Errorf("read what is there: %w", err)
		case !same && !force:
			return hinted{fmt.Errorf("%w: %s", repair.ErrExists, f.name), exitIO, "--force replaces it"}
		}
	}
	for _, f := range files {
		if err := os.MkdirAll(filepath.Dir(f.name), 0o777); err != nil {
			return fmt.Errorf("make the folder: %w", err)
		}
		if err := atomicfile.Write(f.name, perm, func(w io.Writer) error { _, err := w.Write(f.content); return err }); err != nil {
			return fmt.Errorf("write %s: %w", filepath.Base(f.name), err)
		}
	}
	return nil
}
