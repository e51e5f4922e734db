package repair

import (
	"os"
	"path/filepath"
)

// scratch is the pattern of files in the system's temporary folder: spooled
// inputs, and outputs on their way to standard output.
const scratch = "mendcap-*.scratch"

// createScratch makes a temporary file. What dead runs have left of theirs is
// taken away first.
func createScratch() (*os.File, error) {
	left, err := filepath.Glob(filepath.Join(os.TempDir(), scratch))
	if err == nil && renamesOpen { // elsewhere a spooled input is closed between passes
		for _, name := range left {
			removeDead(name)
		}
	}
	for range attempts {
		f, err := os.CreateTemp("", scratch)
		if err != nil {
			return nil, err
		}
		if holdNew(f) {
			return f, nil
		}
		f.Close()
	}
	return nil, os.ErrExist
}
