package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Two segments overtook each other and no ACK is between them.
func TestSwapsThatNothingTells(t *testing.T) {
	c := &Case{table: map[int]fact{}}
	for i, seq := range []tcp.Seq{1100, 1000} {
		s := segment{ok: true}
		s.Outbound, s.Len, s.Seq = tcp.In, 100, seq
		c.truth = append(c.truth, lab.Packet{Index: i})
		c.table[i] = fact{place: i, known: s}
	}
	for _, test := range []struct {
		late int64 // stamp of the first
		want Swaps
	}{{5, Swaps{Contested: 1}}, {15, Swaps{Hopeless: 1}}} {
		degraded := []lab.Packet{{Index: 0, Stamp: test.late}, {Index: 1, Stamp: 10}}
		if got := c.swaps(c.truth, degraded); got != test.want {
			t.Errorf("first stamped at %d: got %+v, want %+v", test.late, got, test.want)
		}
	}
}

// The host's ACK says that a segment had not arrived.
func TestReadingsThatAnOrderBreaks(t *testing.T) {
	data := func(seq tcp.Seq) segment {
		s := segment{ok: true}
		s.Outbound, s.Seq, s.Len, s.Bits = tcp.In, seq, 100, tcp.ACK
		return s
	}
	ack := func(number tcp.Seq, blocks ...tcp.Range) segment {
		s := segment{ok: true}
		s.Outbound, s.Ack, s.Bits = tcp.Out, number, tcp.ACK
		s.SACKs = uint8(copy(s.SACK[:], blocks))
		return s
	}
	second, third := tcp.Range{Left: 1100, Right: 1200}, tcp.Range{Left: 1200, Right: 1300}
	both := tcp.Range{Left: 1100, Right: 1300}
	for _, test := range []struct {
		name  string
		order []segment
		want  Readings
	}{
		{"as it was", []segment{data(1100), ack(1000, second), data(1200), ack(1000, both), data(1000), ack(1300)}, Readings{All: 3}},
		{"the byte asked for", []segment{data(1000), data(1100), ack(1000, second)}, Readings{All: 1, NotYet: 1}},
		{"not reported", []segment{data(1100), data(1200), ack(1000, third)}, Readings{All: 1, NotSacked: 1}},
		{"first block", []segment{data(1100), data(1200), ack(1000, second), ack(1000, both)}, Readings{All: 2, NotSacked: 1, FirstBlock: 1}},
	} {
		c := &Case{table: map[int]fact{}}
		var packets []lab.Packet
		for i, s := range test.order {
			packets = append(packets, lab.Packet{Index: i})
			c.table[i] = fact{place: i, known: s}
		}
		if got := c.readings(packets); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}
