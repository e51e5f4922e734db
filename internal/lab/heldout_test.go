package lab

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAThirdIsHeldOut(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "recordings", "*.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	held := 0
	for _, path := range paths {
		if HeldOut(strings.TrimSuffix(filepath.Base(path), ".pcapng.gz")) {
			held++
		}
	}
	if len(paths) == 0 || 40*held < 13*len(paths) || 2*held > len(paths) {
		t.Errorf("%d of %d recordings are held out, want a third", held, len(paths))
	}
}
