package salvage

import "bytes"

// window is what may be looked at for a decision: bytes from the position on, and
// the end of the file if eof is set.
type window struct {
	r   *Reader
	w   []byte
	eof bool
	// dead are starts of trails that were followed to a poor end.
	dead map[int]struct{}
}

// anew is the same window where nothing was followed yet.
func (s *window) anew() window { return window{r: s.r, w: s.w, eof: s.eof} }

// bury notes starts of trails that lead to a poor end.
func (s *window) bury(starts ...int) {
	if s.dead == nil {
		s.dead = make(map[int]struct{})
	}
	for _, at := range starts {
		s.dead[at] = struct{}{}
	}
}

// deliver delivers a block of the window's start as it is.
func (s *window) deliver(size int, why error) {
	if s.r.deliver(s.w[:size:size], size) != nil {
		s.r.pass(size, why)
	}
}

// scan gives the first offset of some at which something is found, -1 for none.
func (s *window) scan(from, to int, found func(at int) bool) int {
	for at := from; at < min(to, len(s.w)); at++ {
		if found(at) {
			return at
		}
	}
	return -1
}

// next is scan in as much as may be passed over by one decision. Where nothing is
// found, the bytes are passed over, and what follows them is looked at next.
func (s *window) next(why error, from int, found func(at int) bool) int {
	to := len(s.w)
	if !s.eof {
		to = min(to, stride)
	}
	at := s.scan(from, to, found)
	s.r.lost = at < 0 && !s.eof
	if at < 0 {
		s.r.pass(to, why)
	}
	return at
}

func allZero(p []byte) bool { return len(bytes.TrimLeft(p, "\x00")) == 0 }
