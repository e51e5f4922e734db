package main

import (
	"math"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The heap is collected where it has grown by a share of it and the globals, or so much
// garbage has gathered; where one repair has much in use, sooner.
func TestGoalFor(t *testing.T) {
	const mega, globals = 1 << 20, 5 << 20
	for _, c := range []struct{ live, garbage, want int }{
		{0, 0, leastHeap},
		{10 * mega, 0, leastHeap},
		{leastHeap, 0, leastHeap + (leastHeap+globals)*heapGrowth/100},
		{2 * mega, 44 * mega, 46 * mega},
		{60 * mega, 10 * mega, 60*mega + 65*mega*heapGrowth/100},
		{60 * mega, leastGarbage, 60*mega + leastGarbage},
		{mostInUse, leastGarbage, mostInUse + leastGarbage},
		{mostInUse + 1, leastGarbage, mostInUse + 1 + closeGrowth},
		{100 * mega, 44 * mega, 144 * mega},
	} {
		if got := goalFor(c.live, globals, c.garbage); got != c.want {
			t.Errorf("with %d MiB live, and %d bytes of garbage that may gather, the heap is collected at %d bytes, want %d", c.live/mega, c.garbage, got, c.want)
		}
	}
}

// However much is in use, there is room for garbage beside it.
func TestLimitFor(t *testing.T) {
	const mega = 1 << 20
	for _, c := range []struct {
		live int
		want int64
	}{
		{0, memoryLimit},
		{memoryLimit - beside, memoryLimit},
		{88 * mega, 88*mega + beside},
		{mostInUse, mostInUse + beside},
		{mostInUse + 1, math.MaxInt64},
	} {
		if got := limitFor(c.live); got != c.want {
			t.Errorf("with %d MiB live the limit is %d bytes, want %d", c.live/mega, got, c.want)
		}
	}
}

// collections returns how often the heap is collected while a capture is repaired.
func collections(t *testing.T, gogc, capture string) int {
	t.Helper()
	cmd := exec.Command(built, "repair", "-q", "-w", t.TempDir()+"/out.pcapng", capture)
	cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.Count("\n"+string(out), "\ngc ")
}

// 2,000 packets are repaired with two collections at most, of the seven that the
// runtime's own least heap asks for; GOGC still decides where it is set.
func TestSmallCapturesAreCollectedSeldom(t *testing.T) {
	const capture = "../../testdata/rawsocket.pcapng"
	if n := collections(t, "", capture); n > 2 {
		t.Errorf("got %d collections, want 2 at most", n)
	}
	if n := collections(t, "35", capture); n < 5 {
		t.Errorf("GOGC=35: got %d collections, want 5 at least", n)
	}
}
