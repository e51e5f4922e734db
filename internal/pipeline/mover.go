package pipeline

import "github.com/mendcap/mendcap/internal/capture"

// A chunk is kept as long as one of its units waits. Where few of each chunk wait long,
// as where some packets are stamped far ahead of the others, all of the capture would
// be kept for them. So units of sparse chunks are moved to chunks of their own.

// sparseFrom is how much more than 5/4 of what is kept for the units that wait their
// chunks keep, bytes, where sparse ones are looked for: so much at least is read in
// between.
const sparseFrom = 4 << 20

// sparse reports whether it is time to look for sparse chunks.
func (w *weights) sparse() bool {
	return w.chunks > max(w.own+w.own/4, w.bound)+sparseFrom
}

// sparse reports whether at most half of the chunk's units wait.
func (c *chunk) sparse() bool {
	n := 0
	for _, waiting := range c.waiting {
		n += waiting
	}
	return 2*n <= len(c.units)
}

// movedUnits is how many units are moved to one chunk at most.
const movedUnits = 256

// mover moves units that wait in a stage from sparse chunks to others.
type mover struct {
	held *weights
	list []**unit // where they are held
	size int      // of their blocks, bytes
}

// consider moves the packet that is held there, if its chunk is sparse.
func (m *mover) consider(at **unit) {
	u := *at
	if u.block.Kind != capture.Packet || !u.chunk.sparse() {
		return
	}
	m.list = append(m.list, at)
	m.size += len(u.block.Raw)
	if len(m.list) == movedUnits {
		m.move()
	}
}

// finish moves those that are left.
func (m *mover) finish() {
	if len(m.list) > 0 {
		m.move()
	}
	m.held.bound = m.held.chunks
}

// move moves the units of the list.
func (m *mover) move() {
	n := len(m.list)
	c := &chunk{units: make([]unit, n), size: m.size + n*(recordSize+answerSize+innerSize), share: m.size/n + 1}
	c.left.Store(int32(n))
	c.answers.Clear(n)
	blocks := make([]capture.Block, n)
	bytes := make([]byte, 0, m.size)
	for i, at := range m.list {
		old, u := *at, &c.units[i]
		m.held.add(old, -1)
		*u, blocks[i] = *old, *old.block
		u.chunk, u.block = c, &blocks[i]
		bytes = u.block.Move(bytes)
		if u.answer != nil {
			u.answer = c.answers.Keep(old.answer)
		}
		if u.names != nil {
			u.names = room(&c.names, n)
			*u.names = *old.names
		}
		if u.inner != nil {
			u.inner = room(&c.inner, n)
			*u.inner = *old.inner
		}
		m.held.add(u, 1)
		*at = u
		old.chunk.release(1)
	}
	m.list, m.size = m.list[:0], 0
}
