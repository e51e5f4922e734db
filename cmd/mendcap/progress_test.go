package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/repair/batch"
)

// Without a terminal a run that lasts says now and then how far it is, and nothing after
// it has ended or where it is quiet.
func TestLinesWithoutATerminal(t *testing.T) {
	r, w := io.Pipe()
	at, stopped := make(chan time.Time), false
	s := &streams{err: w, ticker: func() (<-chan time.Time, func()) { return at, func() { stopped = true } }}
	p := s.progressOf("x\x1b.pcap", false)
	next := func() string {
		at <- time.Time{}
		line := make([]byte, 200)
		n, err := r.Read(line)
		if err != nil {
			t.Fatal(err)
		}
		return string(line[:n])
	}
	for _, c := range []struct {
		set  func()
		want string
	}{
		{func() { p.set(5e6, -1) }, `mendcap: x\x1b.pcap: 5 MB read after 0s`},
		{func() { p.set(30, 90) }, `mendcap: x\x1b.pcap: 33 % after 0s`},
		{func() { p.set(95, 90) }, `mendcap: x\x1b.pcap: 100 % after 0s`},
		{func() { p.setBatch(batch.Progress{Captures: 10, Done: 4, Failed: 1, Bytes: 8, DoneBytes: 6}) }, "mendcap: 4 of 10 captures, 1 failed: 75 % after 0s"},
	} {
		c.set()
		if got := next(); got != c.want+"\n" {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	p.close()
	p.close()
	if !stopped {
		t.Error("the ticker goes on after the work has ended")
	}
	quiet := s.progressOf("x", true)
	quiet.set(1, 2)
	quiet.close()
	select {
	case at <- time.Time{}:
		t.Error("a quiet run waits for ticks")
	default:
	}
}

// A bar shows nothing instead of what it does not know.
func TestNoQuestionMarks(t *testing.T) {
	for name, set := range map[string]func(*progress){
		"unknown": func(p *progress) { p.set(1, -1) }, "begun": func(p *progress) { p.set(0, 10) },
		"batch": func(p *progress) { p.setBatch(batch.Progress{Captures: 3}) },
	} {
		var shown strings.Builder
		p := (&streams{err: &shown, progress: true}).progressOf("x", false)
		p.began = time.Now().Add(-time.Minute)
		set(p)
		p.close()
		if got := shown.String(); got == "" || strings.Contains(got, "?") {
			t.Errorf("%s: got %q, want something without question marks", name, got)
		}
	}
}
