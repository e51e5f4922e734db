//go:build linux

package record

import (
	"math/rand/v2"
	"testing"
	"time"
)

func newLink(s Shape) *link { return &link{Shape: s, rng: rand.New(rand.NewPCG(1, 2))} }

func TestLinkKeepsOrderWithoutReordering(t *testing.T) {
	l := newLink(Shape{Delay: time.Millisecond, Jitter: 5 * time.Millisecond})
	var last int64
	for i := range int64(1000) {
		due := l.admit(i*1000, 100).due[0]
		if due < last || due < i*1000+int64(time.Millisecond) {
			t.Fatalf("packet %d: due %d after %d", i, due, last)
		}
		last = due
	}
}

func TestLinkDropsWhatItsQueueCannotHold(t *testing.T) {
	l := newLink(Shape{Rate: 8000, Queue: 1000}) // 1,000 bytes a second
	for i, want := range []string{"", "", "queue-full"} {
		if got := l.admit(0, 500).event; got != want {
			t.Errorf("packet %d: got %q, want %q", i, got, want)
		}
	}
	if got := l.admit(int64(time.Second), 500).event; got != "" {
		t.Errorf("after the queue has drained: got %q, want none", got)
	}
}

func TestLinkDoesWhatItsSharesSay(t *testing.T) {
	l := newLink(Shape{Loss: .1, Reorder: .1, ReorderBy: time.Millisecond, Duplicate: .1})
	counts := map[string]int{}
	for i := range int64(10000) {
		fate := l.admit(i, 100)
		counts[fate.event]++
		if want := map[string]int{"lost": 0, "duplicated": 2}; fate.event == "lost" || fate.event == "duplicated" {
			if len(fate.due) != want[fate.event] {
				t.Fatalf("%s: got %d deliveries, want %d", fate.event, len(fate.due), want[fate.event])
			}
		}
	}
	for _, event := range []string{"lost", "reordered", "duplicated"} {
		if n := counts[event]; n < 600 || n > 1200 {
			t.Errorf("%s: got %d of 10000, want about a tenth", event, n)
		}
	}
}

func TestLinkStallsAndKeepsOrder(t *testing.T) {
	every, most := 100*time.Millisecond, 40*time.Millisecond
	l := newLink(Shape{Delay: 2 * time.Millisecond, StallEvery: every, StallFor: most})
	last, longest := int64(0), int64(0)
	for now := int64(0); now < int64(time.Second); now += 50_000 {
		due := l.admit(now, 100).due[0]
		if due < last {
			t.Fatalf("sent at %d: due %d, before the %d of the packet before it", now, due, last)
		}
		if wait := due - max(now, int64(every)*(due/int64(every))); now >= int64(every) && wait > int64(most+l.Delay) {
			t.Fatalf("sent at %d: due %d, %d after the stall began, want at most %v more than the delay", now, due, wait, most)
		}
		longest, last = max(longest, due-now), due
	}
	if longest < int64(most)/2 || longest > int64(most+l.Delay) {
		t.Errorf("the longest stall delays by %d ns, want between half of %v and %v", longest, most, most+l.Delay)
	}
}

// sum16 adds words as RFC 1071 says: a whole header gives 0xFFFF.
func sum16(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(b[i])<<8 | uint32(b[i+1])
	}
	sum = sum&0xFFFF + sum>>16
	return uint16(sum + sum>>16)
}

func TestDecrementTTLKeepsTheHeaderSum(t *testing.T) {
	for last := range byte(255) {
		header := []byte{0x45, 0, 0, 20, last, 7, 0, 0, 64, 6, 0, 0, 198, 51, 100, last, 192, 0, 2, 10}
		sum := ^sum16(header)
		header[10], header[11] = byte(sum>>8), byte(sum)
		decrementTTL(header)
		if got := sum16(header); got != 0xFFFF {
			t.Fatalf("peer %d: header sums to %#x, want 0xffff", last, got)
		}
		if header[8] >= 64 || header[8] < 40 {
			t.Errorf("peer %d: TTL is %d", last, header[8])
		}
	}
}

func TestDNSAnswerCarriesTheAddress(t *testing.T) {
	n := &network{}
	for _, v4 := range []bool{true, false} {
		kind := uint16(typeAAAA)
		if v4 {
			kind = typeA
		}
		answer, err := dnsAnswer(dnsQuery(77, "site1.example.net", kind), n.addressOf)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := dnsAddress(answer, v4), n.addressOf("site1.example.net", v4); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}
