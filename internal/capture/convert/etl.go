package convert

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/etl"
	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/comment"
)

// trace is an event trace of Windows.
type trace struct {
	told
	*etl.Trace
	options  Options
	presumes bool  // told is of the beginning alone
	whole    *told // what all of it tells, once its packets were read to the end
}

// presumedEvents is how many events are the beginning of a trace. Points that capture write
// all the time; what else a trace states about itself mostly comes first.
const presumedEvents = 1 << 14

// openTrace goes through an event trace once, or through its beginning.
func openTrace(r io.ReaderAt, size int64, o Options) (*trace, error) {
	log, err := etl.Open(r, size, etl.Options{})
	if err != nil {
		return nil, err
	}
	if o.MaxUnpacked > 0 && log.Compressed && log.Unpacked > o.MaxUnpacked {
		return nil, fmt.Errorf("%w of %d bytes", capture.ErrUnpacked, o.MaxUnpacked)
	}
	t := &trace{Trace: log, options: o}
	if o.Presume > 0 && size >= o.Presume {
		if t.presumes, err = t.presume(); t.presumes || err != nil {
			return t, err
		}
	}
	return t, t.survey()
}

// survey goes through all events.
func (t *trace) survey() error {
	var drops drops
	survey, events := etw.NewSurvey(), t.EventsAhead()
	var e etw.Event
	var err error
	for err = events.Next(&e); err == nil; err = events.Next(&e) {
		if p := survey.Add(&e); p != nil {
			drops.add(p, p.Number)
		}
	}
	if err != io.EOF {
		return err
	}
	t.told = t.tell(survey, drops)
	if survey.Witnessed() {
		if err := t.readWitness(survey.Layouts()); err != nil {
			return err
		}
	}
	t.end(events, survey)
	return nil
}

// presume goes through the events at the beginning. It reports whether the rest may be
// presumed to tell no more of what has to be known of a trace before its packets are read.
func (t *trace) presume() (bool, error) {
	survey, events := etw.NewSurvey(), t.Events()
	var e etw.Event
	for range presumedEvents {
		if err := events.Next(&e); err == io.EOF {
			return false, nil
		} else if err != nil {
			return false, err
		}
		survey.Add(&e)
	}
	t.told = t.tell(survey, drops{})
	return survey.Packets() > 0 && isPlain(survey, &t.told), nil
}

// isPlain reports whether all that is told of a trace are its packets, and which of them
// are taken. Of a drop there may be only what tells it again, which Facts.Drops leaves out.
func isPlain(s *etw.Survey, t *told) bool {
	drops := slices.ContainsFunc(t.choice.Interfaces, func(i etw.Interface) bool { return i.Dropped })
	return !s.Witnessed() && len(t.facts.Addresses) == 0 && len(t.facts.Connections) == 0 && !drops
}

func (t *trace) presumed() bool { return t.presumes }

// compare takes what all events tell, now that a pass of their packets has come to the end.
func (t *trace) compare(survey *etw.Survey, events *etl.Stream) {
	whole := &trace{Trace: t.Trace}
	whole.told = t.tell(survey, drops{})
	whole.end(events, survey)
	if isPlain(survey, &whole.told) && whole.choice.Same(t.choice) {
		t.whole = &whole.told
	}
}

func (t *trace) settle() bool {
	if t.presumes && t.whole != nil {
		t.told, t.presumes = *t.whole, false
	}
	return !t.presumes
}

// tell is what a survey has found, and drops.
func (t *trace) tell(s *etw.Survey, drops drops) told {
	all := told{drops: drops, number: s.Packets()}
	all.take(s, t.options)
	return all
}

// end takes what is known once the events have come to their end.
func (t *trace) end(events *etl.Stream, survey *etw.Survey) {
	for _, d := range events.Damages().List {
		t.broken = append(t.broken, Damage{Frame: -1, Offset: d.Offset, Length: d.Length, Err: d.Err})
	}
	if survey.Packets() == 0 {
		t.say("the trace has no packets: it holds %s", providers(survey))
	}
	if t.EventsLost > 0 || t.BuffersLost > 0 {
		t.say("%s and %s were lost as the trace was recorded, of all providers together", plural(t.EventsLost, "event"), plural(t.BuffersLost, "buffer"))
	}
	if t.End == 0 {
		t.say("the trace was not closed: its end may be missing")
	}
}

// readWitness goes through the events again, now that their layouts are known.
func (t *trace) readWitness(l *etw.Layouts) error {
	w, events := etw.NewWitness(l), t.EventsAhead()
	var e etw.Event
	var err error
	for err = events.Next(&e); err == nil; err = events.Next(&e) {
		w.Add(&e)
	}
	if err != io.EOF {
		return err
	}
	t.tellWitness(w)
	return nil
}

func (t *trace) format() string { return "etl" }

func (t *trace) system() string {
	return fmt.Sprintf("Windows %d.%d, build %d", t.Major, t.Minor, t.Build)
}

// lost is how many events the recorder has lost; nobody knows how many there were in
// buffers that were.
func (t *trace) lost() uint64 { return uint64(max(0, t.EventsLost)) }

func (t *trace) packets() (source, error) {
	events := t.Events()
	if t.Compressed { // which takes longer than what else is done with the packets here
		events = t.EventsAhead()
	}
	s := &tracePackets{of: t, events: events}
	if t.presumes {
		s.survey = etw.NewSurvey()
		s.packets = etw.NewSurveyed(t.choice, s.survey)
	} else {
		s.packets = etw.NewPackets(t.choice)
	}
	return s, nil
}

// tracePackets are the packets of a trace's events.
type tracePackets struct {
	of      *trace
	survey  *etw.Survey // nil where the trace was gone through
	events  *etl.Stream
	event   etw.Event
	packets *etw.Packets
}

func (s *tracePackets) next(p *packet) error {
	for {
		if err := s.events.Next(&s.event); err != nil {
			if err == io.EOF && s.survey != nil {
				s.of.compare(s.survey, s.events)
			}
			return err
		}
		got, err := s.packets.Read(&s.event)
		if err != nil && !isDamage(err) {
			return err
		}
		if got != nil {
			p.take(got)
			return nil
		}
	}
}

// isDamage reports whether an error is one of an event that can't be read, after which
// reading goes on.
func isDamage(err error) bool {
	var damaged *etw.EventError
	return errors.As(err, &damaged)
}

// take makes a packet of one of an event.
func (p *packet) take(from *etw.Packet) {
	p.number, p.iface, p.time, p.direction = from.Number, from.Interface, from.Time, uint32(from.Direction)
	p.id, p.hasID, p.data, p.original, p.comments = from.Group, from.Grouped, from.Data, from.Original, p.comments[:0]
	// Most packets have the comment of the one before.
	if p.before != string(from.Comment) {
		p.before = string(from.Comment)
	}
	p.comments = append(p.comments, p.before)
	if from.Made != nil {
		p.comments = append(p.comments, comment.Mark+string(from.Made))
	}
	if from.Truncated && from.Original == len(from.Data) {
		p.comments = append(p.comments, cutByRecorder)
	}
}

// cutByRecorder says of a packet that it was longer where nothing tells how long it was.
const cutByRecorder = comment.Mark + "cut by the recorder, which does not tell how long it was"
