package pipeline

import (
	"context"
	"errors"

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
	if err == nil && j.o.AlignInterfaces && j.facts.clocks.align(j.facts.First, j.facts.Last) {
		s = valid(reorder.NewSurvey(j.order))
		err = j.surveyBy(ctx, newSurveyor(&j.facts, j.flows, s))
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
	s := newSurveyor(f, j.flows, valid(reorder.NewSurvey(j.order)))
	s.first = &firstLook{clocks: newClockComparer(&f.clocks), twice: newSightings(f.tick), known: len(f.interfaces)}
	if f.Partial {
		s.first.rest = newCounter(f.contents)
		s.track = newTracker(f, j.flows, &s.first.rest.placed)
	}
	if s.trial, err = j.newTrial(ctx, d); err != nil {
		return nil, false, err
	}
	err = j.surveyBy(ctx, s)
	return s.survey, err == nil && j.accept(s.trial), err
}

// surveyBy takes the capture through a surveyor.
func (j *job) surveyBy(ctx context.Context, s *surveyor) error {
	broken, err := j.pass(ctx, newDecoder(&j.config, &j.facts), s.take)
	if s.trial != nil {
		err = s.trial.finish(err)
	}
	if err != nil && err != errEnough {
		return err
	}
	if c := j.source.converted; c != nil && c.Presumed() {
		return errPresumed
	}
	j.noteConverted()
	s.align.flush()
	if s.first != nil {
		j.facts.takeFirstLook(s.first, broken)
	}
	j.facts.takeSurvey(s.survey)
	j.steps += s.survey.Steps()
	return nil
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
	if again == nil {
		again = valid(reorder.NewSurvey(j.order))
	}
	return j.surveyBy(ctx, newSurveyor(&j.facts, j.flows, again))
}

// errEnough ends a pass before the end of the capture.
var errEnough = errors.New("nothing more to learn")
