package conn

import (
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
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
	id, fresh := table.Of(there)
	backID, backFresh := table.Of(back)
	dir, backDir := there.Dir, back.Dir
	if id != backID || dir == backDir || !fresh || backFresh {
		t.Errorf("got flow %d direction %d fresh %v and %d, %d, %v, want one flow in two directions", id, dir, fresh, backID, backDir, backFresh)
	}
}

// The flows that were silent longest make room, and their numbers are given
// again as fresh ones; the table never grows.
func TestSilentFlowsMakeRoom(t *testing.T) {
	table := NewTable()
	table.limit = 8
	for n := range 1000 {
		table.Of(between(0, 1)) // never silent
		if _, fresh := table.Of(between(1, n+2)); !fresh {
			t.Fatalf("flow %d: got a known one, want fresh", n)
		}
	}
	if len(table.keys) > 8 || len(table.slots) > 1024 {
		t.Errorf("flows held: got %d in %d slots, want at most 8 in 1024", len(table.keys), len(table.slots))
	}
	if _, fresh := table.Of(between(0, 1)); fresh {
		t.Error("the flow that always spoke: got forgotten, want kept")
	}
	if table.evicted == 0 {
		t.Error("flows forgotten: got none, want them counted")
	}
}
