//go:build linux || darwin || freebsd

package pipeline

import "golang.org/x/sys/unix"

// freeSpace is how much can be written to the file system of a folder, bytes.
func freeSpace(dir string) (free int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true
}
