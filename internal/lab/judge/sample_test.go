package judge

import (
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// What threads recorded is set beside its truth: every packet is found, and repair
// loses none and leaves no more flags than there were.
func TestSampleOfRealThreads(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "testdata", "recordings", "sockets")
	for _, name := range []string{"threads-4", "threads-16-v4", "threads-8-plain"} {
		trial, err := LoadSample(t.Context(), name, filepath.Join(folder, name+".pcapng.gz"), filepath.Join(folder, name+".truth.pcapng.gz"))
		if err != nil {
			t.Fatal(err)
		}
		if got, all := len(trial.Degraded), len(trial.Case.truth); got < all-2 || got > all {
			t.Errorf("%s: got %d packets, want about %d", name, got, all)
		}
		s, err := trial.Direct()
		if err != nil {
			t.Fatal(err)
		}
		if s.Lost+s.Added+s.Changed > 0 {
			t.Errorf("%s: %d packets lost, %d added, %d changed, want none", name, s.Lost, s.Added, s.Changed)
		}
		if s.SpuriousBefore == 0 || s.SpuriousAfter > s.SpuriousBefore {
			t.Errorf("%s: %d flags that the truth does not have before, %d after, want some and no more", name, s.SpuriousBefore, s.SpuriousAfter)
		}
		trial.Ignore = tcp.DuplicateAck
		if without, err := trial.Direct(); err != nil || without.Genuine >= s.Genuine {
			t.Errorf("%s: genuine flags without duplicate ACKs: got %d of %d, %v, want fewer", name, without.Genuine, s.Genuine, err)
		}
	}
}

// Two inbound segments are swapped; an ACK between them tells of it, or none does.
func TestSwapsThatAnACKSeparates(t *testing.T) {
	seg := func(out bool, length uint32) segment {
		s := segment{ok: true}
		s.Outbound, s.Len, s.Bits = tcp.In, length, tcp.ACK
		if out {
			s.Outbound = tcp.Out
		}
		return s
	}
	c := &Case{table: map[int]fact{}}
	for i, s := range []segment{seg(false, 100), seg(true, 0), seg(false, 100), seg(false, 100), seg(true, 50), seg(false, 100)} {
		c.truth = append(c.truth, lab.Packet{Index: i})
		c.table[i] = fact{place: i, known: s}
	}
	for _, test := range []struct {
		order []int
		want  Swaps
	}{
		{[]int{0, 1, 2, 3, 4, 5}, Swaps{}},
		{[]int{2, 1, 0, 3, 4, 5}, Swaps{Apart: 1}},
		{[]int{0, 1, 3, 2, 4, 5}, Swaps{Together: 1}},
		{[]int{0, 1, 2, 5, 4, 3}, Swaps{Together: 1}}, // data of the host's is no bare ACK
		{[]int{3, 0, 1, 2}, Swaps{Together: 1}},
	} {
		var packets []lab.Packet
		for _, i := range test.order {
			packets = append(packets, c.truth[i])
		}
		if got := c.swaps(packets, packets); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.order, got, test.want)
		}
	}
}
