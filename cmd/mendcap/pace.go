package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Little is allocated and much of it lives long: memory is worth more here than the
// collector's time. So it runs when leastShare percent of what lives was allocated
// again, yet not before that are leastRoom bytes: each run also reads the tables of
// the packages linked in, which are longer than what a repair of a small capture
// keeps.
const (
	leastShare = 35
	leastRoom  = 16 << 20
)

// share is after how much the collector runs again, percent of the live bytes. The
// runtime asks for 4 MiB times that before its first run: leastRoom at most.
func share(live uint64) int {
	return max(leastShare, int(leastRoom*100/max(leastRoom/4, live)))
}

// pacer sets the collector's share after each of its runs.
type pacer struct{ scanned []metrics.Sample }

// paceCollector paces the collector, unless the environment does.
func paceCollector() {
	if os.Getenv("GOGC") != "" {
		return
	}
	p := &pacer{[]metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/scan/globals:bytes"}}}
	p.pace()
}

// pace is called again when the collector has run: it has found that nothing else
// holds the pacer.
func (p *pacer) pace() {
	metrics.Read(p.scanned)
	debug.SetGCPercent(share(p.scanned[0].Value.Uint64() + p.scanned[1].Value.Uint64()))
	runtime.SetFinalizer(p, (*pacer).pace)
}
