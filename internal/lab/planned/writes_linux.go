package planned

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Writes reports whether a process has an output open that has not appeared yet.
func Writes(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return slices.ContainsFunc(files, func(name string) bool {
		to, err := os.Readlink(name)
		return err == nil && strings.HasSuffix(to, ".tmp")
	})
}
