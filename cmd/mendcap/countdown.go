package main

import (
	"fmt"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/mendcap/mendcap/repair/batch"
)

// countdown shows on a terminal how far a batch is: captures, their bytes a
// second, and the time left.
type countdown struct {
	progress
	last batch.Progress
}

func (f *batchFlags) countdown(s *streams) *countdown {
	c := &countdown{}
	if !f.quiet && s.progress {
		c.streams, c.began = s, time.Now()
	}
	return c
}

// set says how far the batch is.
func (c *countdown) set(p batch.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = p
	if c.streams == nil || c.bar == nil && time.Since(c.began) < patience {
		return
	}
	if c.bar == nil {
		c.bar = pb.New64(0).Set(pb.Bytes, true).Set(pb.SIBytesPrefix, true).
			SetTemplateString(`{{string . "name"}} {{bar .}} {{percent .}} {{speed .}} {{rtime . "%s left" "%s" "?"}}`).
			Set(pb.CleanOnFinish, true).SetWriter(c.streams.err).Start()
	}
	name := fmt.Sprintf("%d of %d captures", p.Done, p.Captures)
	if p.Failed > 0 {
		name += fmt.Sprintf(", %d failed", p.Failed)
	}
	c.bar.Set("name", name).SetTotal(p.Bytes).SetCurrent(p.DoneBytes)
}

// done is how many captures are done.
func (c *countdown) done() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.Done
}
