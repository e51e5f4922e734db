package etl

import (
	"fmt"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// queue gives the records of a run in the order in which they were written.
type queue struct {
	s      *Stream
	cpu    uint16
	window *window

	layout *layout // of the record that is next
	bytes  []byte  // the record
	ticks  int64   // its stamp
	place  int64   // by which it has its turn: its stamp, but for Stream's exception
	before int64   // stamp of the record before it
	broken bool    // the buffer's records are at an end, whatever its header says
}

// open begins with the run's first buffer. It reports whether there is a record.
func (q *queue) open(r *run) (bool, error) {
	q.cpu, q.before, q.broken = r.cpu, r.start.first, false
	q.bytes = nil
	if err := q.window.open(r.start, r.rest); err != nil {
		return false, err
	}
	return q.find()
}

// advance goes to the next record; false means that there is none.
func (q *queue) advance() (bool, error) {
	q.before = q.ticks
	q.window.skip(min(aligned(len(q.bytes)), q.window.left()))
	return q.find()
}

// find goes to the next record for consumers from where the window is.
func (q *queue) find() (bool, error) {
	for {
		for q.window.left() <= 0 || q.broken {
			q.leave()
			p, rest, ok := q.window.more()
			if !ok {
				return false, nil
			}
			q.broken = false
			if err := q.window.open(p, rest); err != nil {
				return false, err
			}
		}
		found, err := q.record()
		if found || err != nil {
			return found, err
		}
	}
}

// leave notes what of the buffer's bytes in the file was not used. Were its length too
// great by just the next buffers', nothing else would tell.
func (q *queue) leave() {
	if w := q.window; w.unused >= bufferHeaderLen && !q.broken {
		q.s.damages.note(w.at.offset+w.at.length-w.unused, w.unused, fmt.Errorf("%w: after the compressed data of one", ErrBuffer))
	}
}

// record takes the record at the window. It is false for one that is passed over and
// for damage, after which the window is at what comes next, if anything does.
func (q *queue) record() (bool, error) {
	w := q.window
	b, err := w.need(recordPrefix)
	if err != nil {
		return false, err
	}
	if len(b) < recordPrefix {
		return false, q.damage(b)
	}
	l, length := recordLayout(b)
	if l.form == unknown || length > w.left() {
		return false, q.damage(b)
	}
	if b, err = w.need(aligned(length) + stampEnd); err != nil {
		return false, err
	}
	if len(b) < length {
		return false, q.damage(b)
	}
	if q.endsWrong(b, length) {
		if lies, err := q.tooLong(length); lies || err != nil {
			return false, err
		}
		if b, err = w.need(aligned(length) + stampEnd); err != nil {
			return false, err
		}
	}
	if l.form == skipped {
		q.s.Skipped++
		w.skip(min(aligned(length), w.left()))
		return false, nil
	}
	q.layout, q.bytes = l, b[:length]
	q.ticks, _ = recordStamp(l, b)
	q.place = q.ticks
	if next, ok := q.following(b[min(len(b), aligned(length)):]); ok && q.before <= next && next < q.ticks {
		q.place = next
	}
	return true, nil
}

// following is the stamp of the record after this one, of which those are the first
// bytes, or of the next buffer's first one.
func (q *queue) following(b []byte) (int64, bool) {
	if len(b) >= stampEnd {
		l, _ := recordLayout(b)
		return recordStamp(l, b)
	}
	if len(b) > 0 {
		return 0, false
	}
	p, _, ok := q.window.more()
	return p.first, ok
}

// damage passes over what is no record, of which those are the first bytes there are:
// to the next record, or to the end of the buffer in a compressed one, where what
// follows cannot be relied on.
func (q *queue) damage(b []byte) error {
	w := q.window
	switch {
	case w.packed:
		q.broken = true
		err := w.err
		if err == nil {
			err = fmt.Errorf("%w: %d bytes into the buffer", ErrRecord, w.position())
		}
		q.s.lose(w.at, w.at.offset, w.at.length, err)
		return nil
	case w.err != nil && w.have-w.read < recordPrefix:
		q.broken = true // the file ends; Open said so
		return nil
	}
	from := w.position()
	for {
		w.skip(min(8, w.left()))
		sound, err := q.isRecord(0)
		if err != nil {
			return err
		}
		if sound || w.left() <= 0 || w.err != nil && w.have == w.read {
			q.passed(from)
			return nil
		}
	}
}

// passed notes that there was no record from a position in the buffer on.
func (q *queue) passed(from int) {
	w, offset := q.window, q.window.at.offset+int64(from)
	length := int64(w.position() - from)
	if w.err != nil {
		q.s.lose(w.at, offset, length, w.err)
	} else {
		q.s.damages.note(offset, length, ErrRecord)
	}
}

// endsWrong reports whether what follows a record of that length is no record. In a
// compressed buffer that says nothing of its length.
func (q *queue) endsWrong(b []byte, length int) bool {
	if q.window.packed || len(b) < aligned(length)+recordPrefix {
		return false
	}
	next, _ := recordLayout(b[aligned(length):])
	return next.form == unknown
}

// tooLong deals with a record after which none follows. If another begins inside, the
// one's length is wrong, and so is what it holds: it is passed over.
func (q *queue) tooLong(length int) (bool, error) {
	w := q.window
	for inside := 8; inside < aligned(length); inside += 8 {
		sound, err := q.isRecord(inside)
		if err != nil {
			return false, err
		}
		if sound {
			q.s.damages.note(w.at.offset+int64(w.position()), int64(inside), ErrRecord)
			w.skip(inside)
			return true, nil
		}
	}
	return false, nil
}

// isRecord reports whether a record begins so far from the window, and after it another
// or the end.
func (q *queue) isRecord(from int) (bool, error) {
	b, err := q.window.need(from + recordPrefix)
	if err != nil || len(b) < from+recordPrefix {
		return false, err
	}
	l, length := recordLayout(b[from:])
	end := from + aligned(length)
	if l.form <= skipped || end > q.window.left() {
		return false, nil
	}
	if b, err = q.window.need(end + recordPrefix); err != nil || len(b) < end {
		return false, err
	}
	if b = b[end:]; len(b) < recordPrefix {
		return q.window.left() == end, nil
	}
	l, _ = recordLayout(b)
	return l.form != unknown, nil
}

// fill gives the record as an event, and reports whether it is sound.
func (q *queue) fill(e *etw.Event) bool {
	if !fillEvent(e, q.layout, q.bytes) {
		return false
	}
	e.CPU = q.cpu
	e.Time = q.s.t.ticker.fileTime(q.ticks)
	e.Offset = q.offset()
	return true
}

// offset is the record's in the file, or its buffer's in a compressed one.
func (q *queue) offset() int64 {
	if q.window.packed {
		return q.window.at.offset
	}
	return q.window.at.offset + int64(q.window.position())
}
