//go:build !linux

package atomicfile

// renameNew renames a file to a name that nothing has: an error that is an
// fs.ErrExist says that something has it.
func renameNew(from, to string) error { return linkNew(from, to) }
