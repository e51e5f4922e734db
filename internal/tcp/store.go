package tcp

// MaxFlows is how many connections are followed at once: one of those whose ids leave
// the same remainder by it.
const MaxFlows = 1 << 14

// Place is where the state of a connection is kept: its id's remainder by MaxFlows.
func Place(id uint64) int { return int(id % MaxFlows) }

// Store keeps state by connection, at most MaxFlows of them in memory that is never
// moved. Ids count up and are never used again, so of two connections with the same
// place the one with the lower id is the older: it makes way. Whoever gives out the ids
// decides with them which connection is forgotten for which, for all that keep state by
// them; conn.Table lets go of those that were silent longest.
//
// A packet that comes after its connection has made way, since packets were put in
// another order meanwhile, begins anew beside the younger one: one such connection is
// kept at a time. The same ids in the same order leave the same states.
//
// The zero value is empty and ready for use.
type Store[T any] struct {
	pages []*[storePage]kept[T]
	late  kept[T] // the connection that came after it had made way
	leave func(id uint64, state *T)
}

// storePage is how many places are made at once.
const storePage = 8

// kept is a place and what is in it.
type kept[T any] struct {
	holder uint64 // the connection's id plus one, 0 for none
	state  T
}

// NewStore returns an empty store that calls leave for each connection that makes way,
// with its state for the last time. leave must not use the store.
func NewStore[T any](leave func(id uint64, state *T)) *Store[T] { return &Store[T]{leave: leave} }

// Of returns the state of a connection, zero if it is new. It is valid until the
// connection makes way, which it does in a call with another id only.
func (s *Store[T]) Of(id uint64) *T {
	if n := id % MaxFlows; n/storePage < uint64(len(s.pages)) {
		if k := &s.pages[n/storePage][n%storePage]; k.holder == id+1 {
			return &k.state
		}
	}
	return s.enter(id)
}

// enter finds a connection that is not at its place, or begins it.
func (s *Store[T]) enter(id uint64) *T {
	n := Place(id)
	for n/storePage >= len(s.pages) {
		s.pages = append(s.pages, new([storePage]kept[T]))
	}
	k := &s.pages[n/storePage][n%storePage]
	if k.holder > id+1 {
		k = &s.late
	}
	if k.holder == id+1 {
		return &k.state
	}
	if k.holder != 0 {
		if s.leave != nil {
			s.leave(k.holder-1, &k.state)
		}
		*k = kept[T]{}
	}
	k.holder = id + 1
	return &k.state
}

// Each calls do for the state of each connection that is kept, by place. do must not
// use the store.
func (s *Store[T]) Each(do func(id uint64, state *T)) {
	for _, page := range s.pages {
		for i := range page {
			if k := &page[i]; k.holder != 0 {
				do(k.holder-1, &k.state)
			}
		}
	}
	if s.late.holder != 0 {
		do(s.late.holder-1, &s.late.state)
	}
}

// Clone returns a store with a copy of each state. It calls the same function for those
// that make way.
func (s *Store[T]) Clone(copied func(*T) T) Store[T] {
	c := Store[T]{pages: make([]*[storePage]kept[T], len(s.pages)), leave: s.leave}
	for i := range s.pages {
		c.pages[i] = new([storePage]kept[T])
		for n := range c.pages[i] {
			from := &s.pages[i][n]
			c.pages[i][n] = kept[T]{from.holder, copied(&from.state)}
		}
	}
	c.late = kept[T]{s.late.holder, copied(&s.late.state)}
	return c
}
