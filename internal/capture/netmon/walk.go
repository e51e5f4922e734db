package netmon

import (
	"bytes"
	"fmt"
)

// walk looks for records in a part of the file to which the frame table should lead
// and doesn't. They follow each other.
type walk struct {
	on     bool
	part   bound
	at     int64 // what was gone over
	place  int64 // of the first entry of the frame table that doesn't lead to a record, bytes
	bad    int64 // how many don't
	found  int64 // records
	before int64 // number of the last frame before
}

// How much must speak for a record that isn't sure: where one is expected, and where
// one is looked for.
const (
	needExpected = 2
	needSought   = 3
)

// maxTries is how many entries of the frame table may lead to no record, and how often
// what looked like one may prove to be none, in one pass over a file.
const maxTries = 1 << 20

// miss passes over the entries of the frame table from the next on that lead to no
// record, and has the records looked for that are just before the next one.
func (s *Frames) miss() error {
	first := s.next
	s.broken = true
	part := bound{s.file.size, s.file.size}
	for s.next++; s.next < s.entries; s.next++ {
		if s.astray++; s.astray > maxTries {
			s.next = s.entries // it is no use
			break
		}
		r, ok, err := s.look(s.next)
		if err != nil {
			return err
		}
		if ok {
			part = bound{s.covered.before(r.offset, headerLen), r.offset}
			break
		}
	}
	if s.next == s.entries {
		s.coverRest()
		part, _ = s.covered.gap(s.top, s.file.size)
	}
	s.seek(part)
	s.walk.place = s.file.head.frames.offset + first*entryLen
	s.walk.bad = s.next - first
	return nil
}

// sweep begins to look for records in the next part of the file of which nothing was
// delivered, if the frame table is broken; if that is in doubt, after the last record.
func (s *Frames) sweep() (more bool) {
	from := int64(headerLen)
	if !s.broken {
		from = s.top
	}
	if !s.broken && !s.doubt || s.covered.full {
		return false
	}
	s.coverRest()
	gap, ok := s.covered.gap(from, s.file.size)
	if ok {
		s.seek(gap)
		s.walk.place = s.file.head.frames.offset + s.entries*entryLen
	}
	return ok
}

// coverRest says that no records are in what was read of the file beside frames: the
// frame table, if it is one, comments, processes and the start of the capture.
func (s *Frames) coverRest() {
	if s.led > 0 {
		at := s.file.head.frames.offset
		s.covered.add(at, at+s.entries*entryLen)
	}
	for _, part := range s.file.read.spans {
		s.covered.add(part.from, part.to)
	}
}

// seek begins to look for records in a part of the file.
func (s *Frames) seek(part bound) {
	s.walk = walk{on: true, part: part, at: part.from, before: s.number}
	if s.covered.full {
		s.walk.at = part.to
	}
}

// walkOn delivers the next record of the part. found is false where there is none any
// more.
func (s *Frames) walkOn() (found bool, err error) {
	w := &s.walk
	for w.at < w.part.to {
		r, ok, err := s.believe(w.at, needExpected)
		if err == nil && !ok {
			r, ok, err = s.afterAll()
		}
		if err != nil {
			return false, err
		}
		if ok {
			w.at = s.file.end(&r)
			w.found++
			return true, s.deliver(&r)
		}
	}
	s.finish()
	return false, nil
}

// afterAll reads the record at the position by what follows it, where it is not believed
// as it is: by the next record that is believed. If that doesn't help, it goes on there.
func (s *Frames) afterAll() (r record, ok bool, err error) {
	w := &s.walk
	next, err := s.search()
	if err != nil {
		return record{}, false, err
	}
	if next < w.at {
		s.damage(w.at, 0, false, fmt.Errorf("%w: %d bytes reach into the next record", ErrLength, s.last.included))
		w.at = next
		return record{}, false, nil
	}
	end := s.limit(w.at, next)
	if r, ok, err = s.mend(w.at, end); ok || err != nil {
		return r, ok, err
	}
	if r, ok, err = s.believe(w.at, 1); err != nil || ok && s.file.end(&r) <= next {
		return r, ok, err
	}
	return r, false, s.passOver(end, next)
}

