package filesys

import (
	"os"
	"runtime"
	"strings"
)

// IsNull reports whether a name is that of the system's null device, to which anything
// can be written and of which nothing is kept.
func IsNull(name string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(strings.TrimPrefix(name, `\\.\`), os.DevNull)
	}
	return name == os.DevNull
}
