package pipeline

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// bypass lets what is written to f from now on bypass the page cache, or not. A
// file that is going to be synced anyway needs no copy there: making and
// writing it back costs more than all else that a repair does with a byte.
func bypass(f *os.File, on bool) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = conn.Control(func(fd uintptr) {
		var flags int
		if flags, failed = unix.FcntlInt(fd, unix.F_GETFL, 0); failed != nil {
			return
		}
		flags &^= unix.O_DIRECT
		if on {
			flags |= unix.O_DIRECT
		}
		_, failed = unix.FcntlInt(fd, unix.F_SETFL, flags)
	})
	return errors.Join(err, failed)
}

// isMisfit reports whether a write failed because it was a direct one: the file
// system or the disk wants none, or others.
func isMisfit(err error) bool { return errors.Is(err, unix.EINVAL) }
