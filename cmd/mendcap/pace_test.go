package main

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestShareOfCollector(t *testing.T) {
	for _, test := range []struct {
		live uint64
		want int
	}{
		{0, 400},
		{1 << 20, 400},
		{8 << 20, 200},
		{16 << 20, 100},
		{32 << 20, 50},
		{64 << 20, leastShare},
		{1 << 40, leastShare},
	} {
		if got := share(test.live); got != test.want {
			t.Errorf("%d live bytes: got %d percent, want %d", test.live, got, test.want)
		}
	}
}

// The share follows what lives, run after run of the collector.
func TestPaceFollowsTheHeap(t *testing.T) {
	t.Setenv("GOGC", "")
	before := debug.SetGCPercent(leastShare)
	defer debug.SetGCPercent(before)
	paceCollector()
	held := make([]byte, 4*leastRoom)
	defer runtime.KeepAlive(held)
	for _, want := range []int{leastShare, leastShare} {
		got := 0
		for deadline := time.Now().Add(10 * time.Second); got != want && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			runtime.GC() // whose finalizers run at some time after it
			got = debug.SetGCPercent(1000)
			debug.SetGCPercent(got)
		}
		if got != want {
			t.Errorf("%d bytes held: got %d percent, want %d", len(held), got, want)
		}
		debug.SetGCPercent(1000) // until the next run
	}
}
