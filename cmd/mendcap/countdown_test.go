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
	c := s.progressOf("", false)
	c.setBatch(batch.Progress{Captures: 10, Done: 1, Bytes: 1000, DoneBytes: 100})
	if shown.Len() > 0 || c.bar != nil {
		t.Errorf("at the beginning: got %q, want nothing yet", shown.String())
	}
	c.began = time.Now().Add(-time.Minute)
	c.setBatch(batch.Progress{Captures: 10, Done: 4, Failed: 1, Bytes: 1000, DoneBytes: 500})
	c.close()
	if !strings.Contains(shown.String(), "4 of 10 captures, 1 failed") || !strings.Contains(shown.String(), "50.00%") {
		t.Errorf("after a while: got %q, want captures and the share of the bytes", shown.String())
	}
	shown.Reset()
	quiet := s.progressOf("", true)
	quiet.began = time.Now().Add(-time.Minute)
	quiet.setBatch(batch.Progress{Captures: 10, Done: 4, Bytes: 1000, DoneBytes: 500})
	quiet.close()
	if shown.Len() > 0 {
		t.Errorf("quiet: got %q, want nothing", shown.String())
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
