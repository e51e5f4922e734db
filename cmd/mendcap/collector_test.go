package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The goal that the runtime derives from the percentage is what counts: the live
// heap, and the percentage of it and the globals.
func TestGrowthFor(t *testing.T) {
	const mega, globals = 1 << 20, 5 << 20
	for _, c := range []struct{ live, garbage, least, most int }{
		{0, 0, 15 * mega, leastHeap},
		{2 * mega, 0, 15 * mega, leastHeap},
		{10 * mega, 0, 15 * mega, leastHeap},
		{16 * mega, 0, 16*mega + 21*mega*heapGrowth/100 - 1, 16*mega + 21*mega*heapGrowth/100},
		{2 * mega, 44 * mega, 45 * mega, 46 * mega},
		{200 * mega, 44 * mega, 271 * mega, 272 * mega},
		{100 * mega, 0, 100*mega + 105*mega*heapGrowth/100 - 1, 100*mega + 105*mega*heapGrowth/100},
	} {
		if goal := c.live + (c.live+globals)*growthFor(c.live, globals, c.garbage)/100; goal < c.least || goal > c.most {
			t.Errorf("with %d MiB live the heap is collected at %d bytes, want %d to %d", c.live/mega, goal, c.least, c.most)
		}
	}
}

// 2,000 packets are repaired with two collections at most, of the seven that the
// runtime's own least heap asks for; GOGC still decides where it is set.
func TestSmallCapturesAreCollectedSeldom(t *testing.T) {
	collections := func(gogc string) int {
		cmd := exec.Command(built, "repair", "-q", "-w", t.TempDir()+"/out.pcapng", "../../testdata/rawsocket.pcapng")
		cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Count("\n"+string(out), "\ngc ")
	}
	if n := collections(""); n > 2 {
		t.Errorf("got %d collections, want 2 at most", n)
	}
	if n := collections("35"); n < 5 {
		t.Errorf("GOGC=35: got %d collections, want 5 at least", n)
	}
}
