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

// beatEvery is how often a run without a terminal says that it goes on.
const beatEvery = 30 * time.Second

// ticker returns a channel that says when a run without a terminal is to say how far it
// is, and what ends that.
type ticker func() (at <-chan time.Time, stop func())

func everyBeat() (<-chan time.Time, func()) {
	t := time.NewTicker(beatEvery)
	return t.C, t.Stop
}

// progress shows how far work is that lasts: by a bar on a terminal, and elsewhere by a
// line now and then. Its zero value shows nothing.
type progress struct {
	streams *streams
	name    string
	began   time.Time
	ended   chan struct{} // closed by close, where lines are written
	beats   sync.WaitGroup
	once    sync.Once

	mu          sync.Mutex
	bar         *pb.ProgressBar // nil until patience has run out, and without a terminal
	done, total int64           // bytes, as a line says them; a total of 0 is unknown
}

func (s *streams) progressOf(name string, quiet bool) *progress {
	if quiet {
		return &progress{}
	}
	p := &progress{streams: s, name: report.Sanitise(name), began: time.Now()}
	if !s.progress {
		p.ended = make(chan struct{})
		p.beats.Go(p.beat)
	}
	return p
}

// beat writes a line at each tick, until the work is done.
func (p *progress) beat() {
	tick := p.streams.ticker
	if tick == nil {
		tick = everyBeat
	}
	at, stop := tick()
	defer stop()
	for {
		select {
		case <-p.ended:
			return
		case <-at:
			fmt.Fprintln(p.streams.err, "mendcap: "+p.line(time.Since(p.began).Round(time.Second)))
		}
	}
}

// line says how far the work is after so long.
func (p *progress) line(after time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	share := fmt.Sprintf("%d MB read", p.done/1e6)
	if p.total > 0 {
		share = fmt.Sprintf("%d %%", int64(100*float64(min(p.done, p.total))/float64(p.total)))
	}
	return fmt.Sprintf("%s: %s after %s", p.name, share, after)
}

// set says that done of total bytes have been read; a negative total is
// unknown. Of a known one a share is shown: the bytes of all passes would be taken
// for the size of the file.
func (p *progress) set(done, total int64) {
	form := `{{string . "name"}} {{bar .}} {{percent . "%.02f%%" ""}} {{rtime . "%s left" "%s" ""}}`
	if total < 0 {
		form = `{{string . "name"}} {{counters .}} {{speed . "%s/s" " "}}`
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
	p.show(name, `{{string . "name"}} {{bar .}} {{percent . "%.02f%%" ""}} {{speed . "%s/s" " "}} {{rtime . "%s left" "%s" ""}}`, far.DoneBytes, far.Bytes)
}

// show draws the bar, whose form is a template of pb's.
func (p *progress) show(name, form string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended != nil {
		p.name, p.done, p.total = name, done, total
		return
	}
	if p.streams == nil || p.bar == nil && time.Since(p.began) < patience {
		return
	}
	if p.bar == nil {
		p.bar = pb.New64(0).Set(pb.Bytes, true).Set(pb.SIBytesPrefix, true).SetTemplateString(form).
			Set("name", name).Set(pb.CleanOnFinish, true).SetWriter(p.streams.err).Start()
	}
	p.bar.Set("name", name).SetTotal(total).SetCurrent(done)
}

// close takes the bar off the terminal, and ends the lines. It may be called again.
func (p *progress) close() {
	if p.ended != nil {
		p.once.Do(func() { close(p.ended) })
		p.beats.Wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		p.bar.Finish()
	}
}
