package main

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

const (
	// heapGrowth is the percentage by which the heap grows between two collections.
	// Little is allocated and much of it lives long: memory is worth more here than
	// the collector's time.
	heapGrowth = 35
	// leastHeap is the size of the heap in bytes up to which nothing is collected.
	// Each collection reads 5 MB of global tables too, which are gopacket's: while the
	// heap is small, those would be most of a collection, and collections most of a
	// run.
	leastHeap = 16 << 20
	// defaultLeastHeap is the runtime's own such size at 100 %, to which it adds
	// nothing for the global tables.
	defaultLeastHeap = 4 << 20
	// memoryLimit holds heap and runtime together below the 128 MiB that a run is to
	// take at most with the program itself, bytes: a window full of packets takes
	// nearly that. Once more than mostInUse is in use there is no such limit: the
	// collector would hardly do anything else.
	memoryLimit = 104 << 20
	mostInUse   = 90 << 20
)

// collector paces the garbage collector, which is the process's: after each
// collection it sets when the next one is.
var collector pace

// pace learns of a collection's end by the finalizer of what lives from one to the
// next.
type pace struct {
	fixed   bool         // by GOGC
	limited bool         // to memoryLimit
	garbage atomic.Int64 // that may gather in any case, bytes
}

// start paces the collector, but for what GOGC and GOMEMLIMIT say otherwise.
func (p *pace) start() {
	p.fixed = os.Getenv("GOGC") != ""
	if !p.fixed {
		debug.SetGCPercent(100 * leastHeap / defaultLeastHeap)
	}
	if p.limited = os.Getenv("GOMEMLIMIT") == ""; p.limited {
		debug.SetMemoryLimit(memoryLimit)
	}
	p.await()
}

// letGather lets so many bytes of garbage gather in any case before they are
// collected, from the next collection on.
func (p *pace) letGather(garbage int) { p.garbage.Store(int64(garbage)) }

// await sets the pace again after the next collection.
func (p *pace) await() {
	sentinel := new(*pace) // it holds a pointer, so that it is allocated by itself
	*sentinel = p
	runtime.SetFinalizer(sentinel, func(**pace) {
		p.set()
		p.await()
	})
}

func (p *pace) set() {
	sizes := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}}
	metrics.Read(sizes)
	live, globals := int(sizes[0].Value.Uint64()), int(sizes[1].Value.Uint64())
	if !p.fixed {
		debug.SetGCPercent(growthFor(live, globals, int(p.garbage.Load())))
	}
	if p.limited && live > mostInUse {
		p.limited = false
		debug.SetMemoryLimit(math.MaxInt64)
	}
}

// growthFor returns the percentage at which the runtime, which counts it of the
// live heap and the globals together, collects next: at leastHeap, or where so much
// garbage has gathered, or where the heap has grown by heapGrowth.
func growthFor(live, globals, garbage int) int {
	return max(heapGrowth, 100*max(leastHeap-live, garbage)/max(1, live+globals))
}
