package atomicfile

import "context"

// pauseKey is that of the function which WithPause puts into a context.
type pauseKey struct{}

// WithPause returns a context in which Settle waits for the disk within pause, which
// calls wait once, and may let others work meanwhile.
func WithPause(ctx context.Context, pause func(wait func())) context.Context {
	return context.WithValue(ctx, pauseKey{}, pause)
}

// Settle puts on the disk what was written, which Commit and CommitNew do otherwise: see
// WithPause. The file still has to be ended, also after an error. What is written past
// Write is not known to it: nothing of that may follow.
func (p *File) Settle(ctx context.Context) (err error) {
	if p.failed != nil || p.synced {
		return p.failed
	}
	pause, ok := ctx.Value(pauseKey{}).(func(wait func()))
	if !ok {
		pause = func(wait func()) { wait() }
	}
	pause(func() { err = p.Sync() })
	p.synced = err == nil
	return err
}
