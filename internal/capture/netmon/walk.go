package netmon

import (
	"bytes"
	"fmt"
)

// walk looks for records in a part of the file to which the frame table should lead
// and doesn't. They follow each other.
type walk struct {
	on     bool
	from   int64 // where the part begins
	at, to int64 // what is left of it
	entry  int64 // of the frame table, the first that doesn't lead to a record
	bad    int64 // how many don't
	found  int64 // records
	before int64 // number of the last frame before
}

// How many records must follow each other for the first to be believed: where one
// is expected, and where one is looked for.
const (
	needExpected = 2
	needSought   = 3
)

// maxTries is how often what looked like a record may prove to be none, in one pass
// over a file.
const maxTries = 1 << 20

// miss passes over the entries of the frame table from the next on that lead to no
// record, and has that looked for which they should lead to.
func (s *Frames) miss() error {
	first := s.next
	for s.next++; s.next < s.entries; s.next++ {
		r, ok, err := s.look(s.next)
		if err != nil {
			return err
		}
		if ok {
			s.seek(first, r.offset)
			return nil
		}
	}
	s.ended = true
	s.seek(first, s.file.size)
	return nil
}

// seek begins to look for records between the one delivered last and an offset. The
// entries of the frame table from first up to the next lead to none.
func (s *Frames) seek(first, to int64) {
	s.walk = walk{on: true, from: s.end, at: s.end, to: to, entry: first, bad: s.next - first, before: s.number}
	if s.next >= s.entries {
		s.walk.bad += s.missing
	}
	if s.covered.full {
		s.walk.to = s.walk.at
	}
}

// walkOn delivers the next record of the part. found is false where there is none any
// more.
func (s *Frames) walkOn() (found bool, err error) {
	w := &s.walk
	for w.at < w.to {
		r, ok, err := s.believe(w.at, needExpected)
		if err != nil {
			return false, err
		}
		if !ok {
			next, err := s.search()
			if err != nil {
				return false, err
			}
			if r, ok, err = s.mend(w.at, s.limit(w.at, next), false); err != nil {
				return false, err
			}
			if !ok {
				if err := s.passOver(next); err != nil {
					return false, err
				}
				continue
			}
		}
		w.at = s.file.end(&r)
		w.found++
		return true, s.deliver(&r)
	}
	s.finish()
	return false, nil
}

// believe reads the record at an offset, and says whether it is one: it is sure, or
// so many follow each other there, or all up to where records may end.
func (s *Frames) believe(at int64, need int) (r record, ok bool, err error) {
	f := s.file
	r, ok, err = s.read(&s.data, at, -1, maxSought)
	if !ok || err != nil || !r.soughtAfter() || f.end(&r) > s.walk.to {
		return r, false, err
	}
	e := f.judge(&r)
	last := r
	for n := 1; e == some && n < need && !s.closes(f.end(&last)); n++ {
		last, ok, err = s.read(&s.probe, f.end(&last), -1, maxSought)
		if !ok || err != nil || !last.soughtAfter() {
			return r, false, err
		}
		e = f.judge(&last)
	}
	return r, e != none, nil
}

// section says whether the file header says that something begins at an offset.
func (f *File) section(at int64) bool {
	h := &f.head
	return at == h.frames.offset ||
		f.Minor >= 2 && (at == h.comments.offset || at == h.processes.offset) ||
		f.Minor >= 3 && at == h.network.offset
}

// closes says whether records may end at an offset.
func (s *Frames) closes(at int64) bool { return at == s.walk.to || s.file.section(at) }

// limit is where records after an offset end at the latest: at another, or where the
// file header says that something else begins.
func (s *Frames) limit(from, to int64) int64 {
	h := &s.file.head
	for _, at := range []int64{h.frames.offset, h.comments.offset, h.processes.offset, h.network.offset} {
		if at >= from && at < to && s.file.section(at) {
			to = at
		}
	}
	return to
}

// search gives the offset of the next record that is believed after the position, and
// where the part ends if there is none.
func (s *Frames) search() (next int64, err error) {
	w := &s.walk
	shortest := s.file.endOf(0, 1)
	for at := w.at + 1; at+shortest <= w.to && s.tries < maxTries; at++ {
		p, err := s.data.at(at, recordLen)
		if err != nil {
			return 0, err
		}
		if r := s.file.parseHead(p, at); r.included > maxSought || !r.soughtAfter() {
			continue
		}
		_, ok, err := s.believe(at, needSought)
		if ok || err != nil {
			return at, err
		}
		s.tries++
	}
	return w.to, nil
}

// passOver goes on at an offset. What is before it was no record: it is lost, but for
// the padding of the file header, and for what the file header says is something else.
func (s *Frames) passOver(next int64) error {
	w := &s.walk
	from, end := w.at, s.limit(w.at, next)
	w.at = next
	const padded = 128 // the file header of Wireshark's writer
	if from == headerLen && next == padded {
		p, err := s.data.at(from, padded-headerLen)
		if err != nil || len(bytes.Trim(p, "\x00")) == 0 {
			return err
		}
	}
	if end > from && (w.bad > 0 || w.found > 0 || next < w.to) {
		s.damage(from, end-from, true, ErrRecord)
	}
	return nil
}

// finish says what was found, and counts the frames that were not.
func (s *Frames) finish() {
	w := &s.walk
	s.covered.add(w.from, w.to)
	lacks := max(0, w.bad-w.found)
	s.number += lacks
	if w.bad > 0 || w.found > 0 {
		s.damages.add(Damage{
			Frame:  w.before,
			Offset: s.file.head.frames.offset + w.entry*entryLen,
			Length: w.bad * entryLen,
			Err:    fmt.Errorf("%w: %d entries, in whose place %d records were found", ErrTable, w.bad, w.found),
		})
	}
	*w = walk{}
}
