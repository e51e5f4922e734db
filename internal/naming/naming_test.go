package naming

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

func TestNames(t *testing.T) {
	for in, want := range map[string]string{
		"a/x.pcap":          "a/x.mended.pcapng",
		"a/x.PCAPNG.GZ":     "a/x.mended.pcapng",
		"x.mended.pcapng":   "x.mended.mended.pcapng",
		"x":                 "x.mended.pcapng",
		"a.b/x.cap":         "a.b/x.mended.pcapng",
		"dir/.pcap":         "dir/.pcap.mended.pcapng",
		"x.pcapng.tar":      "x.pcapng.tar.mended.pcapng",
		"x.pcap.pcapng":     "x.pcap.mended.pcapng",
		"capture.ntar":      "capture.mended.pcapng",
		"capture.gz":        "capture.mended.pcapng",
		"x.pcapng.zst":      "x.mended.pcapng",
		"x.pcap.XZ":         "x.mended.pcapng",
		"x.cap.lz4":         "x.mended.pcapng",
		"x.pcap.bz2":        "x.mended.pcapng",
		"capture.dmp.other": "capture.dmp.other.mended.pcapng",
	} {
		if got := filepath.ToSlash(OutputName(filepath.FromSlash(in), "")); got != want {
			t.Errorf("output of %s: got %s, want %s", in, got, want)
		}
	}
	if got, want := OutputName("a/x.pcap", "d"), filepath.Join("d", "x.mended.pcapng"); got != want {
		t.Errorf("output in a folder: got %s, want %s", got, want)
	}
	for name, want := range map[string]bool{
		"x.mended.pcapng": true, "x.mended.PCAPNG.gz": true, "x.mended.pcapng.zst": true, "x.pcapng.gz": false, "x.mended.pcapng.txt": false,
	} {
		if got := IsMended(name); got != want {
			t.Errorf("is %s an output: got %v, want %v", name, got, want)
		}
	}
}