// believe reads the record at an offset, and says whether it is one: it is sure, or so
// much speaks for it and for those that follow it, or they go on up to where records may
// end. What comes before the data of one speaks for it, and so does a trailer.
func (s *Frames) believe(at int64, need int) (r record, ok bool, err error) {
	f := s.file
	r, ok, err = s.read(&s.data, at, -1, maxSought)
	if !ok || err != nil || !r.plausible() || f.end(&r) > s.walk.part.to {
		return r, false, err
	}
	if f.Minor < 3 && r.included > maxPacket {
		return r, false, nil
	}
	if f.Minor < 3 && !s.soon(&r) {
		need = needSought
	}
	last, points := r, 0
	for {
		switch s.judge(&last) {
		case sure:
			return r, true, nil
		case none:
			return r, last.offset != at && points+1 >= need, nil
		}
		if points++; f.Minor > 0 {
			points++
		}
		end := f.end(&last)
		if points >= need || s.closes(end) {
			return r, true, nil
		}
		if end+recordLen > f.size { // cut
			return r, need <= needExpected, nil
		}
		if last, ok, err = s.read(&s.probe, end, -1, maxSought); err != nil {
			return r, false, err
		}
		if !ok || !last.plausible() {
			return r, last.plausible() && points+1 >= need, nil
		}
	}
}

// section says whether the file header says that something begins at an offset.
func (f *File) section(at int64) bool {
	h := &f.head
	return at == h.frames.offset ||
		f.Minor >= 2 && (at == h.comments.offset || at == h.processes.offset) ||
		f.Minor >= 3 && at == h.network.offset
}

// closes says whether records may end at an offset.
func (s *Frames) closes(at int64) bool {
	return s.walk.on && at == s.walk.part.to && at < s.file.size || s.file.section(at)
}

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
// where the part ends if there is none. It may be before the position, where the last
// record isn't sure: its length can be wrong.
func (s *Frames) search() (next int64, err error) {
	w := &s.walk
	shortest := s.file.endOf(0, 1)
	at := w.at + 1
	if last := &s.last; last.offset > 0 && s.file.end(last) == w.at && s.judge(last) != sure {
		at = last.offset + recordLen
	}
	for ; at+shortest <= w.part.to && s.tries < maxTries; at++ {
		p, err := s.data.at(at, recordLen)
		if err != nil {
			return 0, err
		}
		r := s.file.parseHead(p, at)
		if !r.plausible() || at == w.at {
			continue
		}
		_, ok, err := s.believe(at, needSought)
		if err != nil {
			return 0, err
		}
		if ok {
			return s.shorter(at, r.included)
		}
		s.tries++
	}
	return w.part.to, nil
}

// shorter gives the offset of the record with the shortest data among those that are
// believed at an offset, where one of such a length is, or just after it: a record that
// is read a few bytes too early has lengths that are too large by powers of 256.
func (s *Frames) shorter(at, included int64) (best int64, err error) {
	best = at
	for i := at + 1; i < at+recordLen; i++ {
		r, ok, err := s.believe(i, needSought)
		if err != nil {
			return 0, err
		}
		if ok && r.included < included {
			best, included = i, r.included
		}
	}
	return best, nil
}

// passOver goes on at an offset. What is before end was no record: it is lost, but for
// the padding of the file header.
func (s *Frames) passOver(end, next int64) error {
	w := &s.walk
	from := w.at
	w.at = next
	const padded = 128 // the file header of Wireshark's writer
	if from == headerLen && next == padded {
		p, err := s.data.at(from, padded-headerLen)
		if err != nil || len(bytes.Trim(p, "\x00")) == 0 {
			return err
		}
	}
	if end > from && (s.broken || w.found > 0 || next < w.part.to) {
		s.damage(from, end-from, true, ErrRecord)
	}
	return nil
}

// finish says what was found, and counts the frames that were not.
func (s *Frames) finish() {
	w := &s.walk
	s.covered.add(w.part.from, w.part.to)
	s.number += max(0, w.bad-w.found)
	if w.bad > 0 || w.found > 0 {
		s.broken = true
		s.damages.add(Damage{Frame: w.before, Offset: w.place, Length: w.bad * entryLen,
			Err: fmt.Errorf("%w: %d entries, in whose place %d records were found", ErrTable, w.bad, w.found)})
	}
	*w = walk{}
}
