//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package atomicfile

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// RenamesOpen says that a file can be renamed and removed while it is open.
const RenamesOpen = true

// hold takes the lock of an open file, which ends with the process at the
// latest. A file system without locks counts as one where it could be had.
func hold(f *os.File) bool {
	return !errors.Is(lock(f), unix.EWOULDBLOCK)
}

// lock takes the lock of an open file, or fails at once.
func lock(f *os.File) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) { failed = unix.Flock(int(fd), unix.LOCK_EX|unix.LOCK_NB) })
	return errors.Join(err, failed)
}

// removeDead removes a file whose writer has died, which shows by its lock. A
// symbolic link is none of ours and stays.
func removeDead(name string) bool {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return false
	}
	if lock(f) != nil {
		return false
	}
	return keepsName(f) && os.Remove(name) == nil // else another run was faster
}
