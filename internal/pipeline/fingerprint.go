package pipeline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/filesys"
)

// Fingerprint is a hash, in hex, of all that the output and the report of a
// repair follow from: the bytes and the names of the capture and of its network
// tables, the options, and the program, which the caller names. Two runs
// with one fingerprint write the same. Errors are ErrNoCapture, ErrIO or the
// context's.
func Fingerprint(ctx context.Context, in, program string, o Options) (string, error) {
	paths, err := tablePaths(in, o)
	if err != nil {
		return "", err
	}
	h := sha256.New()
	frame(h, []byte(program))
	frame(h, []byte(choices(o)))
	frame(h, []byte(filepath.Base(in)))
	if err := hashFile(ctx, h, in); err != nil {
		return "", err
	}
	for _, path := range paths {
		list, err := tables.Files(path)
		if err != nil {
			return "", fmt.Errorf("%w: %w", ErrNoTables, err)
		}
		for _, file := range list {
			frame(h, []byte(filepath.Base(file)))
			switch err := hashFile(ctx, h, file); {
			case errors.Is(err, ErrNoCapture):
				frame(h, []byte("can't be read"))
			case err != nil:
				return "", err
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// choices spells out the options that decide what is written.
func choices(o Options) string {
	o.Force, o.MaxUnpacked, o.SpoolLimit, o.Tables = false, 0, 0, nil // how, how far, and what is hashed itself
	if o.Findings == 0 {
		o.Findings = DefaultFindings
	}
	if o.Flows == 0 {
		o.Flows = DefaultFlows
	}
	var b strings.Builder
	for field, value := range reflect.ValueOf(o).Fields() {
		if kind := field.Type.Kind(); kind != reflect.Func && kind != reflect.Interface {
			fmt.Fprintf(&b, "%s=%q\n", field.Name, fmt.Sprint(value))
		}
	}
	return b.String()
}

// Hash returns the SHA-256 of a file, in hex.
func Hash(ctx context.Context, path string) (string, error) {
	h := sha256.New()
	if err := hashFile(ctx, h, path); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// frame adds bytes with their length before them, so that where one ends and
// the next begins is hashed too.
func frame(h hash.Hash, p []byte) {
	fmt.Fprintf(h, "%d:", len(p))
	h.Write(p)
}

// hashFile adds the hash of a file's bytes.
func hashFile(ctx context.Context, to hash.Hash, path string) error {
	f, err := filesys.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoCapture, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.CopyBuffer(h, contextReader{ctx, f}, make([]byte, 1<<18)); err != nil {
		return ioError("read "+path, err)
	}
	frame(to, h.Sum(nil))
	return nil
}
