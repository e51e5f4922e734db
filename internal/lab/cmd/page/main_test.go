package page

import (
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab/browser"
)

func TestBarSaysWhatIsMissed(t *testing.T) {
	o := options{packets: 100}
	good := browser.Visit{Loaded: mostTime - 1}
	for _, c := range []struct {
		name    string
		packets int64
		size    int
		visit   browser.Visit
		missed  bool
	}{
		{"all met", 100, mostBytes - 1, good, false},
		{"too few packets", 99, 1, good, true},
		{"too large", 100, mostBytes, good, true},
		{"too slow", 100, 1, browser.Visit{Loaded: mostTime + time.Millisecond}, true},
		{"loads something", 100, 1, browser.Visit{Resources: []string{"x"}}, true},
		{"complains", 100, 1, browser.Visit{Console: []string{"x"}}, true},
	} {
		if err := bar(o, c.packets, c.size, &c.visit); (err != nil) != c.missed {
			t.Errorf("%s: got %v, want it missed: %v", c.name, err, c.missed)
		}
	}
}
