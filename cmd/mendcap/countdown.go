package main

import (
	"fmt"

	"github.com/mendcap/mendcap/repair/batch"
)

// countdown shows on a terminal how far a batch is: captures, their bytes a
// second, and the time left.
type countdown struct {
	*progress
	last batch.Progress
}

// set says how far the batch is.
func (c *countdown) set(p batch.Progress) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = p
	name := fmt.Sprintf("%d of %d captures", p.Done, p.Captures)
	if p.Failed > 0 {
		name += fmt.Sprintf(", %d failed", p.Failed)
	}
	c.show(name, `{{string . "name"}} {{bar .}} {{percent .}} {{speed .}} {{rtime . "%s left" "%s" "?"}}`, p.DoneBytes, p.Bytes)
}

// done is how many captures are done.
func (c *countdown) done() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last.Done
}
