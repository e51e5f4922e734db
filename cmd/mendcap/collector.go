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
	// mostGrowth is by how much the heap grows at most, bytes, unless more garbage may
	// gather in any case. A large one is mostly tables without pointers, which take no time
	// to collect.
	mostGrowth = 24 << 20
	// closeGrowth is by how much the heap of one repair grows at most once more than
	// mostInUse is in use, bytes: such a repair is of gigabytes, and near the 192 MiB that
	// it may take.
	closeGrowth = 12 << 20
	// leastHeap is the size of the heap in bytes up to which nothing is collected: a
	// small capture takes no more.
	leastHeap = 16 << 20
	// leastGarbage is how much garbage may gather at a heap of any size, bytes: by its
	// growth alone one that holds 25 MiB was collected for each 9 MiB, which took a
	// twentieth of the time. It is little beside a window full of packets.
	leastGarbage = 24 << 20
	// defaultLeastHeap is the runtime's own such size at 100 %, to which it adds
	// nothing for the global tables.
	defaultLeastHeap = 4 << 20
	// memoryLimit holds heap and runtime together below the 128 MiB that a run is to
	// take at most with the program itself, bytes: a window full of packets takes
	// nearly that. Once more than mostInUse is in use there is no such limit: the
	// collector would hardly do anything else.
	memoryLimit = 104 << 20
	mostInUse   = 90 << 20
	// beside is what there is room for in any case beside what is in use: 14 MiB of the
	// runtime's, and garbage. With less, 1 GB of packets was collected twenty times in a
	// row for 2 MiB each, which took a tenth of the time.
	beside = 30 << 20
	// hugePagesFrom is from how many bytes of captures on the heap is to have huge
	// pages: what one packet needs lies all over it, and to find that in small ones
	// took a sixth of a repair's time. A small capture gains less than they cost.
	hugePagesFrom = 32 << 20
)

// collector paces the garbage collector, which is the process's: after each
// collection it sets when the next one is.
var collector pace

// pace learns of a collection's end by the finalizer of what lives from one to the
// next.
type pace struct {
	fixed   bool         // by GOGC
	limited bool         // to memoryLimit
	huge    bool         // huge pages were asked for
	garbage atomic.Int64 // that may gather in any case, bytes
}

// start paces the collector, but for what GOGC and GOMEMLIMIT say otherwise.
func (p *pace) start() {
	p.letGather(leastGarbage)
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

// expect prepares the heap for work on captures of so many bytes.
func (p *pace) expect(captures int64) {
	if captures >= hugePagesFrom && !p.huge {
		p.huge = true
		preferHugePages(mostInUse)
	}
}

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
		goal := goalFor(live, globals, int(p.garbage.Load()))
		debug.SetGCPercent(100 * (goal - live) / max(1, live+globals))
	}
	if p.limited {
		debug.SetMemoryLimit(limitFor(live))
		p.limited = live <= mostInUse
	}
}

// limitFor returns how much memory heap and runtime may take together.
func limitFor(live int) int64 {
	if live > mostInUse {
		return math.MaxInt64
	}
	return int64(max(memoryLimit, live+beside))
}

// goalFor returns at which size the heap is collected next: at leastHeap, or where so much
// garbage has gathered, or where it has grown by heapGrowth, of which the runtime takes the
// live heap and the globals together, or by mostGrowth; but where one repair has much in
// use, by closeGrowth.
func goalFor(live, globals, garbage int) int {
	if live > mostInUse && garbage == leastGarbage {
		return live + closeGrowth
	}
	return max(live+garbage, leastHeap, live+min((live+globals)*heapGrowth/100, mostGrowth))
}
