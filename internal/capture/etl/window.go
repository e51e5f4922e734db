package etl

import (
	"errors"
	"fmt"
	"io"
)

// window shows the records of one buffer after the other in parts, decompressed.
type window struct {
	r     io.ReaderAt
	part  int  // bytes that are read at a time
	ahead bool // another goroutine makes the next part

	buffer             // whose records are shown
	rest       []byte  // the buffers that follow; see run
	unpack     decoder // whoever makes the next part has it
	unused     int64   // bytes of a compressed buffer that are left once all its records were made
	buf        []byte
	read, have int   // buf[read:have] is what comes next
	offset     int   // of buf[0] in the buffer, decompressed; less than 0 where the buffer begins in buf
	err        error // why there is nothing after have, before end
	next       nextPart
}

// buffer is one of the file by its header.
type buffer struct {
	at     place
	size   int  // as the header states it
	end    int  // where its records end, header included, decompressed
	packed bool // it is compressed
}

// readBuffer reads the header of a buffer.
func readBuffer(r io.ReaderAt, at place, b []byte) (buffer, error) {
	n, err := readAt(r, b[:bufferHeaderLen], at.offset)
	if err != nil {
		return buffer{}, err
	}
	if n < bufferHeaderLen {
		return buffer{}, fmt.Errorf("read at byte %d: %w", at.offset, io.ErrUnexpectedEOF)
	}
	h := parseBuffer(b)
	end, _ := h.end()
	return buffer{at: at, size: h.size, end: end, packed: h.compressed()}, nil
}

// open begins the records of a buffer, after which come those of rest.
func (w *window) open(at place, rest []byte) error {
	n := &w.next
	if !n.asked || !n.begins || n.at != at {
		n.drop()
		w.ask(at)
	}
	w.take()
	w.buffer, w.rest, w.unused = n.buffer, rest, 0
	w.read, w.have, w.offset = lookBack, n.have, bufferHeaderLen-lookBack
	w.err = nil
	w.swap()
	if err := w.ended(n.err); err != nil {
		return err
	}
	w.goOn()
	return nil
}

// more gives the buffer that follows, and those that follow it, if there is one.
func (w *window) more() (place, []byte, bool) {
	if len(w.rest) == 0 {
		return place{}, nil, false
	}
	p, rest := w.at.next(w.rest)
	return p, rest, true
}

// position is where the next byte lies in the buffer.
func (w *window) position() int { return w.offset + w.read }

// left is how many bytes of records follow.
func (w *window) left() int { return w.end - w.position() }

// need gives the next n bytes, or those that there are. They are valid until the next
// call. It returns errors of reading; of damage it leaves what is there.
func (w *window) need(n int) ([]byte, error) {
	if w.have-w.read >= n {
		return w.buf[w.read : w.read+n], nil
	}
	return w.needMore(n)
}

// needMore is need of more than there is.
func (w *window) needMore(n int) ([]byte, error) {
	n = min(n, w.left())
	if w.have-w.read < n && w.err == nil {
		if err := w.fill(n); err != nil {
			return nil, err
		}
	}
	return w.buf[w.read:min(w.have, w.read+n)], nil
}

// skip passes over n bytes that need has given, or what there is of them.
func (w *window) skip(n int) { w.read = min(w.read+n, w.have) }

// fill reads on until there are n bytes and, for the next times, as many as fit.
func (w *window) fill(n int) error {
	if w.next.asked {
		if err := w.takeNext(); err != nil {
			return err
		}
	}
	if w.have-w.read < n && w.err == nil {
		w.makeRoom(n)
		got, err := w.readMore(&w.buffer, w.offset+w.have, w.buf[:min(len(w.buf), w.end-w.offset)], w.have)
		w.have = got
		if err = w.ended(err); err != nil {
			return err
		}
		if !w.packed && w.have-w.read < n {
			w.err = ErrTruncated
		}
	}
	w.goOn()
	return nil
}

// goOn has made what follows the part: the next one, or the next buffer's first.
func (w *window) goOn() {
	if w.err != nil {
		return
	}
	if w.offset+w.have < w.end {
		w.askNext()
		return
	}
	if w.packed && w.at.length == int64(w.size) {
		w.unused = int64(len(w.unpack.in)) + w.unpack.to - w.unpack.from
	}
	if p, _, ok := w.more(); ok {
		w.ask(p)
	}
}

// readMore fills out from at on with what lies at from in a buffer, decompressed, as far as
// the buffer has something, and returns where it stopped.
func (w *window) readMore(b *buffer, from int, out []byte, at int) (int, error) {
	if b.packed {
		return w.unpack.read(out, at)
	}
	inFile := max(b.at.length-int64(from), 0)
	got, err := readAt(w.r, out[at:int(min(int64(len(out)), int64(at)+inFile))], b.at.offset+int64(from))
	return at + got, err
}

// ended takes damage of compressed data for the end of what there is. It returns other
// errors.
func (w *window) ended(err error) error {
	if errors.Is(err, ErrCompressed) {
		w.err, err = err, nil
	}
	return err
}

// makeRoom moves what is still needed to the front, and sees to it that n bytes fit
// after it. A buffer that is too small gives way to one that holds a part more.
func (w *window) makeRoom(n int) {
	keep := w.read
	if w.packed {
		keep = max(min(keep, w.have-lookBack), 0)
	}
	kept := w.buf[keep:w.have]
	if least := w.read - keep + n; cap(w.buf) < least {
		w.buf = make([]byte, least+w.part)
	}
	w.buf = w.buf[:cap(w.buf)]
	copy(w.buf, kept)
	w.read, w.have, w.offset = w.read-keep, w.have-keep, w.offset+keep
}
