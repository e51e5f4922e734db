package pipeline

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/internal/naming"
)

// A compressed output has the same bytes on any number of cores, whether its
// blocks were edited or the capture was copied after all.
func TestCompressedOutputIsDeterministic(t *testing.T) {
	for _, in := range []string{"../../testdata/rawsocket.pcapng", "../../testdata/recordings/clean.pcapng.gz"} {
		for _, c := range naming.Compressions() {
			var first []byte
			for _, cores := range []int{1, 4} {
				old := runtime.GOMAXPROCS(cores)
				out := filepath.Join(t.TempDir(), "out.pcapng"+naming.PackedSuffix(c))
				_, err := File(context.Background(), in, out, Options{})
				runtime.GOMAXPROCS(old)
				if err != nil {
					t.Fatal(err)
				}
				data, err := os.ReadFile(out)
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = data
				}
				if !bytes.Equal(data, first) {
					t.Errorf("%s in %s: %d cores give another file", filepath.Base(in), c, cores)
				}
			}
		}
	}
}
