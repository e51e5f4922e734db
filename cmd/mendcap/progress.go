package main

import (
	"sync"
	"time"

	"github.com/cheggaaa/pb/v3"

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

func (f *repairFlags) progress(s *streams, name string) *progress {
	if f.quiet || !s.progress {
		return &progress{}
	}
	return &progress{streams: s, name: report.Sanitise(name), began: time.Now()}
}

// set says that done of total bytes have been read; a negative total is
// unknown.
func (p *progress) set(done, total int64) {
	if p.streams == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar == nil {
		if time.Since(p.began) < patience {
			return
		}
		p.bar = newBar(total).Set("name", p.name).Set(pb.CleanOnFinish, true).SetWriter(p.streams.err).Start()
	}
	p.bar.SetTotal(max(total, 0)).SetCurrent(done)
}

// newBar shows a share where the total is known: the bytes of all passes would
// be taken for the size of the file.
func newBar(total int64) *pb.ProgressBar {
	bar := pb.New64(0).Set(pb.Bytes, true).Set(pb.SIBytesPrefix, true)
	if total < 0 {
		return bar.SetTemplateString(`{{string . "name"}} {{counters .}} {{speed .}}`)
	}
	return bar.SetTemplateString(`{{string . "name"}} {{bar .}} {{percent .}} {{rtime . "%s left" "%s" "?"}}`)
}

// close takes the bar off the terminal.
func (p *progress) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Finish()
	}
}
