package pipeline

import (
	"math"

	"golang.org/x/sys/windows"
)

// freeSpace is how much can be written to the file system of a folder, bytes.
func freeSpace(dir string) (free int64, known bool) {
	name, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var available uint64
	if err := windows.GetDiskFreeSpaceEx(name, &available, nil, nil); err != nil {
		return 0, false
	}
	return int64(min(available, math.MaxInt64)), true
}
