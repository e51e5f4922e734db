package analysis

import (
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

func TestGoldenRoundTrip(t *testing.T) {
	want := map[int64]tcp.Analysis{
		3:          tcp.Retransmission | tcp.FastRetransmission,
		10:         tcp.ReusedPorts,
		1 << 40:    tcp.ZeroWindow | tcp.ZeroWindowProbeAck,
		1<<40 + 10: tcp.KeepAlive,
	}
	var text strings.Builder
	for _, frame := range []int64{3, 4, 10, 1 << 40, 1<<40 + 10} {
		WriteGolden(&text, frame, want[frame]) // 4 has no flags
	}
	if got, want := strings.Count(text.String(), "\n"), len(want); got != want {
		t.Errorf("lines: got %d, want %d", got, want)
	}
	got, err := ParseGolden(text.String())
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("frames: got %d, want %d", len(got), len(want))
	}
	for frame, flags := range want {
		if got[frame] != flags {
			t.Errorf("frame %d: got %v, want %v", frame, got[frame].Names(), flags.Names())
		}
	}
}

func TestGoldenRefusesNonsense(t *testing.T) {
	for _, text := range []string{"7\n", "x retransmission\n", "7 retransmitted\n", "7 keep_alive,\n", "\n"} {
		if got, err := ParseGolden(text); err == nil {
			t.Errorf("%q: got %v, want an error", text, got)
		} else if !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: got %q, want the line's number in it", text, err)
		}
	}
}

func TestRowsWithoutAPlaceAreRefused(t *testing.T) {
	columns := make([]string, len(fields)+len(tcp.AnalysisNames()))
	for name, broken := range map[string]string{
		"no number": strings.Join(append([]string{"x", "1.5", "a", "b", "", "", "1", "2", "3", "4", "5", "6", "7"}, columns[13:]...), "\t"),
		"no time":   strings.Join(append([]string{"1", "then", "a", "b", "", "", "1", "2", "3", "4", "5", "6", "7"}, columns[13:]...), "\t"),
	} {
		if got, err := parseRow(strings.Split(broken, "\t"), flowTable{}); err == nil {
			t.Errorf("%s: got %v, want an error", name, got)
		}
	}
}

func TestStampIsExact(t *testing.T) {
	n := numbers{row: []string{"1700000000.123456789"}}
	if got, want := n.stamp(0), int64(1_700_000_000_123_456_789); got != want || n.err != nil {
		t.Errorf("stamp: got %d, %v, want %d", got, n.err, want)
	}
}
