package tcp

import (
	"slices"
	"testing"
)

// A place belongs to the youngest of the connections that share it; the one before is
// handed out once, and what comes of it later begins anew and disturbs nobody.
func TestTheOlderConnectionMakesWay(t *testing.T) {
	type left struct {
		id    uint64
		state int
	}
	var gone []left
	s := NewStore(func(id uint64, state *int) { gone = append(gone, left{id, *state}) })
	const a, b, c, other = 5, 5 + MaxFlows, 5 + 7*MaxFlows, 6
	for _, step := range []struct {
		id   uint64
		want int // packets of it before
	}{
		{a, 0}, {other, 0}, {a, 1}, {b, 0}, {a, 0}, {b, 1}, {a, 1}, {b, 2}, // a comes late, twice
		{c, 0}, {b, 0}, {a, 0}, {c, 1}, {other, 1},
	} {
		state := s.Of(step.id)
		if *state != step.want {
			t.Errorf("connection %d: got %d packets before, want %d", step.id, *state, step.want)
		}
		*state++
	}
	want := []left{{a, 2}, {b, 3}, {a, 2}, {b, 1}}
	if !slices.Equal(gone, want) {
		t.Errorf("made way: got %v, want %v", gone, want)
	}
	var kept []left
	s.Each(func(id uint64, state *int) { kept = append(kept, left{id, *state}) })
	if want := []left{{c, 2}, {other, 2}, {a, 1}}; !slices.Equal(kept, want) {
		t.Errorf("kept: got %v, want %v", kept, want)
	}
}

// However many connections there are, no more than MaxFlows and a late one are kept,
// and each is either kept or handed out.
func TestStoreIsBounded(t *testing.T) {
	const connections = 3 * MaxFlows
	gone := 0
	s := NewStore(func(uint64, *bool) { gone++ })
	for id := range uint64(connections) {
		*s.Of(id) = true
	}
	n := 0
	s.Each(func(uint64, *bool) { n++ })
	if n != MaxFlows || gone != connections-MaxFlows {
		t.Errorf("got %d kept and %d handed out, want %d and %d", n, gone, MaxFlows, connections-MaxFlows)
	}
	if places := len(s.pages) * storePage; places != MaxFlows {
		t.Errorf("places: got %d, want %d", places, MaxFlows)
	}
	if got := testing.AllocsPerRun(1000, func() { s.Of(1) }); got != 0 {
		t.Errorf("a connection that is kept: got %v allocations, want none", got)
	}
}

// A copy goes its own way.
func TestCloneOfStore(t *testing.T) {
	var s Store[[]int]
	for _, id := range []uint64{MaxFlows, 0, 40} { // 0 is late
		*s.Of(id) = []int{int(id)}
	}
	c := s.Clone(func(list *[]int) []int { return slices.Clone(*list) })
	for _, id := range []uint64{MaxFlows, 0, 40} {
		(*s.Of(id))[0] = -1
		if got := (*c.Of(id))[0]; got != int(id) {
			t.Errorf("connection %d of the copy: got %d, want %d", id, got, id)
		}
	}
}
