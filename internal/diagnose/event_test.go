package diagnose

import (
	"maps"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// numbers returns the events that the findings of each frame belong to, and how many
// there are.
func numbers(t *testing.T, list []tcp.Segment) (byFrame map[int64][]int64, events int64) {
	t.Helper()
	byFrame = make(map[int64][]int64)
	seen := make(map[int64]bool)
	d := New(func(f *Finding) {
		if (f.Event == 0) != (f.Verdict == Artefact) {
			t.Errorf("frame %d, %s: got event %d", f.Frame, f.Verdict, f.Event)
		}
		byFrame[f.Frame] = append(byFrame[f.Frame], f.Event)
		seen[f.Event] = true
	})
	feed(d, list)
	d.Finish()
	delete(seen, 0)
	for n := range d.Events() {
		if !seen[n+1] {
			t.Errorf("got no finding of event %d of %v", n+1, slices.Sorted(maps.Keys(seen)))
		}
	}
	if int64(len(seen)) != d.Events() {
		t.Errorf("got findings of %d events, want %d", len(seen), d.Events())
	}
	return byFrame, d.Events()
}

// Two holes in what the peer sends, each with its packet beyond, duplicate ACKs and
// retransmission, are two events; a closed window is a third one.
func TestFindingsOfOneHoleAreOneEvent(t *testing.T) {
	steps := append(slices.Clone(open),
		step{at: 100, dir: peer, bits: ack, seq: 1, len: 100, ack: 1},
		step{at: 101, dir: host, bits: ack, seq: 1, ack: 101},
		step{at: 102, dir: peer, bits: ack, seq: 201, len: 100, ack: 1}, // frame 6: [101, 201) is missing
		step{at: 103, dir: host, bits: ack, seq: 1, ack: 101, sack: []int{201, 301}},
		step{at: 104, dir: peer, bits: ack, seq: 301, len: 100, ack: 1},
		step{at: 105, dir: host, bits: ack, seq: 1, ack: 101, sack: []int{201, 401}},
		step{at: 106, dir: peer, bits: ack, seq: 401, len: 100, ack: 1},
		step{at: 107, dir: host, bits: ack, seq: 1, ack: 101, sack: []int{201, 501}},
		step{at: 150, dir: peer, bits: ack, seq: 101, len: 100, ack: 1}, // frame 12 brings it
		step{at: 151, dir: host, bits: ack, seq: 1, ack: 501},
		step{at: 200, dir: peer, bits: ack, seq: 601, len: 100, ack: 1}, // frame 14: [501, 601) is missing
		step{at: 201, dir: host, bits: ack, seq: 1, ack: 501, sack: []int{601, 701}},
		step{at: 202, dir: host, bits: ack, seq: 1, ack: 501, sack: []int{601, 701}, win: 1},
		step{at: 600, dir: peer, bits: ack, seq: 501, len: 100, ack: 1}, // frame 17 brings it
		step{at: 601, dir: host, bits: ack, seq: 1, ack: 701},
	)
	said, n := numbers(t, segments(steps))
	event := func(frame int64) int64 {
		if len(said[frame]) == 0 {
			t.Fatalf("frame %d: got no findings in %v", frame, said)
		}
		return said[frame][0]
	}
	first, second := event(6), event(14)
	for frame, want := range map[int64]int64{7: first, 9: first, 11: first, 12: first, 15: second, 17: second} {
		if got := event(frame); got != want {
			t.Errorf("frame %d: got event %d, want %d", frame, got, want)
		}
	}
	if closed := event(16); closed == first || closed == second || first == second || n != 3 {
		t.Errorf("got the events %d, %d and %d of %d, want three in all", first, second, closed, n)
	}
}

// Bytes that a host sends and that are lost in the network make no hole in a capture
// there: what asks for them and what brings them again is one event all the same.
func TestHoleOfTheReceiverIsOneEvent(t *testing.T) {
	steps := append(slices.Clone(open),
		step{at: 100, dir: host, bits: ack, seq: 1, len: 100, ack: 1},
		step{at: 101, dir: host, bits: ack, seq: 101, len: 100, ack: 1},
		step{at: 102, dir: host, bits: ack, seq: 201, len: 100, ack: 1},
		step{at: 103, dir: host, bits: ack, seq: 301, len: 100, ack: 1},
		step{at: 140, dir: peer, bits: ack, seq: 1, ack: 101},
		step{at: 141, dir: peer, bits: ack, seq: 1, ack: 101},
		step{at: 142, dir: peer, bits: ack, seq: 1, ack: 101},
		step{at: 143, dir: peer, bits: ack, seq: 1, ack: 101},
		step{at: 144, dir: host, bits: ack, seq: 101, len: 100, ack: 1},
		step{at: 184, dir: peer, bits: ack, seq: 1, ack: 401},
	)
	said, n := numbers(t, segments(steps))
	if len(said[9]) == 0 || len(said[12]) == 0 || n != 1 {
		t.Errorf("got %d events in %v, want 1 with findings of the frames 9 and 12", n, said)
	}
}

// Memory for events is bounded, whatever the capture says, and given back.
func TestEventsAreBounded(t *testing.T) {
	var d Diagnoser
	var e end
	for i := range 10 * maxEvents {
		e.next = tcp.Seq(100 * i)
		d.eventOf(&e, tcp.Range{Left: e.next, Right: e.next + 10})
		if d.eventOf(&e, tcp.Range{Left: e.next + 5, Right: e.next + 20}) != int64(i+1) {
			t.Fatalf("event %d: got another one for bytes of it", i+1)
		}
	}
	if len(e.events) != maxEvents || d.held != maxEvents {
		t.Errorf("got %d events of the sender and %d in all, want %d", len(e.events), d.held, maxEvents)
	}
	for i := 1; i < len(e.events); i++ {
		if e.events[i].bytes.Overlaps(e.events[i-1].bytes) || e.events[i].bytes.Left.Less(e.events[i-1].bytes.Left) {
			t.Errorf("events %v and %v: got them in no order", e.events[i-1], e.events[i])
		}
	}
	d.held = maxEventsInAll
	var other end
	d.eventOf(&other, tcp.Range{Left: 1, Right: 2})
	if len(other.events) != 0 || d.held != maxEventsInAll {
		t.Errorf("got %d events beyond the bound", len(other.events))
	}
	d.forgetEvents(&e)
	if d.held != maxEventsInAll-maxEvents {
		t.Errorf("got %d events held after a connection was over, want %d", d.held, maxEventsInAll-maxEvents)
	}
}
