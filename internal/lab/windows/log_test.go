package windows

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/repair"
)

// clocks are those of Windows, with frequencies that machines have.
func clocks() []Clock {
	return []Clock{{}, {Kind: 1, Frequency: 2_994_853}, {Kind: 1, Frequency: 1_818_300}, {Kind: 1, Frequency: 24_000_000}, {Kind: 2, Frequency: 2_597_656},
		{Kind: 3, Frequency: 3_579_545, MHz: 2893}}
}

// However a trace is stored, its repair gives the packets that were recorded: bytes,
// stamps, order and direction.
func TestTraceGivesThePackets(t *testing.T) {
	for i, processors := range []int{1, 2, 4, 16, 64} {
		for j, c := range clocks() {
			name := []string{"lossy", "v4-lossy", "many-flows", "bidirectional"}[(i+j)%4]
			list, start := frames(t, name, 400, c)
			for _, packed := range []bool{false, true} {
				l := Log{Processors: processors, BufferSize: 8 << 10, Compressed: packed, Clock: c, Start: start, EightBits: (i+j)%2 == 0, Narrow: j%3 == 0,
					Items: j % 4, Others: 2 * (i % 3)}
				t.Run(fmt.Sprintf("%s on %d, clock %+v, compressed %t", name, processors, c, packed), func(t *testing.T) {
					data, _ := write(t, l, whole(list, processors))
					m := mend(t, put(t, "trace.etl", data), repair.Options{})
					m.want(t, all(list))
					for i := range m.comments {
						if !slices.Contains(m.comments[i], "PID=4 TID=904") {
							t.Fatalf("packet %d: got comments %q, want process and thread", i+1, m.comments[i])
						}
					}
					if m.report.Capture.Format != "etl" {
						t.Errorf("got format %q, want etl", m.report.Capture.Format)
					}
				})
			}
		}
	}
}

// The traces that are made have what a reader has to cope with: buffers of quiet
// processors that come long after younger ones.
func TestQuietProcessorsAreLate(t *testing.T) {
	list, start := frames(t, "lossy", 2000, Clock{})
	for _, processors := range []int{4, 64} {
		_, buffers := write(t, Log{Processors: processors, BufferSize: 8 << 10, Start: start}, whole(list, processors))
		latest, late := 0, 0
		for _, b := range buffers {
			late = max(late, latest-b.Packets[0])
			latest = max(latest, slices.Max(b.Packets))
		}
		if late < 300 {
			t.Errorf("%d processors: got a buffer that is %d packets late at most, want 300", processors, late)
		}
	}
}

// Of a circular trace the newest buffers are left, and of one that was not closed those
// that were written.
func TestWhatIsLeftOfTraces(t *testing.T) {
	list, start := frames(t, "lossy", 1500, Clock{})
	for _, processors := range []int{1, 4, 16} {
		for name, l := range map[string]Log{"circular": {Circular: 24}, "circular, not closed": {Circular: 24, Unclosed: true},
			"not closed": {Unclosed: true}, "not closed, compressed": {Unclosed: true, Compressed: true}} {
			t.Run(fmt.Sprintf("%s on %d", name, processors), func(t *testing.T) {
				l.Processors, l.BufferSize, l.Start = processors, 16<<10, start
				data, buffers := write(t, l, whole(list, processors))
				m := mend(t, put(t, "trace.etl", data), repair.Options{})
				var left []int
				for _, b := range buffers {
					left = append(left, b.Packets...)
				}
				slices.Sort(left)
				if len(left) < 100 || len(left) == len(list) {
					t.Fatalf("%d packets of %d are left: this tests nothing", len(left), len(list))
				}
				var want []packet
				for _, i := range left {
					want = append(want, of(&list[i], list[i].Data))
				}
				m.want(t, want)
				if l.Unclosed {
					m.said(t, "the trace was not closed")
				}
			})
		}
	}
}

// What the recorder lost counts as lost by the capture.
func TestLostEventsAreTold(t *testing.T) {
	list, start := frames(t, "lossy", 300, Clock{})
	data, _ := write(t, Log{EventsLost: 17, BuffersLost: 2, Start: start}, whole(list, 1))
	m := mend(t, put(t, "trace.etl", data), repair.Options{})
	m.want(t, all(list))
	m.said(t, "17 events and 2 buffers were lost")
	if got := m.report.CaptureLoss.DropCounts; len(got) != 1 || got[0].Packets != 17 {
		t.Errorf("got drop counts %+v, want 17", got)
	}
}
