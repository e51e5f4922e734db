package windows

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/repair"
)

// samplePaths are those of real files, if there are some.
func samplePaths(t *testing.T) (paths []string) {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Log("without samples: MENDCAP_SAMPLES is not set")
		return nil
	}
	for _, pattern := range []string{"*.etl", "windows/*.etl", "windows/*.cap", "public/iphttps.cap"} {
		found, err := filepath.Glob(filepath.Join(dir, "captures", pattern))
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: got %v and error %v, want files", pattern, found, err)
		}
		paths = append(paths, found...)
	}
	return paths
}

// Windows recorded the samples in order: a repair gives what they hold, packet by packet,
// and nothing moves.
func TestNothingMovesInSamples(t *testing.T) {
	for _, path := range samplePaths(t) {
		for _, every := range []bool{false, true} {
			m := mend(t, path, repair.Options{AllLayers: every})
			t.Run(filepath.Base(path), func(t *testing.T) { m.want(t, held(t, path, every)) })
		}
	}
}

// held are the packets that a file holds.
func held(t *testing.T, path string, every bool) []packet {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := convert.Open(file, info.Size(), convert.Options{AllLayers: every})
	if err != nil {
		t.Fatal(err)
	}
	var m mended
	if m.file, err = io.ReadAll(f.Reader()); err != nil {
		t.Fatal(err)
	}
	m.read(t)
	return m.packets
}
