//go:build unix && !netbsd && !openbsd && !solaris

package filesys

import "golang.org/x/sys/unix"

// Space is how many bytes this process can still write where a folder is.
func Space(dir string) (bytes int64, err error) {
	var at unix.Statfs_t
	if err := unix.Statfs(dir, &at); err != nil {
		return 0, err
	}
	return int64(uint64(at.Bavail) * uint64(at.Bsize)), nil
}
