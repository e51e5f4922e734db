package netmon

import (
	"fmt"
	"io"
	"maps"
	"slices"
)

// Frames delivers the frames of a File in the order of its frame table. One goroutine
// may use it at a time.
type Frames struct {
	file    *File
	frame   Frame
	number  int64 // of the last frame
	media   map[uint16]int64
	damages Damages

	commented int   // comments that were delivered
	err       error // what Next returns from now on

	table window // on the frame table
	data  window // on records
	probe window // on what is looked at before that is delivered

	entries int64 // of the frame table, as far as the file holds it
	missing int64 // entries that the file header states and the file doesn't hold
	doubt   bool  // it is not certain that the table ends where the file header says
	next    int64 // entry that is read next
	led     int64 // entries that led to records
	astray  int64 // entries that didn't
	broken  bool  // the table is: records are looked for wherever none was delivered
	top     int64 // where the last record in the file ends that was delivered
	last    record
	base    base
	given   int64 // bytes of records delivered
	covered cover
	walk    walk
	tries   int // what looked like a record in a walk and was none
}

// Memory of a Frames, bytes: of its three windows. A longer record takes its length.
const (
	tableWindow = 16 << 10
	dataWindow  = 256 << 10
)

// entryLen is the length of an entry of the frame table: an offset in the file.
const entryLen = 4

func newFrames(f *File) *Frames {
	on := func(most int) window { return window{r: f.r, size: f.size, most: most} }
	s := &Frames{
		file:    f,
		media:   map[uint16]int64{},
		damages: f.Damages,
		table:   on(tableWindow),
		data:    on(dataWindow),
		probe:   on(leastAhead),
		top:     headerLen,
		base:    base{f.Start, f.startStated || !f.Local.IsZero(), f.startStated},
	}
	s.damages.List = slices.Clone(s.damages.List)
	t := f.head.frames
	if t.offset >= headerLen && t.offset < f.size {
		s.entries = min(t.length, f.size-t.offset) / entryLen
	}
	if t.length <= f.size {
		s.missing = (t.length+entryLen-1)/entryLen - s.entries
	}
	s.doubt = s.entries == 0 || t.end() != f.size && !f.section(t.end())
	if s.broken = s.missing > 0; s.broken {
		s.damages.add(Damage{Offset: t.offset, Length: t.length, Err: fmt.Errorf("%w: the file has %d of its %d entries", ErrTable, s.entries, s.entries+s.missing)})
	}
	return s
}

// Next gives the next frame, which is valid until the next call, or io.EOF after the
// last one. Any other error is one of reading; damage is not.
func (s *Frames) Next() (*Frame, error) {
	if s.err == nil {
		s.err = s.step()
	}
	if s.err != nil {
		return nil, s.err
	}
	return &s.frame, nil
}

// Damages is what was found wrong so far with the file: all of it once Next has
// returned io.EOF.
func (s *Frames) Damages() Damages { return s.damages }

// Media is how many frames of each media type were delivered so far.
func (s *Frames) Media() map[uint16]int64 { return maps.Clone(s.media) }

// step fills in the next frame.
func (s *Frames) step() error {
	for {
		if s.walk.on {
			if found, err := s.walkOn(); found || err != nil {
				return reading(err)
			}
			continue
		}
		switch {
		case s.next < s.entries:
			r, ok, err := s.look(s.next)
			if err != nil {
				return reading(err)
			}
			if ok {
				s.next++
				s.led++
				return reading(s.deliver(&r))
			}
			if err := s.miss(); err != nil {
				return reading(err)
			}
		case !s.sweep():
			return s.finished()
		}
	}
}

// finished says which comments were on none of the frames, and is io.EOF.
func (s *Frames) finished() error {
	if n := len(s.file.comments) - s.commented; n > 0 {
		at := s.file.head.comments
		s.damage(at.offset, at.length, false, fmt.Errorf("%w: %d are on frames that are not there", ErrComment, n))
	}
	return io.EOF
}

// reading says what was being read when an error came.
func reading(err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return fmt.Errorf("read frames of Network Monitor capture: %w", err)
}

// entry gives the offset that an entry of the frame table, from 0 on, states. After the
// last entry it gives where the frame table begins, which is mostly after the last record.
func (s *Frames) entry(i int64) (int64, error) {
	at := s.file.head.frames.offset
	if i >= s.entries {
		return at, nil
	}
	p, err := s.table.at(at+i*entryLen, entryLen)
	if err != nil {
		return 0, err
	}
	return int64(le.Uint32(p)), nil
}

