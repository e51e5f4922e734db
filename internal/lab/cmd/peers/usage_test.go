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
	u, err := measure(context.Background(), "sh", "-c", "exit 0")
	if err != nil {
		t.Fatal(err)
	}
	if u.wall <= 0 || u.peak < 4096 {
		t.Errorf("usage: got %+v, want some time and some memory", u)
	}
	_, err = measure(context.Background(), "sh", "-c", "echo no such file >&2; exit 3")
	if err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a program that fails: got %v, want what it says", err)
	}
}

func TestWritingRemovesTheOutput(t *testing.T) {
	b := bench{dir: t.TempDir()}
	_, err := b.writing(func(out string) (usage, error) {
		return usage{}, os.WriteFile(out, nil, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
