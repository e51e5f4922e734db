package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/reorder"
)

// survey is the second pass: it learns how the capture's order is disturbed.
// Where clocks have to be corrected that takes two, and one more where packets
// were recorded twice or stamps go far back. As long as it finds nothing
// to repair it writes the capture to d besides, unless that is nil; written says
// that it came to the end so, and the report is complete.
func (j *job) survey(ctx context.Context, d *draft) (written bool, err error) {
	s, written, err := j.surveyFirst(ctx, d)
	if err == errGatherAll {
		if err = j.gather(ctx, true); err != nil {
			return false, err
		}
		j.passed--
		s, written, err = j.surveyFirst(ctx, d)
	}
	if err == nil && j.o.AlignInterfaces && j.facts.clocks.align(j.facts.first, j.facts.last) {
		s, err = j.surveyOnce(ctx, nil)
	}
	if err == nil && !written && j.facts.profile.Broken() {
		err = j.surveyAgain(ctx, s)
	}
	j.passed++
	return written, err
}

// surveyFirst is the first survey, and a trial: it compares clocks besides, looks for
// connections that were recorded twice, and counts what the first pass has not seen.
func (j *job) surveyFirst(ctx context.Context, d *draft) (_ *reorder.Survey, written bool, err error) {
	f := &j.facts
	f.clocks = numberClocks(&f.contents)
	s, err := newSurveyor(&j.config, f, j.flows, nil)
	if err != nil {
		return nil, false, err
	}
	s.first = &firstLook{clocks: newClockComparer(&f.clocks), twice: newSightings(f.tick), known: len(f.interfaces)}
	if f.partial {
		s.first.rest = newCounter(f.contents)
		s.track = newTracker(f, j.flows, &s.first.rest.placed)
	}
	if s.trial, err = j.newTrial(ctx, d); err != nil {
		return nil, false, err
	}
	broken, err := j.pass(s.trial.context(ctx), newDecoder(&j.config, f), s.take)
	if err = s.trial.finish(err); err != nil && err != errEnough {
		return nil, false, err
	}
	if f.partial {
		f.contents, f.damage = s.first.rest.contents, broken
		f.partial = false
	}
	s.align.flush()
	f.takeSightings(s.first.twice)
	f.takeClocks(s.first.clocks)
	f.takeSurvey(s.survey)
	j.steps += s.survey.Steps()
	return s.survey, j.accept(s.trial), nil
}

// surveyOnce takes the capture through another survey: a new one if again is nil.
func (j *job) surveyOnce(ctx context.Context, again *reorder.Survey) (*reorder.Survey, error) {
	s, err := newSurveyor(&j.config, &j.facts, j.flows, again)
	if err != nil {
		return nil, err
	}
	if _, err := j.pass(ctx, newDecoder(&j.config, &j.facts), s.take); err != nil && err != errEnough {
		return nil, err
	}
	s.align.flush()
	j.facts.takeSurvey(s.survey)
	j.steps += s.survey.Steps()
	return s.survey, nil
}

// surveyAgain repeats the survey where that teaches something: without the
// connections that were recorded twice, or sorted as far as stamps go back.
func (j *job) surveyAgain(ctx context.Context, s *reorder.Survey) error {
	var again *reorder.Survey
	if j.facts.left.seen[repeated] == 0 { // else stamps go back since the file holds packets again
		again = s.Again()
	}
	if again == nil && len(j.facts.left.by) == 0 {
		return nil
	}
	j.passed++
	_, err := j.surveyOnce(ctx, again)
	return err
}

// errEnough ends a pass before the end of the capture.
var errEnough = errors.New("nothing more to learn")

// surveyor is what a survey pass consists of. In: chunks of decoded blocks, in the order
// of the file. What it does not keep for a trial it releases.
type surveyor struct {
	survey *reorder.Survey
	track  *tracker
	align  *aligner
	first  *firstLook // nil but in the first survey
	trial  *trial     // nil where nothing is written besides
}

// firstLook is what the first survey does besides.
type firstLook struct {
	clocks *clockComparer
	twice  *sightings
	rest   *counter // nil where the first pass has counted all
	known  int      // interfaces that it has met
}

// newSurveyor returns a surveyor with another survey, a new one if it is nil.
func newSurveyor(c *config, f *facts, flows *conn.Table, again *reorder.Survey) (*surveyor, error) {
	s := &surveyor{survey: again, track: newTracker(f, flows, &f.placed)}
	if again == nil {
		var err error
		if s.survey, err = reorder.NewSurvey(c.order); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrUsage, err)
		}
	}
	s.align = newAligner(&f.clocks, s.learn)
	return s, nil
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
	return s.trial.take(c, s.survey.Disturbed())
}

// learn shows the survey a block whose stamp was corrected.
func (s *surveyor) learn(u *unit) {
	if isBarrier(u.block) {
		s.survey.Barrier()
	}
	if u.block.HasStamp && u.block.Interface != nil {
		p := subject(u)
		s.survey.Push(&p)
	}
	if s.trial.over() {
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