// look reads the record that an entry of the frame table leads to. ok is false where
// it leads to none.
func (s *Frames) look(i int64) (r record, ok bool, err error) {
	at, err := s.entry(i)
	if err != nil || at < headerLen || s.covered.has(at) {
		return record{}, false, err
	}
	next, err := s.entry(i + 1)
	if err != nil {
		return record{}, false, err
	}
	r, fits, err := s.read(&s.data, at, -1, maxRecord)
	if err != nil {
		return r, false, err
	}
	if fits && (s.judge(&r) == sure || s.file.end(&r) >= next) { // or its length may be wrong
		if ok, err := s.leads(&r, next); ok || err != nil {
			return r, ok, err
		}
	}
	if m, ok, err := s.mend(at, next); ok || err != nil {
		return m, ok, err
	}
	if !fits || s.judge(&r) == sure {
		return r, fits, nil
	}
	ok, err = s.leads(&r, next)
	return r, ok, err
}

// leads says whether a record is one and doesn't reach into the next, as the frame
// table has it. Before version 2.3 it must be next to another, or of a time near to that
// of the one before it. One of an unknown media type must be followed by another.
func (s *Frames) leads(r *record, next int64) (bool, error) {
	f := s.file
	end := f.end(r)
	if next > r.offset && end > next {
		return false, nil
	}
	within := end == next || s.closes(end)
	if s.accepts(r) {
		if f.Minor == 3 || within || r.plausible() && s.soon(r) {
			return true, nil
		}
	} else if end != next || s.closes(end) {
		return end == next, nil
	}
	following, ok, err := s.read(&s.probe, end, -1, maxSought)
	return ok && (s.accepts(&following) || following.plausible()), err
}

// read reads the part of a record before its data, and after it. ok is false where it
// would not be within the file, or its data longer than most. Where included is not
// negative, it is the length of the data, whatever the record states.
func (s *Frames) read(w *window, offset, included, most int64) (r record, ok bool, err error) {
	f := s.file
	if offset < headerLen || offset+recordLen > f.size {
		return record{}, false, nil
	}
	p, err := w.at(offset, recordLen)
	if err != nil {
		return record{}, false, err
	}
	r = f.parseHead(p, offset)
	if included >= 0 {
		r.included = included
	}
	end, n := f.end(&r), trailerLen[f.Minor]
	if r.included > most || end > f.size {
		return r, false, nil
	}
	if n == 0 {
		return r, true, nil
	}
	// The record after the last one is likely to be delivered; of others the trailer will do.
	if whole := end - offset; w == &s.data && whole <= dataWindow/4 && offset == f.end(&s.last) {
		p, err = w.at(offset, int(whole))
	} else {
		p, err = s.probe.at(end-n, int(n))
	}
	if err != nil {
		return r, false, err
	}
	f.parseTrailer(&r, p[len(p)-int(n):])
	return r, true, nil
}

// mend reads a record whose length is wrong, but proved by where it ends: its two times
// agree, or its other length is right, and another record follows.
func (s *Frames) mend(at, end int64) (r record, ok bool, err error) {
	included := end - s.file.endOf(at, 0)
	if included <= 0 {
		return record{}, false, nil
	}
	r, ok, err = s.read(&s.probe, at, included, maxSought)
	if !ok || err != nil {
		return r, false, err
	}
	switch s.judge(&r) {
	case sure:
		return r, true, nil
	case none:
		return r, false, nil
	}
	if int64(r.original) != included || !s.soon(&r) {
		return r, false, nil
	}
	if s.closes(end) {
		return r, true, nil
	}
	next, ok, err := s.read(&s.probe, end, -1, maxSought)
	return r, ok && s.accepts(&next), err
}

// deliver fills in the frame of a record.
func (s *Frames) deliver(r *record) error {
	f := s.file
	end := f.end(r)
	if s.given += end - r.offset; s.given > 2*f.size {
		s.damage(r.offset, 0, false, fmt.Errorf("%w: nothing is read any more", ErrRepeated))
		return io.EOF
	}
	if r.included != r.stated {
		s.damage(r.offset, end-r.offset, false, fmt.Errorf("%w: %d bytes, read as %d", ErrLength, r.stated, r.included))
		if int64(r.original) < r.included || r.original > maxRecord {
			r.original = uint32(r.included)
		}
	}
	raw, err := s.data.at(r.offset, int(end-r.offset))
	if err != nil {
		return err
	}
	s.base.learn(r)
	s.top, s.last = max(s.top, end), *r
	s.covered.add(r.offset, end)
	return s.fill(r, raw)
}

// damage takes in a place in the file that is not as it should be.
func (s *Frames) damage(offset, length int64, lost bool, err error) {
	s.damages.add(Damage{Frame: s.number, Offset: offset, Length: length, Lost: lost, Err: err})
}
