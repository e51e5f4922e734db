package etl

import (
	"cmp"
	"errors"
	"io"
	"slices"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// Stream gives the events of a log, merged over its processors by their stamps. Equal
// stamps are in the order of the file.
//
// The records of a buffer keep their order, and so do a processor's buffers where time
// goes on from the first record of one to the first of the next; where it does not (the
// log is circular, say), a buffer's records are given where their stamps belong. Where
// time goes back between two records, both are given at the later one's time, if the
// record before them was not later still; so one stamp that is far too high holds
// nothing up. Otherwise (someone set the clock, or the log is damaged) the later record
// is given next, for it is due. In all cases each event has the time that was recorded.
type Stream struct {
	// Skipped is how many records were passed over that are not for consumers: messages
	// of software tracing, mostly.
	Skipped int64

	t       *Trace
	waiting []*run   // those that were not begun, in the order of their first stamps
	heads   []head   // a heap of those that were
	spare   []*queue // of runs that ended
	given   bool     // the first head's record was given
	ahead   bool     // parts are made ahead, in other goroutines
	damages Damages
	cut     int // which of them is the file's end in the middle of a buffer; -1 = none
	err     error
}

// head is a run that was begun, by its next record.
type head struct {
	place  int64
	buffer int64 // where that record's buffer lies in the file
	queue  *queue
}

func newStream(t *Trace) *Stream {
	s := &Stream{t: t, damages: t.damages}
	s.damages.List = slices.Clone(t.damages.List)
	s.cut = slices.IndexFunc(s.damages.List, func(d Damage) bool { return d.Length == 0 && errors.Is(d.Err, ErrTruncated) })
	for i := range t.runs {
		s.waiting = append(s.waiting, &t.runs[i])
	}
	slices.SortFunc(s.waiting, func(a, b *run) int {
		return cmp.Or(cmp.Compare(a.start.first, b.start.first), cmp.Compare(a.start.offset, b.start.offset))
	})
	return s
}

// Damages is what was found damaged so far, beginning with what Open found; all of it
// once Next has returned io.EOF.
func (s *Stream) Damages() Damages { return s.damages }

// lose notes damage of records in a buffer. Where the file ends in it, Open has noted
// the place, and all that is new is how much was lost.
func (s *Stream) lose(buffer place, offset, length int64, err error) {
	if s.cut >= 0 && s.damages.List[s.cut].Offset == buffer.offset {
		s.damages.List[s.cut].Length = length
		s.damages.Lost += length
		s.cut = -1
		return
	}
	s.damages.note(offset, length, err)
}

// Next reads the next event; io.EOF means that there are no more. The event's data is
// valid until the next call. Damage is no error: see [Stream.Damages].
func (s *Stream) Next(e *etw.Event) error {
	for s.err == nil {
		if s.given {
			s.given = false
			s.settle(s.heads[0].queue.advance())
		}
		s.begin()
		if s.err != nil {
			break
		}
		if len(s.heads) == 0 {
			s.err = io.EOF
			break
		}
		s.given = true
		q := s.heads[0].queue
		if q.fill(e) {
			return nil
		}
		length := int64(len(q.bytes))
		if q.window.packed {
			length = 0 // the record alone, of which the file has no bytes of its own
		}
		s.damages.note(q.offset(), length, ErrRecord)
	}
	return s.err
}

// begin begins the runs whose first record may be the next.
func (s *Stream) begin() {
	for s.err == nil && len(s.waiting) > 0 {
		r := s.waiting[0]
		if len(s.heads) > 0 && s.heads[0].before(&head{place: r.start.first, buffer: r.start.offset}) {
			return
		}
		s.waiting = s.waiting[1:]
		q := s.queue()
		found, err := q.open(r)
		if err != nil {
			s.err = err
		} else if !found {
			s.spare = append(s.spare, q)
		} else {
			s.heads = append(s.heads, q.head())
			s.up(len(s.heads) - 1)
		}
	}
}

// queue is an unused one.
func (s *Stream) queue() *queue {
	if n := len(s.spare); n > 0 {
		q := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return q
	}
	return &queue{s: s, window: &window{r: s.t.r, part: s.t.part, ahead: s.ahead}}
}

// settle puts the first head where it belongs after it has advanced, or away.
func (s *Stream) settle(found bool, err error) {
	if err != nil {
		s.err = err
		return
	}
	if found {
		s.heads[0] = s.heads[0].queue.head()
	} else {
		last := len(s.heads) - 1
		s.spare = append(s.spare, s.heads[0].queue)
		s.heads[0] = s.heads[last]
		s.heads = s.heads[:last]
	}
	s.down()
}

// head is the queue by its next record.
func (q *queue) head() head { return head{place: q.place, buffer: q.window.at.offset, queue: q} }

// before reports whether a head's record comes before another's.
func (h *head) before(o *head) bool {
	return h.place < o.place || h.place == o.place && h.buffer < o.buffer
}

// up moves a head towards the front of the heap.
func (s *Stream) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !s.heads[i].before(&s.heads[parent]) {
			return
		}
		s.heads[i], s.heads[parent] = s.heads[parent], s.heads[i]
		i = parent
	}
}

// down moves the first head towards the end of the heap.
func (s *Stream) down() {
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(s.heads) {
			return
		}
		if child+1 < len(s.heads) && s.heads[child+1].before(&s.heads[child]) {
			child++
		}
		if !s.heads[child].before(&s.heads[i]) {
			return
		}
		s.heads[i], s.heads[child] = s.heads[child], s.heads[i]
		i = child
	}
}
