package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/packet"
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
		if err = j.gatherAll(ctx); err != nil {
			return false, err
		}
		j.facts.pass--
		j.clocks = interfaceClocks{}
		s, written, err = j.surveyFirst(ctx, d)
	}
	if err == nil && j.o.AlignInterfaces && j.clocks.align(j.facts.first, j.facts.last) {
		s, _, err = j.surveyOnce(ctx, nil, nil)
	}
	if err == nil && !written && j.profile.Broken() {
		err = j.surveyAgain(ctx, s)
	}
	j.facts.pass++
	return written, err
}

func (j *job) surveyFirst(ctx context.Context, d *draft) (s *reorder.Survey, written bool, err error) {
	j.clocks.begin(&j.facts)
	j.twice = newSightings(j.ticks.Tick())
	return j.surveyOnce(ctx, nil, d)
}

// surveyAgain repeats the survey where that teaches something: without the
// connections that were recorded twice, or sorted as far as stamps go back.
func (j *job) surveyAgain(ctx context.Context, s *reorder.Survey) error {
	var again *reorder.Survey
	if j.left.seen[repeated] == 0 { // else stamps go back since the file holds packets again
		again = s.Again()
	}
	if again == nil && len(j.left.by) == 0 {
		return nil
	}
	j.facts.pass++
	_, _, err := j.surveyOnce(ctx, again, nil)
	return err
}

// errEnough ends a survey before the end of the capture.
var errEnough = errors.New("nothing more to learn")

// surveyOnce takes the capture through one survey, a new one if s is nil.
func (j *job) surveyOnce(ctx context.Context, s *reorder.Survey, d *draft) (_ *reorder.Survey, written bool, err error) {
	if s == nil {
		if s, err = reorder.NewSurvey(j.order); err != nil {
			return nil, false, fmt.Errorf("%w: %w", ErrUsage, err)
		}
	}
	t, err := j.newTrial(ctx, d)
	if err != nil {
		return nil, false, err
	}
	align := newAligner(&j.clocks, func(u *unit) {
		j.learn(s, u)
		if t.over() {
			u.chunk.release(1)
		}
	})
	rest := j.countRest()
	broken, err := j.pass(t.context(ctx), &decoder{layout: j.layout, protocol: j.o.Protocol, answers: j.answers, quoted: j.facts.quotes}, func(c *chunk) error {
		for i := range c.units {
			u := &c.units[i]
			if err := rest(u); err != nil {
				return err
			}
			j.rule(u)
			j.twice.observe(u)
			j.clocks.observe(u)
			align.take(u)
		}
		if s.Enough() && j.clocks.survey == nil && !j.facts.partial {
			return errEnough
		}
		return t.take(c, s.Disturbed())
	})
	if err = t.finish(err); err != nil && err != errEnough {
		return nil, false, err
	}
	if j.facts.partial {
		j.facts.damage, j.facts.partial = broken, false
	}
	align.flush()
	j.leaveSightings(j.twice)
	j.profile = s.Profile()
	j.steps += s.Steps()
	j.compareClocks()
	return s, j.accept(t), nil
}

// learn shows the survey a block.
func (j *job) learn(s *reorder.Survey, u *unit) {
	if isBarrier(u.block) {
		s.Barrier()
	}
	if u.block.HasStamp && u.block.Interface != nil {
		p := j.subject(u)
		s.Push(&p)
	}
}

// countRest returns what the second pass does with each block where the first
// has seen only the beginning: it counts, and stops where that was not enough.
func (j *job) countRest() func(*unit) error {
	f := &j.facts
	if !f.partial {
		return func(*unit) error { return nil }
	}
	known := len(f.interfaces)
	f.begin()
	return func(u *unit) error {
		f.count(u)
		if len(f.interfaces) > known || u.block.Kind == capture.Packet && (j.headerless(u) || f.converted > 0) {
			return errGatherAll
		}
		return nil
	}
}

// rule completes the packet's segment. Laws have no say where it has none that
// can be followed, or where mendcap has placed it before.
func (j *job) rule(u *unit) {
	t := &u.tracked
	if t.followed = u.isTCP && u.view.Dst != (packet.Addr{}); t.followed {
		j.flows.Complete(&u.seg, &u.pair, u.heading, &j.local)
	}
	t.left, t.finished = j.left.has(u), j.placed(u)
	t.ruled = t.followed && t.left == 0 && !t.finished
}

// isBarrier reports whether no packet may cross the block: a section header, an
// interface description, secrets, and packets without a stamp.
func isBarrier(b *capture.Block) bool {
	switch b.Kind {
	case capture.Section, capture.Iface, capture.Secrets:
		return true
	case capture.Packet:
		return !b.HasStamp || b.Interface == nil
	}
	return false
}
