package etl

import (
	"errors"
	"fmt"
	"io"
)

// window shows the records of one buffer in parts, decompressed.
type window struct {
	r     io.ReaderAt
	part  int  // bytes that are read at a time
	ahead bool // another goroutine makes the next part

	at         place // the buffer
	head       [bufferHeaderLen]byte
	end        int     // where its records end, header included, decompressed
	packed     bool    // it is compressed
	unpack     decoder // if it is; whoever makes the next part has it
	buf        []byte
	read, have int   // buf[read:have] is what comes next
	offset     int   // of buf[0] in the buffer, decompressed
	err        error // why there is nothing after have, before end
	next       nextPart
}

// open begins the records of a buffer.
func (w *window) open(at place) error {
	w.next.drop()
	n, err := readAt(w.r, w.head[:], at.offset)
	if err != nil {
		return err
	}
	if n < len(w.head) {
		return fmt.Errorf("read at byte %d: %w", at.offset, io.ErrUnexpectedEOF)
	}
	h := parseBuffer(w.head[:])
	w.at, w.packed, w.err = at, h.compressed(), nil
	w.end, _ = h.end()
	w.read, w.have, w.offset = 0, 0, bufferHeaderLen
	if w.packed {
		w.unpack.reset(w.r, at.offset+bufferHeaderLen, at.offset+at.length)
	}
	return nil
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

// unused is how many bytes of a compressed buffer are left once all its records were
// made, if it is as long as its header says.
func (w *window) unused() int64 {
	if !w.packed || w.left() > 0 || w.at.length != int64(le.Uint32(w.head[:])) {
		return 0
	}
	return int64(len(w.unpack.in)) + w.unpack.to - w.unpack.from
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
		got, err := w.readMore(w.buf[:min(len(w.buf), w.end-w.offset)], w.have)
		w.have = got
		if err = w.ended(err); err != nil {
			return err
		}
		if !w.packed && w.have-w.read < n {
			w.err = ErrTruncated
		}
	}
	if w.offset+w.have < w.end && w.err == nil {
		w.askNext()
	}
	return nil
}

// readMore fills out from at on with what follows the part, as far as the buffer has
// something, and returns where it stopped.
func (w *window) readMore(out []byte, at int) (int, error) {
	if w.packed {
		return w.unpack.read(out, at)
	}
	from := w.offset + w.have
	inFile := max(w.at.length-int64(from), 0)
	got, err := readAt(w.r, out[at:int(min(int64(len(out)), int64(at)+inFile))], w.at.offset+int64(from))
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
