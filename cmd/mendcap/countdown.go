package main

import (
	"fmt"

	"github.com/mendcap/mendcap/repair/batch"
)

// setBatch says how far a batch is: captures, their bytes a second, and the time left.
func (p *progress) setBatch(far batch.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := fmt.Sprintf("%d of %d captures", far.Done, far.Captures)
	if far.Failed > 0 {
		name += fmt.Sprintf(", %d failed", far.Failed)
	}
	p.show(name, `{{string . "name"}} {{bar .}} {{percent .}} {{speed .}} {{rtime . "%s left" "%s" "?"}}`, far.DoneBytes, far.Bytes)
}
