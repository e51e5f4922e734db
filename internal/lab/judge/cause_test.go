package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// made is a stream of inbound segments of 100 bytes at the host, by number: the
// packets that arrived, in order, and what the network did.
type made struct {
	arrived []int          // numbers of the segments; the position is the Index
	lost    map[int]int    // segments that never arrived, by the Index after which
	events  map[int]string // of those that arrived, by Index
	dropped []int          // by Index
	out     bool
	stamps  []uint32 // timestamps, by Index; nil for none
}

// causesOf works out the causes for the last packet that arrived, flagged in the
// true order with all packets (whole) and with those that were kept.
func (m made) causesOf(whole, kept tcp.Analysis) *causes {
	x := &causes{passages: &passages{streams: map[stream][]passage{}, of: map[int]stream{}, events: m.events},
		table: map[int]fact{}, seen: map[int]bool{}, whole: map[int]tcp.Analysis{}, kept: map[int]tcp.Analysis{}}
	key := stream{}
	bytes := func(n int) tcp.Range { return tcp.Range{Left: tcp.Seq(100 * n), Right: tcp.Seq(100*n + 100)} }
	for index, n := range m.arrived {
		s := segment{ok: true, Segment: tcp.Segment{Seq: bytes(n).Left, Len: 100, Outbound: tcp.In}}
		if m.out {
			s.Outbound = tcp.Out
		}
		if m.stamps != nil {
			s.HasTS, s.TSval = true, m.stamps[index]
		}
		x.table[index], x.seen[index], x.passages.of[index] = fact{known: s}, true, key
		what := m.events[index]
		x.streams[key] = append(x.streams[key], passage{at: 2 * index, bytes: bytes(n), index: index, delivered: what != lab.EventLost, what: what})
		if n, ok := m.lost[index]; ok {
			x.streams[key] = append(x.streams[key], passage{at: 2*index + 1, bytes: bytes(n), index: -1, what: lab.EventLost})
		}
	}
	for _, index := range m.dropped {
		x.seen[index] = false
	}
	last := len(m.arrived) - 1
	x.whole[last], x.kept[last] = whole, kept
	return x
}

