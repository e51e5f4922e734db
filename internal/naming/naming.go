// Package naming says how captures, repaired captures and compressed files are named,
// and what a file of some name is therefore taken to be.
package naming

import (
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/atomicfile"
)

// suffixes of compressed files and of captures, in the order in which they are
// stripped.
var (
	compressions = []string{".gz", ".zst", ".xz", ".lz4", ".bz2"}
	captures     = []string{".pcapng", ".pcap", ".ntar", ".cap", ".dmp", ".trc", ".etl"}
)

// namedCaptures is how many of the suffixes say that a file is a capture: crash
// dumps and traces of other programs have the last ones too.
const namedCaptures = 4

// Mended is the suffix of repaired captures.
const Mended = ".mended.pcapng"

// Stem returns the path of a capture without the suffixes of compression and
// capture, in whatever case: what its tables and its output are named after.
func Stem(in string) string {
	return cutSuffix(cutSuffix(in, compressions), captures)
}

func cutSuffix(name string, suffixes []string) string {
	for _, s := range suffixes {
		if HasSuffix(name, s) {
			return name[:len(name)-len(s)]
		}
	}
	return name
}

// HasSuffix reports whether a path ends with a suffix, in whatever case, after
// a name.
func HasSuffix(name, suffix string) bool {
	n := len(name) - len(suffix)
	return n > 0 && strings.EqualFold(name[n:], suffix) && name[n-1] != '/' && name[n-1] != filepath.Separator
}

// IsMended reports whether a file is named as a repaired capture is, compressed
// or not.
func IsMended(name string) bool {
	return strings.HasSuffix(strings.ToLower(cutSuffix(name, compressions)), Mended)
}

// OutputName returns the path of the repaired capture: beside the capture, or
// in dir where that is not "". PackedSuffix is added where the output is
// compressed.
func OutputName(in, dir string) string {
	name := Stem(in) + Mended
	if dir == "" {
		return name
	}
	return filepath.Join(dir, filepath.Base(name))
}

// IsNamedCapture reports whether a file is named as captures are, compressed or
// not. Of the suffixes that others use too none counts.
func IsNamedCapture(name string) bool {
	name = cutSuffix(name, compressions)
	return cutSuffix(name, captures[:namedCaptures]) != name
}

// IsEventTrace reports whether a file is named as Windows' traces of events are,
// compressed or not.
func IsEventTrace(name string) bool { return HasSuffix(cutSuffix(name, compressions), ".etl") }

// IsPacked reports whether a file is named as compressed ones are.
func IsPacked(name string) bool { return cutSuffix(name, compressions) != name }

// IsOwn reports whether a file of this name can only be one that mendcap has
// written: a repaired capture, or one that was pending when its run died.
func IsOwn(name string) bool {
	target, pending := atomicfile.TargetOf(name)
	return IsMended(filepath.Base(name)) || pending && isOfMended(target)
}

// isOfMended reports whether the start of a name is that of a repaired capture, or of
// a file beside it.
func isOfMended(start string) bool {
	return strings.Contains("."+strings.ToLower(start), strings.TrimSuffix(Mended, ".pcapng"))
}

// SweepMended removes from a folder what runs that died have left of repaired captures
// and their reports.
func SweepMended(dir string) error { return atomicfile.Sweep(dir, isOfMended) }

// Compressions lists the compressions that outputs can have.
func Compressions() []string { return []string{"gzip", "zstd"} }

// PackedSuffix gives the suffix of files of a compression, of Compressions: .gz
// or .zst; "" of any other.
func PackedSuffix(compress string) string {
	return map[string]string{"gzip": ".gz", "zstd": ".zst"}[compress]
}

// AsText returns a name as JSON has it, in which each byte that is no UTF-8 is replaced.
func AsText(name string) string { return string([]rune(name)) }

// TablesFolder is the suffix of a folder of network tables, which comes after the name of
// a capture or its stem; TraceOfTables is that of an event trace beside a capture, which
// is a capture by itself, too. Package tables finds them by the same names.
const (
	TablesFolder  = ".tables"
	TraceOfTables = ".etl"
)

// CutTables returns the stem that a file of network tables beside a capture belongs to.
func CutTables(name string) (stem, suffix string, ok bool) {
	for _, suffix := range []string{TablesFolder + ".json", TablesFolder + ".txt", TraceOfTables} {
		if stem, ok := strings.CutSuffix(name, suffix); ok {
			return stem, suffix, true
		}
	}
	return "", "", false
}
