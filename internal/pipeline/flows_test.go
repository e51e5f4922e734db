package pipeline

import (
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

func endpoint(n int) (a packet.Addr) {
	a[14], a[15] = byte(n>>8), byte(n)
	return a
}

func unitBetween(from, to int) *unit {
	u := &unit{proto: packet.ProtoTCP, sport: 1, dport: 2}
	u.view.Src, u.view.Dst = endpoint(from), endpoint(to)
	u.pair.set(&u.view.Src, &u.view.Dst, u.sport, u.dport, u.proto)
	return u
}

func TestBothDirectionsAreOneFlow(t *testing.T) {
	table := newFlowTable()
	there, back := unitBetween(1, 2), unitBetween(2, 1)
	back.sport, back.dport, back.pair = 2, 1, pair{}
	back.pair.set(&back.view.Src, &back.view.Dst, back.sport, back.dport, back.proto)
	id, fresh := table.of(&there.pair)
	backID, backFresh := table.of(&back.pair)
	dir, backDir := there.pair.dir, back.pair.dir
	if id != backID || dir == backDir || !fresh || backFresh {
		t.Errorf("got flow %d direction %d fresh %v and %d, %d, %v, want one flow in two directions", id, dir, fresh, backID, backDir, backFresh)
	}
}

// The flows that were silent longest make room, and their numbers are given
// again as fresh ones; the table never grows.
func TestSilentFlowsMakeRoom(t *testing.T) {
	table := newFlowTable()
	table.limit = 8
	for n := range 1000 {
		table.of(&unitBetween(0, 1).pair) // never silent
		if _, fresh := table.of(&unitBetween(1, n+2).pair); !fresh {
			t.Fatalf("flow %d: got a known one, want fresh", n)
		}
	}
	if len(table.keys) > 8 || len(table.slots) > 1024 {
		t.Errorf("flows held: got %d in %d slots, want at most 8 in 1024", len(table.keys), len(table.slots))
	}
	if _, fresh := table.of(&unitBetween(0, 1).pair); fresh {
		t.Error("the flow that always spoke: got forgotten, want kept")
	}
	if table.evicted == 0 {
		t.Error("flows forgotten: got none, want them counted")
	}
}
