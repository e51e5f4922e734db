package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// How the garbage collector runs. Little is allocated and much of it lives long:
// memory is worth more here than the collector's time. A window full of packets
// takes nearly what a run is to take at most (128 MiB with the program itself), so
// the heap stays below a limit as long as that is not much less than what is in use.
const (
	collectPercent = 35
	memoryLimit    = 104 << 20 // of the heap and the runtime, bytes
	mostInUse      = 90 << 20  // beyond it the collector would hardly do anything else
)

// keepSmall makes the collector do so, but for what the environment says otherwise.
func keepSmall() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
		afterCollection(func() (again bool) {
			in := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
			if metrics.Read(in); in[0].Value.Uint64() <= mostInUse {
				return true
			}
			debug.SetMemoryLimit(math.MaxInt64)
			return false
		})
	}
}

// afterCollection calls f after each collection, until it returns false.
func afterCollection(f func() (again bool)) {
	type sentinel struct{ next *sentinel } // with a pointer, so that it lies alone
	runtime.SetFinalizer(new(sentinel), func(*sentinel) {
		if f() {
			afterCollection(f)
		}
	})
}
