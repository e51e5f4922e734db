package reorder

import "testing"

// Relieve places at least one packet, those first that nothing to come can move,
// and all of them once, in either basis.
func TestRelieve(t *testing.T) {
	for _, basis := range []Basis{FileOrder, StampOrder} {
		p := Profile{Gate: 1e6, Basis: basis}
		p.Violations[LawAck] = 1
		var placed []int64
		r, err := NewOrderer(p, Options{}, func(p Placement) { placed = append(placed, p.Index) })
		if err != nil {
			t.Fatal(err)
		}
		if r.Relieve() || len(placed) > 0 {
			t.Errorf("%v: something was placed of nothing", basis)
		}
		for n := range 100 {
			r.Push(&Packet{Stamp: int64(n) * 1e6})
		}
		if early := r.Relieve(); early || len(placed) == 0 {
			t.Errorf("%v: the packets that had their time: %d placed, early %v", basis, len(placed), early)
		}
		for r.held() > 0 {
			before := len(placed)
			if r.Relieve(); len(placed) == before {
				t.Fatalf("%v: nothing was placed of %d packets", basis, r.held())
			}
		}
		if len(placed) != 100 {
			t.Errorf("%v: got %d packets, want 100", basis, len(placed))
		}
		for n, index := range placed {
			if index != int64(n) {
				t.Fatalf("%v: packet %d: got number %d", basis, n, index)
			}
		}
	}
}
