//go:build linux || darwin || freebsd

package pipeline

import (
	"math"

	"golang.org/x/sys/unix"
)

// freeSpace is how much can be written to the file system of a folder, bytes; the most
// there is where that isn't known.
func freeSpace(dir string) int64 {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return math.MaxInt64
	}
	return int64(s.Bavail) * int64(s.Bsize)
}
