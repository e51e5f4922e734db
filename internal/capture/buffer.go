package capture

import "io"

// writeBuffer is how much output is collected before it is written, bytes,
// where the destination lends no buffers. It fits a core's cache; larger writes
// cost the kernel more a byte.
const writeBuffer = 64 << 10

// Lender is a destination that lends its own buffers, so that what is written
// is copied once. What a buffer holds already, when it is borrowed, comes
// before what is added.
type Lender interface {
	io.Writer
	Borrow() []byte      // a buffer with room
	Return([]byte) error // to be written when it is full; else it may be borrowed again
}

// buffer collects what is written. It keeps the first error, and takes nothing
// in any more after it.
type buffer struct {
	to     io.Writer
	lender Lender // to, where it is one
	p      []byte
	err    error
}

func newBuffer(to io.Writer) buffer {
	lender, _ := to.(Lender)
	return buffer{to: to, lender: lender}
}

// Write adds p.
func (b *buffer) Write(p []byte) (int, error) {
	all := len(p)
	for len(p) > cap(b.p)-len(b.p) {
		n := copy(b.p[len(b.p):cap(b.p)], p)
		b.p, p = b.p[:len(b.p)+n], p[n:]
		if b.next(); b.err != nil {
			return 0, b.err
		}
	}
	b.p = append(b.p, p...)
	return all, b.err
}

// put is Write where the error is asked for later.
func (b *buffer) put(p []byte) {
	if len(p) > cap(b.p)-len(b.p) {
		b.Write(p)
		return
	}
	b.p = append(b.p, p...)
}

// next makes room, by passing on what is there.
func (b *buffer) next() {
	b.Flush()
	switch {
	case b.err != nil:
	case b.lender != nil:
		b.p = b.lender.Borrow()
	case b.p == nil:
		b.p = make([]byte, 0, writeBuffer)
	}
}

// Flush passes on what is there.
func (b *buffer) Flush() error {
	if b.err != nil || len(b.p) == 0 {
		return b.err
	}
	if b.lender != nil {
		b.err = b.lender.Return(b.p)
		b.p = nil
		return b.err
	}
	_, b.err = b.to.Write(b.p)
	b.p = b.p[:0]
	return b.err
}
