package planned

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Works reports whether a process has an output open that has not appeared yet; over a
// store, whether it has a capture's copy open.
func (b *Bench) Works(pid int) bool {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	return slices.ContainsFunc(files, func(name string) bool {
		to, err := os.Readlink(name)
		if b.Store != "" {
			return err == nil && strings.Contains(to, ".scratchdir/")
		}
		return err == nil && strings.HasSuffix(to, ".tmp")
	})
}
