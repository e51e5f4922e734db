package large

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"10": 10, "3KB": 3e3, "200MB": 2e8, "2GB": 2e9, "": 0, "-1": 0, "1TB": 0, "GB": 0} {
		got, err := ParseSize(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestLargeWritesAReadableCaptureOfTheSize(t *testing.T) {
	recording := filepath.Join("..", "..", "..", "..", "testdata", "recordings", "idle-and-full.pcapng.gz")
	for _, degraded := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "large.pcapng")
		if err := run("5MB", path, degraded, traced{}, []string{recording}); err != nil {
			t.Fatal(err)
		}
		if packets := countPackets(t, path); packets < 3*1556 {
			t.Errorf("degraded %v: got %d packets, want several copies of 1556", degraded, packets)
		}
		if info, err := os.Stat(path); err != nil || info.Size() < 5e6 || info.Size() > 6e6 {
			t.Errorf("degraded %v: got %v, %v, want 5 MB", degraded, info.Size(), err)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "large.tables", "mendcap.json")); (err == nil) != degraded {
			t.Errorf("degraded %v: tables: got %v", degraded, err)
		}
	}
}

func countPackets(t *testing.T, path string) (n int) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := strict.NewReader(file, capture.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for {
		batch, err := in.Next()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range batch.Blocks {
			if b.Kind == capture.Packet {
				n++
			}
		}
		batch.Release()
	}
}
