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

// own is the one buffer of a destination that lends none.
type own struct {
	io.Writer
	p []byte
}

func (o *own) Borrow() []byte { return o.p }

func (o *own) Return(p []byte) error {
	_, err := o.Write(p)
	return err
}

// buffer collects what is written. It keeps the first error, and takes nothing
// in any more after it.
type buffer struct {
	to  Lender
	p   []byte // borrowed
	err error

	aside  []byte // what begin has returned where p had no room
	spills bool   // it has
}

func newBuffer(to io.Writer) buffer {
	lender, ok := to.(Lender)
	if !ok {
		lender = &own{to, make([]byte, 0, writeBuffer)}
	}
	return buffer{to: lender}
}

// put adds p. An error of a write before it comes again.
func (b *buffer) put(p []byte) error {
	for len(p) > cap(b.p)-len(b.p) {
		n := copy(b.p[len(b.p):cap(b.p)], p)
		b.p, p = b.p[:len(b.p)+n], p[n:]
		if b.Flush() != nil {
			return b.err
		}
		b.p = b.to.Borrow()
	}
	b.p = append(b.p, p...)
	return b.err
}

// begin returns what n bytes at most are to be appended to, and end takes it back with
// them. Between the two nothing else may be put. It is the buffer itself if they fit: what
// was just written in small parts is slow to copy.
func (b *buffer) begin(n int) []byte {
	if b.spills = n > cap(b.p)-len(b.p); b.spills {
		return b.aside[:0]
	}
	return b.p
}

// end takes back what begin has returned. An error of a write before it comes again.
func (b *buffer) end(p []byte) error {
	if b.spills {
		b.aside = p
		return b.put(p)
	}
	b.p = p
	return b.err
}

// Flush passes on what is there.
func (b *buffer) Flush() error {
	if b.err == nil && len(b.p) > 0 {
		b.err = b.to.Return(b.p)
		b.p = nil
	}
	return b.err
}
