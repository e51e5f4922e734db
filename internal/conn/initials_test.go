package conn

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// The numbers are those of the SYNs, however late they come; another SYN begins others,
// and leaves those before to whom has them.
func TestInitialNumbersAreThoseOfTheSYNs(t *testing.T) {
	var all InitialNumbers
	key := &between(1, 2).Key
	learn := func(dir uint8, bits tcp.Bits, seq, ack tcp.Seq) *Initials {
		return all.Learn(key, &tcp.Segment{Dir: dir, Bits: bits, Seq: seq, Ack: ack})
	}
	first := learn(1, tcp.ACK, 501, 101) // before any SYN: as if it were the first
	if want := [2]tcp.Seq{100, 500}; first.Number != want {
		t.Errorf("without SYNs: got %v, want %v", first.Number, want)
	}
	if again := learn(1, tcp.SYN|tcp.ACK, 490, 101); again != first || first.Number != [2]tcp.Seq{100, 490} {
		t.Errorf("with a SYN/ACK that comes late: got %v, want its number", first.Number)
	}
	second := learn(0, tcp.SYN, 7000, 0)
	if second == first || second.Number[0] != 7000 || first.Number[0] != 100 {
		t.Errorf("another SYN: got %v and %v before, want other numbers", second.Number, first.Number)
	}
}

// More pairs than a table follows are remembered, in bounded memory: one that is
// heard now and then always, and one that is silent for long no more.
func TestInitialNumbersAreBounded(t *testing.T) {
	var all InitialNumbers
	at := func(n int, seq tcp.Seq) *Initials {
		return all.Learn(&between(n>>15, n&(1<<15-1)|1<<15).Key, &tcp.Segment{Bits: tcp.ACK, Seq: seq + 1})
	}
	heard, silent := at(0, 10), at(1, 20)
	for n := range 3 * maxInitials {
		at(n+2, 5)
		if n == MaxFlows && at(1, 99) != silent {
			t.Errorf("after %d others: got other numbers, want them remembered", n)
		}
		if n%1000 == 0 && at(0, 99) != heard {
			t.Fatalf("one that is heard: got other numbers after %d others", n)
		}
		if len(all.pairs) > maxInitials || len(all.older) > maxInitials {
			t.Fatalf("after %d pairs: got %d and %d remembered, want at most %d each", n, len(all.pairs), len(all.older), maxInitials)
		}
	}
	if at(1, 99) == silent {
		t.Error("one that was silent for three times as many pairs as are remembered: got it remembered, want it forgotten")
	}
}
