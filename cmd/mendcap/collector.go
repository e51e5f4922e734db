package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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
)

// pace sets after each collection how far the heap may grow until the next one. It
// lives from one collection to the next, whose end it learns as its own finalizer.
type pace struct {
	percent int
	sizes   []metrics.Sample // of the live heap, and of the global tables
}

// collectSeldom lets the collector run only where the heap has outgrown leastHeap and
// has grown by heapGrowth, unless GOGC is set.
func collectSeldom() {
	if os.Getenv("GOGC") != "" {
		return
	}
	p := &pace{percent: 100 * leastHeap / defaultLeastHeap, sizes: []metrics.Sample{
		{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"},
	}}
	debug.SetGCPercent(p.percent)
	runtime.SetFinalizer(p, (*pace).set)
}

func (p *pace) set() {
	metrics.Read(p.sizes)
	percent := growthFor(int(p.sizes[0].Value.Uint64()), int(p.sizes[1].Value.Uint64()))
	if percent != p.percent {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.SetFinalizer(p, (*pace).set)
}

// growthFor returns the percentage at which the runtime, which counts it of the
// live heap and the globals together, collects next: at leastHeap, or where the heap has
// grown by heapGrowth.
func growthFor(live, globals int) int {
	return max(heapGrowth, 100*(leastHeap-live)/max(1, live+globals))
}
