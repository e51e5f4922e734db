package reorder

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/mendcap/mendcap/internal/tcp"
)

// TestWaitingPacketsComeInOrder compares with a list that is searched for the
// earliest packet each time. At least one packet waits from the first on, as
// the latest does in an Orderer.
func TestWaitingPacketsComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w waitingRoom
		var model []item
		for i, stamp := range rapid.SliceOfN(rapid.Int64Range(0, 500), 1, 600).Draw(t, "stamps") {
			it := item{index: int64(i), seg: tcp.Segment{Stamp: stamp}}
			w.add(&it)
			model = append(model, it)
			if rapid.IntRange(0, 2).Draw(t, "drop") == 0 && len(model) > 1 {
				w.dropped(t, &model)
			}
		}
		for len(model) > 0 {
			w.dropped(t, &model)
		}
		if w.first() != nil {
			t.Fatal("a packet waits beyond all that were put in")
		}
	})
}

// dropped takes the first packet out of both, which must be the same one.
func (w *waitingRoom) dropped(t *rapid.T, model *[]item) {
	if w.len() != len(*model) {
		t.Fatalf("got %d packets waiting, want %d", w.len(), len(*model))
	}
	first := 0
	for i := range *model {
		if (*model)[i].seg.Stamp < (*model)[first].seg.Stamp { // of equal ones the first stays first
			first = i
		}
	}
	if got, want := w.first().index, (*model)[first].index; got != want {
		t.Fatalf("got packet %d first, want %d", got, want)
	}
	w.drop()
	*model = slices.Delete(*model, first, first+1)
}

// TestFallingStampsTakeFewSteps: each packet belongs before all that wait. They
// were moved for each, 65,536 at most.
func TestFallingStampsTakeFewSteps(t *testing.T) {
	const packets = 60_000
	var w waitingRoom
	for i := range int64(packets) {
		w.add(&item{index: i, seg: tcp.Segment{Stamp: packets - i}})
	}
	for i := range int64(packets) {
		if got := w.first().seg.Stamp; got != i+1 {
			t.Fatalf("stamp of packet %d: got %d, want %d", i, got, i+1)
		}
		w.drop()
	}
	if w.steps > packets*(nearBack+4) {
		t.Errorf("got %d steps, want at most %d for each of %d packets", w.steps, nearBack+4, packets)
	}
}

// TestWaitingPacketsAllocateNothing: a packet takes the slot of one that has left,
// wherever it belongs.
func TestWaitingPacketsAllocateNothing(t *testing.T) {
	const packets = 10_000
	var w waitingRoom
	index := int64(0)
	put := func(stamp int64) {
		w.add(&item{index: index, seg: tcp.Segment{Stamp: stamp}})
		index++
	}
	for n := range int64(packets) {
		put(n % 2 * 1e9) // every other one far back
	}
	turn := func() {
		put(index)
		w.drop()
	}
	for range packets {
		turn()
	}
	if len(w.deep) == 0 || w.len() == len(w.deep) {
		t.Fatalf("got %d packets that wait, %d of them far back, want some of each", w.len(), len(w.deep))
	}
	if n := testing.AllocsPerRun(2*packets, turn); n != 0 {
		t.Errorf("got %v allocations for each packet, want none", n)
	}
	if most := packets/roomPage + 1; len(w.pages) != most {
		t.Errorf("got %d pages, want %d", len(w.pages), most)
	}
}

// TestTracesVisitABoundedNumber: where virtual nodes lead on without packets, a
// trace is cut.
func TestTracesVisitABoundedNumber(t *testing.T) {
	var g graph
	g.reset([]int64{1, 2}, []int64{1, 2})
	last := node(0)
	for range 3 * maxVisited {
		v := g.virtual()
		g.before(last, v, LawAck)
		last = v
	}
	g.before(last, 1, LawAck)
	after := g.following()
	if found, cut := g.around(0, &after); len(found) > 0 || !cut {
		t.Errorf("got %d packets and cut %v, want none and true", len(found), cut)
	}
}

// TestNamesOfALargeWindowAreGivenUp: emptying them for each small window after it
// took as long as the large one.
func TestNamesOfALargeWindowAreGivenUp(t *testing.T) {
	var n names[uint64, int]
	n.empty(100_000)
	for i := range uint64(100_000) {
		n.at[i] = 1
	}
	large := n.at
	if n.empty(100_000); len(n.at) != 0 || n.most != 100_000 {
		t.Errorf("for as large a window: got %d names and room for %d, want none and room for 100,000", len(n.at), n.most)
	}
	large[1] = 1
	if n.empty(10); len(n.at) != 0 || len(large) != 1 || n.most != 0 {
		t.Errorf("for a small window: got the same map, with room for %d, want another one", n.most)
	}
}
