package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"

	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

// patience is how long work lasts before its progress is shown.
const patience = time.Second

// progress shows a bar on a terminal for work that lasts. Its zero value shows
// nothing.
type progress struct {
	streams *streams
	name    string
	began   time.Time

	mu  sync.Mutex
	bar *pb.ProgressBar // nil until patience has run out
}

func (s *streams) progressOf(name string, quiet bool) *progress {
	if quiet || !s.progress {
		return &progress{}
	}
	return &progress{streams: s, name: report.Sanitise(name), began: time.Now()}
}

// set says that done of total bytes have been read; a negative total is
// unknown. Of a known one a share is shown: the bytes of all passes would be taken
// for the size of the file.
func (p *progress) set(done, total int64) {
	form := `{{string . "name"}} {{bar .}} {{percent .}} {{rtime . "%s left" "%s" "?"}}`
	if total < 0 {
		form = `{{string . "name"}} {{counters .}} {{speed .}}`
	}
	p.show(p.name, form, done, max(total, 0))
}

// setBatch says how far a batch is: captures, their bytes a second, and the time left.
func (p *progress) setBatch(far batch.Progress) {
	if p.streams == nil {
		return
	}
	name := fmt.Sprintf("%d of %d captures", far.Done, far.Captures)
	if far.Failed > 0 {
		name += fmt.Sprintf(", %d failed", far.Failed)
	}
	p.show(name, `{{string . "name"}} {{bar .}} {{percent .}} {{speed .}} {{rtime . "%s left" "%s" "?"}}`, far.DoneBytes, far.Bytes)
}

// show draws the bar, whose form is a template of pb's.
func (p *progress) show(name, form string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.streams == nil || p.bar == nil && time.Since(p.began) < patience {
		return
	}
	if p.bar == nil {
		p.bar = pb.New64(0).Set(pb.Bytes, true).Set(pb.SIBytesPrefix, true).SetTemplateString(form).
			Set("name", name).Set(pb.CleanOnFinish, true).SetWriter(p.streams.err).Start()
	}
	p.bar.Set("name", name).SetTotal(total).SetCurrent(done)
}

// close takes the bar off the terminal.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Finish()
	}
}
