//go:build cloud

package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// How long a store may take: for an answer, or for the next byte of one; and for bytes
// that are sent to it, at least so many a second, in addition.
const (
	usualPatience = time.Minute
	slowest       = 256 << 10
)

// stalledAttempts is how often something is asked of a store that does not answer: each
// attempt takes as long as the patience lasts.
const stalledAttempts = 3

// errStalled says that a connection is there, and nothing comes of it.
var errStalled = errors.New("it stalled")

// watch is the context of one attempt, which ends where the store stalls.
type watch struct {
	context.Context

	cancel   context.CancelCauseFunc
	patience time.Duration
	timer    *time.Timer
	sent     int64 // bytes that may be on their way
}

// watch begins an attempt; the store has to answer from now on.
func (b *bucket) watch(ctx context.Context) *watch {
	ctx, cancel := context.WithCancelCause(ctx)
	w := &watch{Context: ctx, cancel: cancel, patience: b.patience}
	w.timer = time.AfterFunc(w.patience, func() { cancel(fmt.Errorf("%w: nothing came for %v", errStalled, w.patience)) })
	return w
}

// wait says that the store has to do something from now on.
func (w *watch) wait() { w.timer.Reset(w.patience + time.Duration(w.sent)*time.Second/slowest) }

// rest says that it has done so: nothing is waited for.
func (w *watch) rest() { w.timer.Stop() }

// end ends the attempt, whose error it returns: libraries say of one that stalled that it
// was cancelled.
func (w *watch) end(err error) error {
	w.rest()
	cause := context.Cause(w)
	w.cancel(nil)
	if err != nil && errors.Is(cause, errStalled) {
		return cause
	}
	return err
}

// watchedWriter writes to a store. Its libraries keep up to three parts of an upload.
type watchedWriter struct {
	w  *watch
	to io.Writer
}

// Write implements io.Writer.
func (t *watchedWriter) Write(p []byte) (int, error) {
	t.w.sent = min(t.w.sent+int64(len(p)), 3*partSize)
	t.w.wait()
	defer t.w.rest()
	return t.to.Write(p)
}
