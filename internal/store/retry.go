//go:build cloud

package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"time"
	"unicode/utf8"

	"gocloud.dev/gcerrors"
)

// attempts is how often something is asked of a store, beside what its own library
// repeats.
const attempts = 7

// Pauses between attempts, the longest of them: each is twice as long as the one before,
// less a random part of it, so that many machines don't come back together.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 10 * time.Second
)

// pause waits after the n-th attempt that failed, from 1. The error is the context's.
func pause(ctx context.Context, n int) error {
	most := min(firstPause<<(n-1), longestPause)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(most/2 + rand.N(most/2)):
		return nil
	}
}

// longestKey is how long a key is at most in S3 and in Google Cloud Storage, bytes.
const longestKey = 1024

// retry calls what until it succeeds or fails for good. Errors are as Store has them.
func (b *bucket) retry(ctx context.Context, key string, what func() error) error {
	if all := b.prefix + key; len(all) > longestKey || !utf8.ValidString(all) {
		return fmt.Errorf("%q: %w: keys are UTF-8 of up to %d bytes", key, ErrKey, longestKey)
	}
	for n := 1; ; n++ {
		err := what()
		if err == nil {
			return nil
		}
		if n == attempts || n >= stalledAttempts && errors.Is(err, errStalled) || ctx.Err() != nil || !isTransient(err) {
			return b.explain(ctx, key, err)
		}
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

// ask is retry for what is done once the store has answered.
func (b *bucket) ask(ctx context.Context, key string, what func(context.Context) error) error {
	return b.retry(ctx, key, func() error {
		w := b.watch(ctx)
		return w.end(what(w))
	})
}

// explain turns an error of a store's library into one of this package.
func (b *bucket) explain(ctx context.Context, key string, err error) error {
	kind := kindOf(err)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case kind != nil:
		return &storeError{b.name(key), kind, err}
	}
	return err
}

// kindOf is the error of this package that a library's is one of; nil if there is none,
// as for those of a write function.
func kindOf(err error) error {
	switch {
	case isTransient(err):
		return ErrUnreachable
	case gcerrors.Code(err) == gcerrors.NotFound:
		return fs.ErrNotExist
	case gcerrors.Code(err) == gcerrors.FailedPrecondition:
		return fs.ErrExist
	case statusOf(err) != 0:
		return errRefused
	}
	return nil
}

var errRefused = errors.New("the store refuses it")

// storeError is an error of a store's library, whose words have no credentials and no
// line ends.
type storeError struct {
	name string // of what was asked for
	kind error
	err  error
}

func (e *storeError) Error() string {
	return fmt.Sprintf("%s: %s (%s)", e.name, e.kind, describe(e.err))
}

func (e *storeError) Unwrap() []error { return []error{e.kind, e.err} }
