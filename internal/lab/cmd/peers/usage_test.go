//go:build linux

package peers

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMedians(t *testing.T) {
	runs := []usage{{wall: 3, user: 1, system: 9, peak: 5}, {wall: 1, user: 2, system: 8, peak: 4}, {wall: 2, user: 7, system: 7, peak: 6}}
	if got, want := medians(runs), (usage{wall: 2, user: 2, system: 8, peak: 5}); got != want {
		t.Errorf("medians: got %v, want %v", got, want)
	}
	if got := median([]float64{1, 4, 2, 3}); got != 3 {
		t.Errorf("median of four: got %v, want the upper of the middle ones, 3", got)
	}
}

func TestRatios(t *testing.T) {
	own := []usage{{wall: time.Second}, {wall: 3 * time.Second}, {wall: time.Second}}
	peer := []usage{{wall: 2 * time.Second}, {wall: 2 * time.Second}, {wall: time.Second}}
	got := ratios(own, peer, func(u usage) time.Duration { return u.wall })
	if want := []float64{.5, 1.5, 1}; !slices.Equal(got, want) {
		t.Errorf("ratios: got %v, want %v", got, want)
	}
	if got, want := spread(got), "median 1.00, 0.50 to 1.50; pair by pair 0.50 1.50 1.00"; got != want {
		t.Errorf("spread: got %q, want %q", got, want)
	}
}

func TestMeasure(t *testing.T) {
	u, err := measure(t.Context(), nil, "sh", "-c", "exit 0")
	if err != nil {
		t.Fatal(err)
	}
	if u.wall <= 0 || u.peak < 4096 {
		t.Errorf("usage: got %+v, want some time and some memory", u)
	}
	_, err = measure(t.Context(), nil, "sh", "-c", "echo no such file >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a program that fails: got %v, want what it says", err)
	}
}

func TestOnceGivesAnEmptyFolder(t *testing.T) {
	b := bench{dir: t.TempDir()}
	writing := side{name: "writing", run: func(_ context.Context, out string) (usage, error) {
		if there, err := os.ReadDir(out); err != nil || len(there) > 0 {
			t.Errorf("before it runs: got %v, %v; want an empty folder", there, err)
		}
		return usage{wall: 1}, os.WriteFile(filepath.Join(out, "file"), []byte("x"), 0o600)
	}}
	for range 2 {
		if u, err := b.once(t.Context(), writing); err != nil || u.wall <= 1 {
			t.Errorf("got %+v, %v; want the time to sync besides", u, err)
		}
	}
	if left, _ := os.ReadDir(b.dir); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestBarsThatAreMissed(t *testing.T) {
	var b bench
	b.bar("met", 1, 1)
	b.bar("missed", 1.01, 1)
	if want := []string{"missed is 1.01, at most 1.00 is wanted"}; !slices.Equal(b.missed, want) {
		t.Errorf("got %q, want %q", b.missed, want)
	}
}

func TestProgramsWriteIntoTheFolder(t *testing.T) {
	b := bench{dir: t.TempDir()}
	if _, err := b.once(t.Context(), program("touch", nil, "touch", "OUT/a")); err != nil {
		t.Error(err)
	}
}
