package main

import (
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/repair/batch"
)

func TestCountdown(t *testing.T) {
	var shown strings.Builder
	s := &streams{err: &shown, progress: true}
	c := &countdown{progress: s.progressOf("", false)}
	c.set(batch.Progress{Captures: 10, Done: 1, Bytes: 1000, DoneBytes: 100})
	if shown.Len() > 0 || c.bar != nil {
		t.Errorf("at the beginning: got %q, want nothing yet", shown.String())
	}
	c.began = time.Now().Add(-time.Minute)
	c.set(batch.Progress{Captures: 10, Done: 4, Failed: 1, Bytes: 1000, DoneBytes: 500})
	c.close()
	if !strings.Contains(shown.String(), "4 of 10 captures, 1 failed") || !strings.Contains(shown.String(), "50.00%") {
		t.Errorf("after a while: got %q, want captures and the share of the bytes", shown.String())
	}
	if c.done() != 4 {
		t.Errorf("done: got %d, want 4", c.done())
	}
	shown.Reset()
	quiet := &countdown{progress: s.progressOf("", true)}
	quiet.began = time.Now().Add(-time.Minute)
	quiet.set(batch.Progress{Captures: 10, Done: 4, Bytes: 1000, DoneBytes: 500})
	quiet.close()
	if shown.Len() > 0 || quiet.done() != 4 {
		t.Errorf("quiet: got %q and %d, want nothing and 4", shown.String(), quiet.done())
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"1": 1, "3TB": 3e12, "512MB": 512e6, "2gb": 2e9, "10 kb": 10e3, "7B": 7} {
		if got, err := sizeOf(text); err != nil || got != want {
			t.Errorf("%s: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "MB", "-1", "0", "1XB", "NaN", "1e9", "9999999999GB", "1.5GB"} {
		if got, err := sizeOf(text); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
}

func sizeOf(text string) (int64, error) {
	var v sizeValue
	err := v.Set(text)
	return int64(v), err
}