func TestCauses(t *testing.T) {
	const (
		re   = tcp.Retransmission
		ooo  = tcp.OutOfOrder
		hole = tcp.LostSegment
		dup  = tcp.DuplicateAck
	)
	for _, c := range []struct {
		name        string
		made        made
		whole, kept tcp.Analysis
		flag        tcp.Analysis
		want        report.Verdict
	}{
		{"gone in the true order", made{arrived: []int{0, 1}}, 0, 0, re, report.Artefact},
		{"another flag of the same kind", made{arrived: []int{0, 2, 1}, lost: map[int]int{0: 1}}, ooo, ooo, re, report.Loss},
		{"lost, and sent again", made{arrived: []int{0, 2, 1}, lost: map[int]int{0: 1}}, re, re, re, report.Loss},
		{"overtaken", made{arrived: []int{0, 2, 1}, events: map[int]string{2: lab.EventReordered}}, ooo, ooo, ooo, report.Reordering},
		{"lost, and what was sent again was overtaken too", made{arrived: []int{0, 2, 1}, lost: map[int]int{0: 1}, events: map[int]string{2: lab.EventReordered}}, re, re, re, report.Loss},
		{"it had arrived", made{arrived: []int{0, 1, 0}}, re, re, re, report.Spurious},
		{"late, behind what was sent again", made{arrived: []int{0, 2, 1, 1}, events: map[int]string{3: lab.EventReordered}}, re, re, re, report.Reordering},
		{"sent again, and late itself", made{arrived: []int{0, 1, 2, 1}, events: map[int]string{3: lab.EventReordered}}, re, re, re, report.Spurious},
		{"both copies were late", made{arrived: []int{0, 2, 1, 1}, events: map[int]string{2: lab.EventReordered, 3: lab.EventReordered}}, re, re, re, unknown},
		{"the same, and the first was sent first", made{arrived: []int{0, 2, 1, 1}, events: map[int]string{2: lab.EventReordered, 3: lab.EventReordered}, stamps: []uint32{1, 1, 1, 9}},
			re, re, re, report.Spurious},
		{"the same, and the first was sent last", made{arrived: []int{0, 2, 1, 1}, events: map[int]string{2: lab.EventReordered, 3: lab.EventReordered}, stamps: []uint32{1, 1, 9, 1}},
			re, re, re, report.Reordering},
		{"lost, and of two that were sent again the second came late", made{arrived: []int{0, 2, 1, 1}, lost: map[int]int{0: 1}, events: map[int]string{3: lab.EventReordered}},
			re, re, re, unknown},
		{"twice", made{arrived: []int{0, 0}, events: map[int]string{1: lab.EventDuplicated}}, re, re, re, report.Duplicate},
		{"twice, but the first was dropped", made{arrived: []int{0, 0}, events: map[int]string{1: lab.EventDuplicated}, dropped: []int{0}}, re, re, re, report.Drop},
		{"it had arrived, and was dropped", made{arrived: []int{0, 1, 2, 1}, dropped: []int{1}}, re, re, re, report.Drop},
		{"nothing is known", made{arrived: []int{0, 2, 1}}, re, re, re, unknown},
		{"outbound, lost on its way", made{out: true, arrived: []int{0, 1, 0}, events: map[int]string{0: lab.EventLost}}, re, re, re, report.Loss},
		{"outbound, delivered late", made{out: true, arrived: []int{0, 1, 0}, events: map[int]string{0: lab.EventReordered}}, re, re, re, report.Spurious},
		{"outbound, doubled on its way", made{out: true, arrived: []int{0, 0}, events: map[int]string{1: lab.EventDuplicated}}, re, re, re, report.Spurious},
		{"a hole that the network made", made{arrived: []int{0, 2}, lost: map[int]int{0: 1}}, hole, hole, hole, report.Loss},
		{"a hole that the capture made", made{arrived: []int{0, 1, 2}, dropped: []int{1}}, 0, hole, hole, report.Drop},
		{"a hole of both, the capture's right before it", made{arrived: []int{0, 2, 3}, lost: map[int]int{0: 1}, dropped: []int{1}}, 0, hole, hole, report.Drop},
		{"a duplicate ACK", made{arrived: []int{0}}, dup, dup, dup, report.Genuine},
		{"a duplicate ACK by a drop", made{arrived: []int{0}}, 0, dup, dup, report.Drop},
		{"an ACK that came twice", made{arrived: []int{0}, events: map[int]string{0: lab.EventDuplicated}}, dup, dup, dup, report.Duplicate},
	} {
		x := c.made.causesOf(c.whole, c.kept)
		if got := x.of(len(c.made.arrived)-1, c.flag); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestConfusion(t *testing.T) {
	c := Confusion{Counts: map[[2]string]int{{"loss", "loss"}: 8, {"loss", "drop"}: 2, {"drop", "drop"}: 4, {"drop", "undecided"}: 4}}
	// loss: precision 1, recall .8; drop: precision 2/3, recall .5.
	if got, want := c.F1("loss"), 2*.8/1.8; got != want {
		t.Errorf("F1 of loss: got %v, want %v", got, want)
	}
	if got, want := c.MacroF1(), (2*.8/1.8+4./7)/2; got != want {
		t.Errorf("macro-F1: got %v, want %v", got, want)
	}
	c.Add(c)
	if got := c.All(); got != 36 {
		t.Errorf("all: got %d, want 36", got)
	}
}

// A SYN that is sent again after its refusal is tried again; where the capture
// lacks the refusal, or it came for a later SYN, nothing tells. What is a copy is
// one whatever it is flagged as, but for what the packet itself says.
func TestCausesOfRefusalsAndCopies(t *testing.T) {
	recording := lab.Refusals()
	c := NewCase(t.Context(), recording)
	x := c.causes(recording.Packets)
	again, losses := 0, 0
	for index := range recording.Packets {
		if x.whole[index]&tcp.Retransmission == 0 {
			continue
		}
		switch got := x.of(index, tcp.Retransmission); got {
		case report.Genuine:
			again++
		case report.Loss:
			losses++
		default:
			t.Errorf("packet %d: got %s, want a connect tried again, or a loss", index+1, got)
		}
	}
	if again != 216 || losses != len(recording.Events) {
		t.Errorf("got %d SYNs tried again and %d of lost ones, want 216 and %d", again, losses, len(recording.Events))
	}
	var unanswered []lab.Packet // no refusal was recorded
	for _, p := range recording.Packets {
		if p.Out {
			unanswered = append(unanswered, p)
		}
	}
	x = c.causes(unanswered)
	for _, p := range unanswered {
		if x.triedAgain(p.Index) {
			t.Errorf("packet %d: got a connect tried again, but the capture has no refusal", p.Index+1)
		}
	}
	if got := x.ofCopy(0, tcp.DuplicateAck); got != report.Duplicate {
		t.Errorf("a copy's duplicate ACK: got %s, want %s", got, report.Duplicate)
	}
	x.whole[0] = tcp.ZeroWindow
	if got := x.ofCopy(0, tcp.ZeroWindow); got != report.Genuine {
		t.Errorf("a copy's closed window: got %s, want %s", got, report.Genuine)
	}
}
