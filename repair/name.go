package repair

import (
	"path/filepath"
	"strings"
)

// suffixes of compressed files and of captures, in the order in which they are
// stripped.
var (
	compressions = []string{".gz"}
	captures     = []string{".pcapng", ".pcap", ".ntar", ".cap", ".dmp", ".trc"}
)

// Mended is the suffix of repaired captures.
const Mended = ".mended.pcapng"

// Stem returns the path of a capture without the suffixes of compression and
// capture, in whatever case: what its tables and its output are named after.
func Stem(in string) string {
	return cutSuffix(cutSuffix(in, compressions), captures)
}

func cutSuffix(name string, suffixes []string) string {
	for _, s := range suffixes {
		if n := len(name) - len(s); n > 0 && strings.EqualFold(name[n:], s) && name[n-1] != '/' && name[n-1] != filepath.Separator {
			return name[:n]
		}
	}
	return name
}

// OutputName returns the path of the repaired capture: beside the capture, or
// in dir where that is not "".
func OutputName(in, dir string) string {
	name := Stem(in) + Mended
	if dir == "" {
		return name
	}
	return filepath.Join(dir, filepath.Base(name))
}
