package windows

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/repair"
)

// ending is a context that is done once it was asked so often for its error.
type ending struct {
	context.Context
	left, asked atomic.Int64
}

func (e *ending) Err() error {
	e.asked.Add(1)
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

func endingAfter(t *testing.T, asked int64) *ending {
	e := &ending{Context: t.Context()}
	e.left.Store(asked)
	return e
}

// A trace that is looked through for what it holds is given up as soon as the context is
// done, and that is all that is said of it.
func TestInterruptEndsTheSurvey(t *testing.T) {
	list, start := frames(t, "v4-lossy", 400, Clock{})
	file, _ := write(t, Log{Processors: 2, BufferSize: 4096, Start: start}, whole(list, 2))
	path := put(t, "file.etl", file)
	full := endingAfter(t, 1<<40)
	if _, results, err := tables.Load(full, path); err != nil || len(results) != 1 || full.asked.Load() < 50 {
		t.Fatalf("got %v and %v, asked %d times", results, err, full.asked.Load())
	}
	for asked := range full.asked.Load() - 1 {
		c := endingAfter(t, asked)
		if s, results, err := tables.Load(c, path); s != nil || results != nil || err != context.Canceled || c.asked.Load() > asked+5 {
			t.Fatalf("done after %d times: got %v, %v and %v, asked %d times", asked, s, results, err, c.asked.Load())
		}
	}
	for asked := range int64(60) {
		if _, err := repair.Check(endingAfter(t, asked), path, repair.Options{}); !errors.Is(err, context.Canceled) || errors.Is(err, repair.ErrNoCapture) {
			t.Fatalf("done after %d times: got %v", asked, err)
		}
	}
}
