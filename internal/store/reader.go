//go:build cloud

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"gocloud.dev/blob"
)

// reader reads an object, and goes on where a connection was cut: in the same version.
type reader struct {
	ctx     context.Context
	b       *bucket
	key     string
	version string // from the first answer on, where it was ""
	at      int64  // where the next byte lies in the object
	end     int64  // where it is to end
	failed  int    // attempts since the last byte came
	watch   *watch
	body    *blob.Reader // nil where it could not be opened again
}

// Open implements Store.
func (b *bucket) Open(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	r := &reader{ctx: ctx, b: b, key: key, version: version, at: offset}
	err := b.retry(ctx, key, func() error { return r.open(length) })
	switch {
	case statusOf(err) == http.StatusRequestedRangeNotSatisfiable:
		return io.NopCloser(strings.NewReader("")), nil // it ends before offset
	case errors.Is(err, fs.ErrExist):
		return nil, r.changed()
	case err != nil:
		return nil, err
	}
	if got := b.read(r.body); version == "" {
		r.version = got
	} else if got != version { // not every store heeds what it is asked
		return nil, errors.Join(r.changed(), r.Close())
	}
	r.end = r.body.Size()
	if length >= 0 {
		r.end = min(r.end, offset+length)
	}
	return r, nil
}

// changed is the error for an object that has another version.
func (r *reader) changed() error { return fmt.Errorf("%s: %w", r.b.name(r.key), ErrChanged) }

// open asks for length bytes from where the reader is, or for all if length is negative.
func (r *reader) open(length int64) (err error) {
	only := func(as func(any) bool) error {
		r.b.only(as, r.version)
		return nil
	}
	r.watch = r.b.watch(r.ctx)
	r.body, err = r.b.NewRangeReader(r.watch, r.b.prefix+r.key, r.at, length, &blob.ReaderOptions{BeforeRead: only})
	r.watch.rest()
	if err != nil {
		return r.watch.end(err)
	}
	return nil
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	for r.at < r.end {
		r.watch.wait()
		n, err := r.body.Read(p[:min(int64(len(p)), r.end-r.at)])
		r.watch.rest()
		r.at += int64(n)
		if n > 0 {
			r.failed = 0
			return n, nil // an error comes again
		}
		if err == nil {
			return 0, nil
		}
		if err := r.again(err); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

// again goes on after an error of reading, if it can.
func (r *reader) again(err error) error {
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	err = r.watch.end(err)
	r.failed++
	if r.failed >= attempts || r.failed >= stalledAttempts && errors.Is(err, errStalled) || !isTransient(err) {
		return r.b.explain(r.ctx, r.key, err)
	}
	if err := pause(r.ctx, r.failed); err != nil {
		return err
	}
	_ = r.body.Close() // nothing is read from it any more
	err = r.b.retry(r.ctx, r.key, func() error { return r.open(r.end - r.at) })
	if errors.Is(err, fs.ErrExist) || errors.Is(err, fs.ErrNotExist) {
		return r.changed()
	}
	return err
}

// Close implements io.Closer.
func (r *reader) Close() error {
	if r.body == nil {
		return nil
	}
	return r.watch.end(r.body.Close())
}
