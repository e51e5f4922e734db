package batch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
)

// tablesOf are the network tables that a capture is repaired with: those that were named,
// or those beside it.
func (r *runner) tablesOf(in string) ([]string, error) {
	if len(r.o.Repair.Tables) > 0 {
		return r.o.Repair.Tables, nil
	}
	paths, err := tables.Find(in, naming.Stem(in))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", repair.ErrIO, err)
	}
	return paths, nil
}

// fingerprint is a hash, in hex, of all that the output and the report of a
// repair follow from: the bytes and the names of the capture and of its network
// tables, the options as choices has them, and the program, which the caller names. Two
// runs with one fingerprint write the same. Known are SHA-256 hashes of some of the files.
// Read is how many bytes all the files have.
// Errors are ErrNoCapture, ErrNoTables, ErrIO or the context's.
func fingerprint(ctx context.Context, in, program, choices string, paths []string, known map[string][]byte) (hash string, read int64, err error) {
	h := sha256.New()
	frame(h, []byte(program))
	frame(h, []byte(choices))
	frame(h, []byte(filepath.Base(in)))
	if read, err = addFile(ctx, h, in, known); err != nil {
		return "", 0, err
	}
	for _, path := range paths {
		list, err := tables.Files(path)
		if err != nil {
			return "", 0, fmt.Errorf("%w: %w", repair.ErrNoTables, err)
		}
		for _, file := range list {
			frame(h, []byte(filepath.Base(file)))
			n, err := addFile(ctx, h, file, known)
			switch {
			case errors.Is(err, repair.ErrNoCapture):
				frame(h, []byte("can't be read"))
			case err != nil:
				return "", 0, err
			}
			read += n
		}
	}
	return hex.EncodeToString(h.Sum(nil)), read, nil
}

// choices spells out the options that decide what is written.
func choices(o repair.Options) string {
	o.Force, o.MaxUnpacked, o.SpoolLimit, o.Tables = false, 0, 0, nil // how, how far, and what is hashed itself
	o.Tally, o.Sequential = nil, false
	o.Reflink, o.Hardlink = false, false // the output holds the same
	if o.Findings == 0 {
		o.Findings = repair.DefaultFindings
	}
	if o.Flows == 0 {
		o.Flows = repair.DefaultFlows
	}
	var b strings.Builder
	for field, value := range reflect.ValueOf(o).Fields() {
		if kind := field.Type.Kind(); kind != reflect.Func && kind != reflect.Interface && kind != reflect.Pointer {
			fmt.Fprintf(&b, "%s=%q\n", field.Name, fmt.Sprint(value))
		}
	}
	return b.String()
}

// frame adds bytes with their length before them, so that where one ends and
// the next begins is hashed too.
func frame(h hash.Hash, p []byte) {
	fmt.Fprintf(h, "%d:", len(p))
	h.Write(p)
}

// addFile adds the hash of a file's bytes, which are read unless it is known, and returns
// how many these are.
func addFile(ctx context.Context, to hash.Hash, path string, known map[string][]byte) (int64, error) {
	if sum := known[path]; sum != nil {
		if info, err := os.Stat(path); err == nil {
			frame(to, sum)
			return info.Size(), nil
		}
	}
	sum, n, err := hashOf(ctx, path)
	if err == nil {
		frame(to, sum)
	}
	return n, err
}

// hashOf returns the SHA-256 of a file, and how many bytes it has. Errors are
// ErrNoCapture, ErrIO or the context's.
func hashOf(ctx context.Context, path string) ([]byte, int64, error) {
	f, err := filesys.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", repair.ErrNoCapture, err)
	}
	defer f.Close()
	sum, err := filesys.Hash(ctx, f)
	var n int64
	if err == nil {
		n, err = f.Seek(0, io.SeekCurrent)
	}
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: read %s: %w", repair.ErrIO, path, err)
	}
	return sum, n, err
}
