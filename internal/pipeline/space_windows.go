package pipeline

import (
	"math"

	"golang.org/x/sys/windows"
)

// freeSpace is how much can be written to the file system of a folder, bytes; the most
// there is where that isn't known.
func freeSpace(dir string) int64 {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return math.MaxInt64
	}
	var available uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, nil, nil); err != nil {
		return math.MaxInt64
	}
	return int64(min(available, math.MaxInt64))
}
