package conn

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// The numbers are those of the SYNs, however late they come; what opens another
// incarnation begins others, and leaves those before to whom has them.
func TestInitialNumbersAreThoseOfTheSYNs(t *testing.T) {
	var all InitialNumbers
	learn := func(flow uint64, dir uint8, bits tcp.Bits, seq, ack tcp.Seq) *Initials {
		return all.Learn(&tcp.Segment{Flow: flow, Dir: dir, Bits: bits, Seq: seq, Ack: ack})
	}
	want := func(name string, n *Initials, low, high tcp.Seq) {
		t.Helper()
		if got := [2]tcp.Seq{n[0].Initial(), n[1].Initial()}; got != [2]tcp.Seq{low, high} {
			t.Errorf("%s: got initial numbers %d, want %d and %d", name, got, low, high)
		}
	}
	first := learn(5, 1, tcp.ACK, 501, 101) // before any SYN: as if it were the first
	want("without SYNs", first, 100, 500)
	if again := learn(5, 1, tcp.SYN|tcp.ACK, 490, 101); again != first {
		t.Error("a SYN/ACK that comes late: got another incarnation")
	}
	want("a SYN/ACK that comes late", first, 100, 490)
	if again := learn(5, 0, tcp.SYN, 90, 0); again != first {
		t.Error("a SYN that comes after its answer and data: got another incarnation")
	}
	want("a SYN that comes late", first, 90, 490)

	second := learn(5, 0, tcp.SYN, 7000, 0)
	learn(5, 1, tcp.SYN|tcp.ACK, 60_000, 7001)
	third := learn(5, 1, tcp.SYN|tcp.ACK, 88_000, 9001) // for a SYN that is missing
	if second == first || third == second {
		t.Error("another SYN, and an answer to a third: got no other incarnations")
	}
	want("the incarnation before", first, 90, 490)
	want("another SYN", second, 7000, 60_000)
	want("an answer to a SYN that is missing", third, 9000, 88_000)
	if renumbered := learn(5, 1, tcp.SYN|tcp.ACK, 99_000, 9001); renumbered == third {
		t.Error("another answer to it: got the same incarnation, want another: nothing tells which SYN it is for")
	}
	other := learn(5+MaxFlows, 0, tcp.ACK, 31, 41)
	want("another connection at the same place", other, 30, 40)
	if back := learn(6+2*MaxFlows, 0, tcp.ACK, 7, 8); back == other {
		t.Error("another id: got the initial numbers of this one")
	}
}

// A SYN/ACK that answers the SYN with another number than its sender had counts from it,
// and leaves the SYN's number and what came before.
func TestInitialNumbersOfASecondAnswer(t *testing.T) {
	for name, before := range map[string]tcp.Segment{
		"a first SYN/ACK": {Dir: 1, Bits: tcp.SYN | tcp.ACK, Seq: 4999, Ack: 101},
		"a challenge ACK": {Dir: 1, Bits: tcp.ACK, Seq: 5000, Ack: 77}, // RFC 5961, section 4.2
	} {
		var all InitialNumbers
		all.Learn(&tcp.Segment{Bits: tcp.SYN, Seq: 100})
		first := all.Learn(&before)
		second := all.Learn(&tcp.Segment{Dir: 1, Bits: tcp.SYN | tcp.ACK, Seq: 90_000, Ack: 101})
		if first[0].Initial() != 100 || first[1].Initial() != 4999 || second[0].Initial() != 100 || second[1].Initial() != 90_000 {
			t.Errorf("%s: got initial numbers %v, then %v, want 100 and 4999, then 100 and 90000", name, first, second)
		}
	}
}
