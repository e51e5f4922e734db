package repair

import (
	"path/filepath"
	"testing"
)

func TestIsOwn(t *testing.T) {
	for name, want := range map[string]bool{
		"x.mended.pcapng":              true,
		"X.MENDED.PCAPNG":              true,
		filepath.Join("a", "x.pcapng"): false,
		".x.mended.pcapng.0.tmp":       true,
		".x.mended.json.12.tmp":        true,
		".x.pcapng.0.tmp":              false,
		"x.mended.pcapng.0.tmp":        false,
		".x.mended.pcapng.tmp":         false,
		".tmp":                         false,
		"mended.pcapng":                false,
		".a.mended.json.3.tmp":         true,
	} {
		if got := IsOwn(name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
