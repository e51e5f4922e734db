package tcp

import "testing"

func TestOpening(t *testing.T) {
	syn, answer := Origin{First: 1000, Begun: true, SYN: true}, Origin{First: 9000, Begun: true, SYN: true}
	unseen := Origin{First: 5_000_000, Begun: true} // its SYN was not seen
	for _, test := range []struct {
		name      string
		bits      Bits
		seq, ack  Seq
		own, peer Origin
		want      Opening
	}{
		{"no SYN", ACK, 77, 0, syn, answer, Continues},
		{"the first of its sender", SYN, 77, 0, Origin{}, answer, Continues},
		{"the same SYN", SYN, 1000, 0, syn, answer, Continues},
		{"another SYN", SYN, 1001, 0, syn, answer, Opens},
		{"a SYN after what its sender said next", SYN, 4_999_000, 0, unseen, answer, Continues},
		{"a SYN far before what its sender said", SYN, 3_000_000, 0, unseen, answer, Opens},
		{"a SYN beyond what its sender said", SYN, 5_000_001, 0, unseen, answer, Opens},
		{"a SYN just before, around the circle", SYN, 1<<32 - 100, 0, Origin{First: 50, Begun: true}, answer, Continues},
		{"the same answer", SYN | ACK, 9000, 1001, answer, syn, Continues},
		{"another answer to the SYN", SYN | ACK, 9100, 1001, answer, syn, Renumbers},
		{"the answer to the SYN, of a sender that is known by other numbers", SYN | ACK, 9100, 1001, unseen, syn, Renumbers},
		{"the answer to the SYN, after what its sender said next", SYN | ACK, 4_999_000, 1001, unseen, syn, Continues},
		{"the answer to a SYN that is missing", SYN | ACK, 9100, 2001, answer, syn, Opens},
		{"an answer where no SYN was seen", SYN | ACK, 9100, 1001, answer, unseen, Opens},
	} {
		s := &Segment{Bits: test.bits, Seq: test.seq, Ack: test.ack}
		if got := s.Opening(&test.own, &test.peer); got != test.want {
			t.Errorf("%s: got opening %d, want %d", test.name, got, test.want)
		}
	}
}
