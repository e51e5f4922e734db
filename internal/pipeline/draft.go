package pipeline

import (
	"hash"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"
)

// How a draft is written: in steps of one size, from buffers that begin at
// multiples of alignment. One is filled while others are on their way.
const (
	stepSize  = 1 << 20
	buffers   = 3
	alignment = 4096
)

// directFrom is from which size on a draft bypasses the system's page cache,
// bytes. A small file is likely to be read again soon, and cheap to keep.
const directFrom = 32 << 20

// draft is what is going to be the output. It is written from its start to its
// end by a goroutine of its own, so that the disk works while the rest is
// computed, and little is left to be waited for in the end. An error of the disk
// is that of a later Write, or of flush.
type draft struct {
	file  *os.File
	sum   hash.Hash // of what is written; may be nil
	again bool      // it is going to be read: keep it in the page cache
	begun bool      // something was written to the file
	buf   []byte    // being filled; nil where there is none, or it is lent
	way   *way      // nil as long as the first buffer isn't full

	// annotations are verdicts that are still to be added, nil for none. Until then the
	// draft is not compressed.
	annotations *annotations
}

// way is what the goroutine that writes a draft works with.
type way struct {
	file    *os.File
	sum     hash.Hash // may be nil
	full    chan []byte
	spare   chan []byte
	left    int         // buffers that may still be made
	done    chan error  // the first error, once full is closed
	failed  atomic.Bool // there is one
	written int64
	direct  bool // the page cache is bypassed
	tried   bool // whether it can be was tried, or it isn't to be
}

// Borrow returns the buffer that is being filled: the caller's until it returns
// it.
func (d *draft) Borrow() []byte {
	b := d.buf
	d.buf = nil
	switch {
	case b != nil:
		return b
	case d.way == nil:
		return alignedBuffer()
	}
	return d.way.empty()
}

// Return takes a buffer back, with what was added, and lets it be written once
// it is full.
func (d *draft) Return(b []byte) error {
	if len(b) < cap(b) {
		d.buf = b
		return nil
	}
	if d.way == nil {
		d.begun = true
		d.way = &way{file: d.file, sum: d.sum, left: buffers - 1, tried: d.again,
			full: make(chan []byte, buffers), spare: make(chan []byte, buffers), done: make(chan error, 1)}
		go d.way.run()
	}
	d.way.full <- b
	if d.way.failed.Load() {
		return d.stop()
	}
	return nil
}

// Write adds a copy of p.
func (d *draft) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		b := d.Borrow()
		n := copy(b[len(b):cap(b)], rest)
		rest = rest[n:]
		if err := d.Return(b[:len(b)+n]); err != nil {
			return len(p) - len(rest), err
		}
	}
	return len(p), nil
}

// empty waits for a buffer that was written, unless more may be made.
func (w *way) empty() []byte {
	select {
	case b := <-w.spare:
		return b[:0]
	default:
	}
	if w.left > 0 {
		w.left--
		return alignedBuffer()
	}
	return (<-w.spare)[:0]
}

// drafted are buffers of drafts that are done, for the next ones of this process: a new
// one is cleared first, which takes longer than to write a small capture.
var drafted sync.Pool // of *[stepSize]byte, aligned

// alignedBuffer returns an empty buffer of stepSize bytes that may be written
// directly.
func alignedBuffer() []byte {
	if b, ok := drafted.Get().(*[stepSize]byte); ok {
		return b[:0]
	}
	b := make([]byte, stepSize+alignment)
	over := int(uintptr(unsafe.Pointer(unsafe.SliceData(b))) % alignment)
	return b[(alignment-over)%alignment:][:0:stepSize]
}

// keepBuffer keeps a buffer of alignedBuffer that nobody uses any more.
func keepBuffer(b []byte) {
	if cap(b) == stepSize {
		drafted.Put((*[stepSize]byte)(b[:stepSize]))
	}
}

// run writes what comes, until there is no more. After an error it only gives
// the buffers back.
func (w *way) run() {
	var first error
	for b := range w.full {
		if first == nil {
			first = w.step(b)
			w.failed.Store(first != nil)
		}
		w.spare <- b
	}
	if w.direct && first == nil {
		first = bypass(w.file, false)
	}
	w.done <- first
}

// step writes one buffer. Where a file system takes no direct writes after all,
// it goes on without.
func (w *way) step(b []byte) error {
	if !w.tried && w.written >= directFrom {
		w.tried = true
		w.direct = bypass(w.file, true) == nil
	}
	if w.sum != nil {
		w.sum.Write(b)
	}
	n, err := w.file.Write(b)
	if err != nil && w.direct && isMisfit(err) {
		w.direct = false
		if err = bypass(w.file, false); err == nil {
			_, err = w.file.Write(b[n:])
		}
	}
	w.written += int64(len(b))
	return err
}

// stop waits until all that was handed on is written.
func (d *draft) stop() error {
	if d.way == nil {
		return nil
	}
	close(d.way.full)
	err := <-d.way.done
	for range len(d.way.spare) {
		keepBuffer(<-d.way.spare)
	}
	d.way = nil
	return err
}

// flush writes the rest. Of a nil draft nothing is written.
func (d *draft) flush() error {
	if d == nil {
		return nil
	}
	err := d.stop()
	if err == nil {
		d.begun = true
		if d.sum != nil {
			d.sum.Write(d.buf)
		}
		_, err = d.file.Write(d.buf)
	}
	keepBuffer(d.buf)
	d.buf = nil
	return err
}

// restart forgets all that was written.
func (d *draft) restart() error {
	d.stop() // what failed of the old content doesn't matter
	d.buf = d.buf[:0]
	if d.sum != nil {
		d.sum.Reset() // also what an earlier draft has given it
	}
	if !d.begun {
		return nil
	}
	if err := d.file.Truncate(0); err != nil {
		return err
	}
	_, err := d.file.Seek(0, io.SeekStart)
	return err
}
