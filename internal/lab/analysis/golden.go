package analysis

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Golden returns tshark's flags for the capture at path as golden text: a line
// "FRAME flag,flag" for each flagged packet, in file order. It fails if a
// packet can't be compared (see Read).
func Golden(ctx context.Context, path string) (string, error) {
	packets, skipped, err := Read(ctx, path)
	if err != nil {
		return "", err
	}
	if skipped > 0 {
		return "", fmt.Errorf("golden flags of %s: %d packets with several TCP headers", path, skipped)
	}
	var text strings.Builder
	for i := range packets {
		WriteGolden(&text, packets[i].Segment.Frame, packets[i].Flags)
	}
	return text.String(), nil
}

// WriteGolden adds a packet's line to golden text, none without flags.
func WriteGolden(text *strings.Builder, frame int64, flags tcp.Analysis) {
	if flags != 0 {
		fmt.Fprintf(text, "%d %s\n", frame, strings.Join(flags.Names(), ","))
	}
}

// ParseGolden reads golden text into flags by frame number.
func ParseGolden(text string) (map[int64]tcp.Analysis, error) {
	flags := map[int64]tcp.Analysis{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		frame, names, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		n, err := strconv.ParseInt(frame, 10, 64)
		if err != nil || !ok {
			return nil, fmt.Errorf("golden flags, line %d: %q is not FRAME FLAGS", number, line)
		}
		for name := range strings.SplitSeq(names, ",") {
			flag, ok := flagNamed(name)
			if !ok {
				return nil, fmt.Errorf("golden flags, line %d: no flag is named %q", number, name)
			}
			flags[n] |= flag
		}
	}
	return flags, nil
}

func flagNamed(name string) (tcp.Analysis, bool) {
	for i, known := range tcp.AnalysisNames() {
		if name == known {
			return 1 << i, true
		}
	}
	return 0, false
}
