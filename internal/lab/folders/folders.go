// Package folders lets tests have folders of their own, and see what is left in them.
package folders

import (
	"os"
	"strings"
	"testing"
)

// Temporary makes a new folder that of temporary files for the rest of a test, which
// is skipped where TMPDIR doesn't choose that folder.
func Temporary(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	if os.TempDir() != dir {
		t.Skip("the temporary folder is not chosen by TMPDIR")
	}
	return dir
}

// Names returns the names in a folder in their order, with blanks between them.
func Names(t testing.TB, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}
