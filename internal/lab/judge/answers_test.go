package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// A host without SACK answers what arrives, and sometimes it does not.
func TestAnswers(t *testing.T) {
	syn := func(side tcp.Side, bits tcp.Bits, sack bool) segment {
		s := segment{ok: true}
		s.Outbound, s.Bits, s.SACKPermitted = side, tcp.SYN|bits, sack
		return s
	}
	data := func(seq tcp.Seq) segment {
		s := segment{ok: true}
		s.Outbound, s.Seq, s.Len, s.Bits = tcp.In, seq, 100, tcp.ACK
		return s
	}
	ack := func(number tcp.Seq) segment {
		s := segment{ok: true}
		s.Outbound, s.Ack, s.Bits = tcp.Out, number, tcp.ACK
		return s
	}
	for _, test := range []struct {
		name   string
		refuse bool // of SACK, by the peer
		order  []segment
		want   Answers
	}{
		{"SACK", false, []segment{ack(1000), data(1100), ack(1000)}, Answers{}},
		{"each one", true, []segment{ack(1000), data(1100), ack(1000), data(1200), ack(1000), data(1000), ack(1300)},
			Answers{Beyond: 2, Repeated: 2, Fillers: 1}},
		{"two at once", true, []segment{ack(1000), data(1100), data(1200), ack(1000)}, Answers{Beyond: 2, Unanswered: 1, Repeated: 1}},
		{"for none", true, []segment{ack(1000), data(1100), ack(1000), ack(1000)}, Answers{Beyond: 1, Repeated: 2, Unasked: 1}},
		{"for a copy", true, []segment{ack(1000), data(1100), ack(1000), data(1100), ack(1000)}, Answers{Beyond: 1, Repeated: 2}},
		{"with what came later", true, []segment{ack(1000), data(1100), ack(1000), data(1000), data(1200), ack(1300)},
			Answers{Beyond: 1, Repeated: 1, Fillers: 1, Outrun: 1}},
		{"a second hole stays", true, []segment{ack(1000), data(1100), ack(1000), data(1300), ack(1000), data(1000), ack(1200), data(1400), ack(1200)},
			Answers{Beyond: 3, Repeated: 3, Fillers: 1}},
	} {
		c := &Case{table: map[int]fact{}}
		for i, s := range append([]segment{syn(tcp.Out, 0, true), syn(tcp.In, tcp.ACK, !test.refuse)}, test.order...) {
			c.truth = append(c.truth, lab.Packet{Index: i})
			c.table[i] = fact{place: i, known: s}
		}
		if got := c.Answers(); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

// Of three segments the network delayed the first.
func TestWhatACKsToldBesideTheTruth(t *testing.T) {
	c := &Case{table: map[int]fact{}}
	for i, seq := range []tcp.Seq{1100, 1200, 1000} {
		s := segment{ok: true}
		s.Outbound, s.Len, s.Seq = tcp.In, 100, seq
		c.truth = append(c.truth, lab.Packet{Index: i})
		c.table[i] = fact{place: i, known: s}
	}
	placed := func(told ...reorder.Counted) (list []reorder.Placement) {
		for i, x := range told {
			list = append(list, reorder.Placement{Index: int64(i), Counted: x})
		}
		return list
	}
	for _, test := range []struct {
		placed []reorder.Placement
		want   Counted
	}{
		{placed(reorder.CountedUnique, reorder.Uncounted, reorder.CountedLate), Counted{Unique: 1, Late: 1}},
		{placed(reorder.CountedInTurn, reorder.CountedLate, reorder.CountedInTurn), Counted{InTurn: 2, Late: 1, WrongInTurn: 1, WrongLate: 1}},
		{placed(reorder.CountedOpen, reorder.CountedOpen, reorder.CountedOpen), Counted{Open: 3, DelayedOfOpen: 1}},
	} {
		if got := c.counted(test.placed, c.truth); got != test.want {
			t.Errorf("told %v: got %+v, want %+v", test.placed, got, test.want)
		}
	}
}
