package pipeline

import (
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/reorder"
)

// surveyor is what a survey pass consists of. In: chunks of decoded blocks, in the order
// of the file. What it does not keep for a trial it releases.
type surveyor struct {
	survey *reorder.Survey
	track  *tracker
	align  *aligner
	first  *firstLook // nil but in the first survey
	trial  *emitter   // nil where nothing is written besides, or no more
}

// firstLook is what the first survey does besides.
type firstLook struct {
	clocks *clockComparer
	twice  *sightings
	rest   *counter // nil where the first pass has counted all
	known  int      // interfaces that it has met
}

func newSurveyor(f *facts, flows *conn.Table, survey *reorder.Survey) *surveyor {
	s := &surveyor{survey: survey, track: newTracker(f, flows, &f.placed)}
	s.align = newAligner(&f.clocks, s.learn)
	return s
}

func (s *surveyor) take(c *chunk) error {
	for i := range c.units {
		u := &c.units[i]
		if s.first == nil {
			s.track.take(u)
		} else if err := s.first.take(u, s.track); err != nil {
			return err
		}
		s.align.take(u)
	}
	if s.survey.Enough() && !s.first.goesOn() {
		return errEnough
	}
	if s.trial == nil {
		return nil
	}
	err := s.trial.take(c)
	if err == nil && s.survey.Disturbed() {
		err = s.trial.end()
		s.trial = nil // what it holds can go while the survey goes on
	}
	return err
}

// learn shows the survey a block whose stamp was corrected.
func (s *surveyor) learn(u *unit) {
	if isBarrier(u.block) {
		s.survey.Barrier()
	}
	if u.block.HasStamp && u.block.Interface != nil {
		var p reorder.Packet
		subject(&p, u)
		s.survey.Push(&p)
	}
	if s.trial == nil {
		u.chunk.release(1)
	}
}

// take counts a block, has it tracked, and looks at it. It fails where the beginning
// has not told all.
func (l *firstLook) take(u *unit, t *tracker) error {
	if l.rest != nil {
		l.rest.take(u)
		if l.rest.exceeds(u, l.known) {
			return errGatherAll
		}
	}
	t.take(u)
	l.twice.take(u)
	l.clocks.take(u)
	return nil
}

// goesOn reports whether there is more to learn than how order is disturbed.
func (l *firstLook) goesOn() bool { return l != nil && (l.clocks.compares() || l.rest != nil) }
