//go:build amd64 || arm64

package main

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// preferHugePages lets the kernel back the heap by pages of 2 MiB, the first size bytes
// of it, which are to be free. The runtime has no setting for that; but it maps the heap
// where it has mapped memory before. It takes some milliseconds.
func preferHugePages(size int) {
	if os.Getpagesize() != 4<<10 {
		return // the next larger page has more than 2 MiB then
	}
	growth := debug.SetGCPercent(-1)
	span := make([]byte, size)             // not touched, so that it takes no memory yet
	unix.Madvise(span, unix.MADV_HUGEPAGE) // at worst the pages are small
	debug.FreeOSMemory()
	debug.SetGCPercent(growth)
}
