package capture

import "sync"

// Spares are values that are done with, to be used again. What was put there last is taken
// first, since most of it is still in the processor's caches. Any goroutine may hold them;
// the zero value has none.
type Spares[T any] struct {
	mu   sync.Mutex
	list []*T
}

// mostSpares is how many are kept: as many as are on their way at most, but where a window
// is wide.
const mostSpares = 64

// Put keeps v, unless as many are kept as may be.
func (s *Spares[T]) Put(v *T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) < mostSpares {
		s.list = append(s.list, v)
	}
}

// Take returns one of them, nil where there is none.
func (s *Spares[T]) Take() *T {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.list) - 1
	if last < 0 {
		return nil
	}
	v := s.list[last]
	s.list[last], s.list = nil, s.list[:last]
	return v
}
