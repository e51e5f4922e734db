//go:build linux

package archive

import (
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

func TestWeighCountsCapturesAlone(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "..", "testdata", "recordings", "many-flows.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{dir: t.TempDir()}
	if err := lab.WriteArchive(filepath.Join(b.dir, many), recording.Packets, 21, 20); err != nil {
		t.Fatal(err)
	}
	captures, bytes, err := b.weigh(many)
	if err != nil || captures != 21 || bytes < 21*20*40 {
		t.Errorf("got %d captures of %d bytes, %v; want 21 of at least %d", captures, bytes, err, 21*20*40)
	}
}
