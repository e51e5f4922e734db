package pipeline

import (
	"os"

	"golang.org/x/sys/unix"
)

// reflink lets a clone of a capture, which shares its blocks, appear as the target where
// the file system can (clonefile(2)) and nothing has that name: it is whole at once.
func reflink(_ *os.File, capture, target string) (appeared bool) {
	return unix.Clonefile(capture, target, 0) == nil
}
