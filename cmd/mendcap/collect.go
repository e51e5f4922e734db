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
			if inUse() <= mostInUse {
				return true
			}
			debug.SetMemoryLimit(math.MaxInt64)
			return false
		})
	}
}

// letGather lets so many bytes of garbage gather, at least, before they are collected.
func letGather(garbage int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	set := func() (again bool) {
		debug.SetGCPercent(max(collectPercent, 100*garbage/max(inUse(), 1<<20)))
		return true
	}
	set()
	afterCollection(set)
}

// inUse is what the last collection left, bytes.
func inUse() int {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	return int(live[0].Value.Uint64())
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
