package conn

import (
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

func endpoint(n int) (a packet.Addr) {
	a[14], a[15] = byte(n>>8), byte(n)
	return a
}

func between(from, to int) *Pair {
	src, dst := endpoint(from), endpoint(to)
	p := &Pair{}
	p.Set(&src, &dst, 1, 2, packet.ProtoTCP)
	return p
}

func TestBothDirectionsAreOneFlow(t *testing.T) {
	table := NewTable()
	there, back := between(1, 2), &Pair{}
	src, dst := endpoint(2), endpoint(1)
	back.Set(&src, &dst, 2, 1, packet.ProtoTCP)
	id, backID := table.Of(there), table.Of(back)
	if dir, backDir := there.Dir, back.Dir; id != backID || dir == backDir {
		t.Errorf("got flow %d direction %d and %d, %d, want one flow in two directions", id, dir, backID, backDir)
	}
}

// The flows that were silent longest make way: each new one has a higher id than all
// before, and a place that none of those has that are followed; the table never grows.
func TestSilentFlowsMakeWay(t *testing.T) {
	table := NewTable()
	table.limit = 8
	always := table.Of(between(0, 1))
	latest := always
	for n := range 1000 {
		id := table.Of(between(1, n+2))
		if again := table.Of(between(1, n+2)); id <= latest || again != id {
			t.Fatalf("flow %d: got id %d and then %d after %d, want one id, and higher", n, id, again, latest)
		}
		latest = id
		if got := table.Of(between(0, 1)); got != always { // never silent
			t.Fatalf("the flow that always speaks: got id %d after %d flows, want %d as before", got, n, always)
		}
		places := map[int]uint64{}
		for _, p := range table.pairs {
			if p.hash != 0 {
				places[tcp.Place(p.id)] = p.id
			}
		}
		if len(places) != min(n+2, 8-int(len(table.free))) || places[tcp.Place(id)] != id {
			t.Fatalf("after flow %d: got places %v with %d free", n, places, len(table.free))
		}
	}
	if len(table.pairs) > 8 || len(table.slots) > 1024 {
		t.Errorf("flows held: got %d in %d slots, want at most 8 in 1024", len(table.pairs), len(table.slots))
	}
	if back := table.Of(between(1, 2)); back <= latest {
		t.Errorf("a flow that comes back: got id %d, want another than it had", back)
	}
	if table.Forgotten() == 0 {
		t.Error("flows forgotten: got none, want them counted")
	}
}
