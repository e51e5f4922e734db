package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// What is said of packets that the host dropped, and of what is sent again for them.
// Numbers in drops are frames that are there as the host dropped them.
func TestDropsOfTheHost(t *testing.T) {
	const data = tcp.ACK | tcp.PSH
	arrives := step{at: 50, dir: peer, bits: data, seq: 1, len: 1000, ack: 1, id: 7}
	next := step{at: 51, dir: peer, bits: data, seq: 1001, len: 1000, ack: 1, id: 8}
	asks := step{at: 52, dir: host, bits: tcp.ACK, seq: 1, ack: 1}
	again := step{at: 400, dir: peer, bits: data, seq: 1, len: 1000, ack: 1, id: 9}
	has := step{at: 401, dir: host, bits: tcp.ACK, seq: 1, ack: 2001}
	sent := step{at: 50, dir: host, bits: data, seq: 1, len: 1000, ack: 1}
	resent := step{at: 400, dir: host, bits: data, seq: 1, len: 1000, ack: 1}
	took := step{at: 440, dir: peer, bits: tcp.ACK, seq: 1, ack: 1001, id: 7}
	for _, c := range []struct {
		name  string
		steps []step
		drops []int64
		want  map[int64]string // verdicts, by frame
		says  string           // of the last frame of these
	}{
		{"what arrived was dropped above the card", []step{arrives, arrives, next, asks, again, has}, []int64{5},
			map[int64]string{5: "=discard(QueueFull) retransmission=duplicate(capture)", 8: "retransmission=loss(timeout)"},
			"sent again: frame 4 was dropped by tcpip.sys: QueueFull"},
		{"the same, and nothing tells of a drop", []step{arrives, next, asks, again, has}, nil,
			map[int64]string{7: "retransmission=spurious"}, "sent again though frame 4 had arrived at the host"},
		{"what was to be sent was dropped above the card", []step{sent, resent, took}, []int64{4},
			map[int64]string{4: "=discard(QueueFull)", 5: "retransmission=loss(timeout)"},
			"sent again: frame 4 was dropped by tcpip.sys: QueueFull"},
		{"what had arrived was dropped the second time", []step{arrives, next, has, again, again}, []int64{8},
			map[int64]string{7: "retransmission=spurious spurious_retransmission=spurious", 8: "=discard(QueueFull) retransmission=duplicate(capture) spurious_retransmission=duplicate(capture)"},
			"every bit of it is as in frame 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := segments(append(slices.Clone(open), c.steps...))
			for i := range list {
				list[i].Window = 1 << 15
			}
			said := make(map[int64][]string)
			var all []Finding
			d := New(func(f *Finding) {
				text := f.Flag() + "=" + f.Verdict.String()
				if f.Detail != "" {
					text += "(" + f.Detail + ")"
				}
				said[f.Frame], all = append(said[f.Frame], text), append(all, *f)
			})
			d.Drops = []Dropped{{"tcpip.sys", "QueueFull"}}
			a := tcp.NewAnalyser()
			for i := range list {
				s := &list[i]
				flags := a.Add(s)
				p := Packet{Frame: s.Frame, FrameAfter: s.Frame, Time: s.Stamp, Timed: true, Segment: s, Before: flags, After: flags}
				if slices.Contains(c.drops, s.Frame) {
					p.Drop = 1
				}
				d.Add(&p)
			}
			d.Finish()
			last := int64(0)
			for frame, want := range c.want {
				last = max(last, frame)
				slices.Sort(said[frame])
				if got := strings.Join(said[frame], " "); got != want {
					t.Errorf("frame %d: got %q, want %q\n%s", frame, got, want, sentences(all, frame))
				}
			}
			if got := sentences(all, last); !strings.Contains(got, c.says) {
				t.Errorf("frame %d: got %s, want %q in it", last, got, c.says)
			}
			for frame := range said {
				if _, ok := c.want[frame]; !ok && !slices.Equal(said[frame], []string{"duplicate_ack=genuine"}) {
					t.Errorf("frame %d: got %q, want nothing", frame, said[frame])
				}
			}
		})
	}
}
