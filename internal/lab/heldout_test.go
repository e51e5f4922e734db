package lab

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAThirdIsHeldOut(t *testing.T) {
	recordings := filepath.Join("..", "..", "testdata", "recordings")
	for _, pattern := range []string{"*.pcapng.gz", filepath.Join("sockets", "raw-*.truth.pcapng.gz")} {
		paths, err := filepath.Glob(filepath.Join(recordings, pattern))
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, path := range paths {
			if name, _, _ := strings.Cut(filepath.Base(path), "."); HeldOut(name) {
				held++
			}
		}
		if len(paths) == 0 || 40*held < 13*len(paths) || 2*held > len(paths) {
			t.Errorf("%s: %d of %d recordings are held out, want a third", pattern, held, len(paths))
		}
	}
}
