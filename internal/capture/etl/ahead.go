package etl

import (
	"sync"
	"sync/atomic"
)

// nextPart is the part that follows the one that is shown: of the same buffer, or the
// first of the next. It is made in pieces, by another goroutine and by who needs it, as far
// as the other has not begun them by then: what it holds is the same.
//
// Its bytes come after lookBack bytes of room, which end with those of the part before:
// there matches lead, and there is what remains of a record that both parts have.
type nextPart struct {
	asked  bool // a part was asked for, and not yet taken
	begins bool // it is the first of its buffer
	buffer
	from   int // where it begins in the buffer, decompressed
	buf    []byte
	have   int   // where it ends in buf
	err    error // why it ends before
	pieces [maxPieces]piece
	count  int          // of the pieces
	left   atomic.Int32 // pieces that nobody has begun
	made   sync.WaitGroup
}

// piece is a piece of a part: where it lies in the part's room.
type piece struct {
	from, to int
	err      error
}

const (
	pieceSize = 64 << 10 // bytes of a piece of what is not compressed; what is, is made at once
	maxPieces = (mostPart + pieceSize - 1) / pieceSize
)

// ask has the first part of a buffer made. Until it is taken or dropped nothing may be
// read for the window otherwise, and its bytes stay as they are.
func (w *window) ask(at place) {
	n := &w.next
	w.room()
	n.begins, n.from = true, bufferHeaderLen
	if n.buffer, n.err = readBuffer(w.r, at, n.buf); n.packed {
		w.unpack.reset(w.r, at.offset+bufferHeaderLen, at.offset+at.length)
	}
	w.begin()
}

// askNext does the same for the next part of the buffer that is shown.
func (w *window) askNext() {
	n := &w.next
	w.room()
	n.begins, n.buffer, n.from, n.err = false, w.buffer, w.offset+w.have, nil
	if n.packed {
		kept := w.buf[max(0, w.have-lookBack):w.have]
		copy(n.buf[lookBack-len(kept):], kept)
	}
	w.begin()
}

// room makes the room of a part.
func (w *window) room() {
	if n := &w.next; cap(n.buf) < lookBack+w.part {
		n.buf = make([]byte, lookBack+w.part)
	} else {
		n.buf = n.buf[:lookBack+w.part]
	}
}

// begin has the part made that next describes.
func (w *window) begin() {
	n := &w.next
	n.asked, n.have, n.count = true, lookBack, 0
	most := min(len(n.buf), lookBack+n.end-n.from)
	for from := lookBack; from < most && n.err == nil; n.count++ {
		to := most
		if !n.packed {
			to = min(most, from+pieceSize)
		}
		n.pieces[n.count] = piece{from: from, to: to}
		from = to
	}
	n.made.Add(n.count)
	n.left.Store(int32(n.count))
	if w.ahead {
		go w.makePieces()
	}
}

// makePieces makes what pieces nobody else makes.
func (w *window) makePieces() {
	n := &w.next
	for left := n.left.Add(-1); left >= 0; left = n.left.Add(-1) {
		p := &n.pieces[n.count-1-int(left)]
		p.to, p.err = w.readMore(&n.buffer, n.from+p.from-lookBack, n.buf[:p.to], p.from)
		n.made.Done()
	}
}

// take has the part made that was asked for.
func (w *window) take() {
	w.makePieces()
	n := &w.next
	n.made.Wait()
	n.asked = false
	for i := range n.pieces[:n.count] {
		p := &n.pieces[i]
		if p.from != n.have {
			break // the one before is not whole
		}
		n.have, n.err = p.to, p.err
	}
}

// takeNext adds the next part of the buffer to what the window has, and takes its room.
func (w *window) takeNext() error {
	n := &w.next
	w.take()
	rest := w.buf[w.read:w.have]
	if len(rest) > lookBack {
		w.join(n.buf[lookBack:n.have])
		return w.ended(n.err)
	}
	w.offset += w.have - lookBack
	w.read, w.have = lookBack-len(rest), n.have
	copy(n.buf[w.read:], rest)
	w.swap()
	return w.ended(n.err)
}

// swap takes the room of the part that was asked for, and gives it the window's.
func (w *window) swap() { w.buf, w.next.buf = w.next.buf, w.buf }

// join puts a part after what remains of a record that is longer than lookBack.
func (w *window) join(part []byte) {
	w.makeRoom(w.have - w.read + len(part))
	w.have += copy(w.buf[w.have:], part)
}

// drop forgets the part that was asked for, once nobody makes any of it.
func (n *nextPart) drop() {
	for n.left.Add(-1) >= 0 {
		n.made.Done()
	}
	n.made.Wait()
	n.asked = false
}
