package page

import (
	"testing"
	"time"
)

func TestBarSaysWhatIsMissed(t *testing.T) {
	o := options{packets: 100}
	quick, slow := []time.Duration{1, 2, mostTime}, []time.Duration{1, mostTime, mostTime}
	for _, c := range []struct {
		name    string
		packets int64
		size    int
		got     opened
		missed  bool
	}{
		{"all met", 100, mostBytes, opened{times: quick, ratios: []float64{1, mostRatio, 3}}, false},
		{"too few packets", 99, 1, opened{times: quick}, true},
		{"too large", 100, mostBytes + 1, opened{times: quick}, true},
		{"too slow", 100, 1, opened{times: slow}, true},
		{"slower", 100, 1, opened{times: quick, ratios: []float64{1, mostRatio + .01, 3}}, true},
		{"complains", 100, 1, opened{times: quick, complaints: []string{"x"}}, true},
	} {
		if err := bar(o, c.packets, c.size, &c.got); (err != nil) != c.missed {
			t.Errorf("%s: got %v, want it missed: %v", c.name, err, c.missed)
		}
	}
}
