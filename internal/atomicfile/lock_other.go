//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package atomicfile

import "os"

// RenamesOpen says that a file can be renamed and removed while it is open.
const RenamesOpen = false

// hold needs no lock: a file that is open can't be removed here.
func hold(*os.File) bool { return true }

// removeDead removes a file whose writer has died: that of a live one is open.
func removeDead(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode().IsRegular() && os.Remove(name) == nil
}
