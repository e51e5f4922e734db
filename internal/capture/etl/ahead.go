package etl

import "sync/atomic"

// nextPart is the part of a buffer that follows the one that is shown. Another goroutine
// makes it, or who needs it where none has begun it by then: what it holds is the same.
//
// Its bytes come after lookBack bytes of room, which end with those of the part before:
// there matches lead, and there is what remains of a record that both parts have.
type nextPart struct {
	asked bool // a part was asked for, and not yet taken
	buf   []byte
	most  int           // where in buf it may end
	have  int           // where it ends
	err   error         // why it ends before
	begun atomic.Bool   // somebody makes it
	made  chan struct{} // gets one element once another goroutine has made it
}

// askNext has the next part made. Until it is taken or dropped nothing may be read for
// the window otherwise, and its bytes stay as they are.
func (w *window) askNext() {
	n := &w.next
	if n.buf == nil {
		n.buf = make([]byte, lookBack+w.part)
		n.made = make(chan struct{}, 1)
	}
	n.most = lookBack + min(len(n.buf)-lookBack, w.end-w.offset-w.have)
	n.asked = true
	n.begun.Store(false)
	if w.ahead {
		go w.makeAhead()
	}
}

// makeAhead makes the part that was asked for, unless somebody else does.
func (w *window) makeAhead() {
	if w.next.begun.CompareAndSwap(false, true) {
		w.makeNext()
		w.next.made <- struct{}{}
	}
}

func (w *window) makeNext() {
	n := &w.next
	if w.packed {
		kept := w.buf[max(0, w.have-lookBack):w.have]
		copy(n.buf[lookBack-len(kept):], kept)
	}
	n.have, n.err = w.readMore(n.buf[:n.most], lookBack)
}

// takeNext adds the part that was asked for to what the window has, and takes its room.
func (w *window) takeNext() error {
	n := &w.next
	if n.begun.CompareAndSwap(false, true) {
		w.makeNext()
	} else {
		<-n.made
	}
	n.asked = false
	rest := w.buf[w.read:w.have]
	if len(rest) > lookBack {
		w.join(n.buf[lookBack:n.have])
		return w.ended(n.err)
	}
	w.offset += w.have - lookBack
	w.read, w.have = lookBack-len(rest), n.have
	copy(n.buf[w.read:], rest)
	w.buf, n.buf = n.buf, w.buf
	if cap(n.buf) < lookBack+w.part {
		n.buf = make([]byte, lookBack+w.part)
	}
	n.buf = n.buf[:lookBack+w.part]
	return w.ended(n.err)
}

// join puts a part after what remains of a record that is longer than lookBack.
func (w *window) join(part []byte) {
	w.makeRoom(w.have - w.read + len(part))
	w.have += copy(w.buf[w.have:], part)
}

// drop waits for the part that was asked for, if it has been begun, and forgets it.
func (n *nextPart) drop() {
	if n.asked && !n.begun.CompareAndSwap(false, true) {
		<-n.made
	}
	n.asked = false
}
