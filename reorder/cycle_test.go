package reorder

import (
	"slices"
	"testing"
)

// cyclic is a graph of packets, stamped one after another.
func cyclic(packets int, edges ...edge) *graph {
	g := new(graph)
	stamps := make([]int64, packets)
	for i := range stamps {
		stamps[i] = int64(i) * 1000
	}
	g.reset(stamps, stamps)
	for _, e := range edges {
		g.before(e.from, e.to, e.law)
	}
	return g
}

// solved lets each law move as far as it asks, and returns where the packets stand.
func (g *graph) solved() (positions []int32) {
	var gates [NumLaws]int64
	for l := range gates {
		gates[l] = ms
	}
	g.solve(&gates)
	for n := range g.packets {
		positions = append(positions, g.place[n].pos)
	}
	return positions
}

// Between two cycles, each of a moving law and one that contradicts it, a soft law that
// contradicts nothing holds, and beyond them.
func TestSoftLawBetweenCyclesHolds(t *testing.T) {
	g := cyclic(8,
		edge{1, 0, LawAck}, edge{0, 1, LawInSeq}, // a cycle
		edge{7, 6, LawAck}, edge{6, 7, LawInTSval}, // another one
		edge{0, 4, LawOutAck}, edge{4, 3, LawInSeq}, edge{3, 7, LawOutAck}) // from the one to the other
	if got, want := g.solved(), []int32{0, 0, 2, 3, 3, 5, 6, 6}; !slices.Equal(got, want) {
		t.Errorf("got positions %v, want %v", got, want)
	}
}

// On a cycle of soft laws those that the network breaks too give way first.
func TestWeakestLawOfACycleGivesWay(t *testing.T) {
	tests := []struct{ holds, gives Law }{
		{LawArrival, LawInSeq}, {LawArrival, LawInAck}, {LawInSeq, LawInTSval}, {LawAck, LawArrival}, {LawDSack, LawInOnce},
	}
	for _, test := range tests {
		g := cyclic(4, edge{2, 1, test.holds}, edge{1, 2, test.gives})
		if got, want := g.solved(), []int32{0, 1, 1, 3}; !slices.Equal(got, want) {
			t.Errorf("%v against %v: got positions %v, want %v", test.holds, test.gives, got, want)
		}
	}
}

// Moving laws that contradict each other move nothing, nor does what is equally weak.
func TestContradictionMovesNothing(t *testing.T) {
	for _, law := range []Law{LawAck, LawArrival, LawInSeq} {
		g := cyclic(5, edge{3, 2, law}, edge{2, 1, law}, edge{1, 3, law}, edge{4, 0, LawOutAck})
		if got, want := g.solved(), []int32{0, 1, 2, 3, 0}; !slices.Equal(got, want) {
			t.Errorf("%v: got positions %v, want %v", law, got, want)
		}
		if state := g.place[2].state; (state == tangled) != (law == LawAck) {
			t.Errorf("%v: got state %v, want tangled only of a moving law", law, state)
		}
	}
}

// All nodes of a cycle have its number, others none, however the search comes upon them.
func TestCyclesAreFound(t *testing.T) {
	g := cyclic(9,
		edge{0, 1, LawAck},                                         // before the cycle
		edge{1, 2, LawAck}, edge{2, 3, LawAck}, edge{3, 1, LawAck}, // a cycle
		edge{2, 4, LawAck}, edge{4, 2, LawAck}, // tied to it
		edge{3, 5, LawAck},                     // between two
		edge{5, 6, LawAck}, edge{6, 6, LawAck}, // one by itself
		edge{7, 6, LawAck}, edge{6, 8, LawAck})
	g.begin()
	var gates [NumLaws]int64
	g.settle(&gates)
	cycle := g.cycles()
	for n, want := range []bool{false, true, true, true, true, false, true, false, false} {
		if got := cycle[n] > 0; got != want {
			t.Errorf("node %d: got on a cycle %v, want %v", n, got, want)
		}
	}
	if cycle[1] != cycle[4] || cycle[1] == cycle[6] {
		t.Errorf("got cycles %v, want one of 1 to 4 and another of 6", cycle)
	}
}
