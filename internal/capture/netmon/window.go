package netmon

import (
	"errors"
	"fmt"
	"io"
)

// window reads a file in pieces, and further ahead the longer it is read in order.
type window struct {
	r      io.ReaderAt
	size   int64 // of the file, bytes
	most   int   // that is read ahead, bytes
	ahead  int   // that is read next time
	offset int64 // of buf in the file
	buf    []byte
}

// leastAhead is what is read where nothing is known of what comes next, bytes.
const leastAhead = 4 << 10

// at gives n bytes of the file, valid until the next call. They must be within it.
func (w *window) at(offset int64, n int) ([]byte, error) {
	if i := offset - w.offset; i >= 0 && i+int64(n) <= int64(len(w.buf)) {
		return w.buf[i:][:n], nil
	}
	if near := offset - w.offset - int64(len(w.buf)); len(w.buf) > 0 && offset >= w.offset && near < leastAhead {
		w.ahead = min(2*w.ahead, w.most)
	} else {
		w.ahead = leastAhead
	}
	want := int(min(int64(max(n, w.ahead)), w.size-offset))
	if want > cap(w.buf) {
		w.buf = make([]byte, want)
	}
	w.offset, w.buf = offset, w.buf[:want]
	if err := readFull(w.r, w.buf, offset); err != nil {
		w.buf = w.buf[:0]
		return nil, err
	}
	return w.buf[:n], nil
}

// readFull fills p from an offset within the file.
func readFull(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("at byte %d: %w", offset+int64(n), err)
}
