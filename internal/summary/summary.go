// Package summary keeps of a capture what its report draws: the connections of which
// most was found, each with its packets at the place where most was found of it; how
// packets and findings are spread over time; and how far packets were moved.
//
// It promises that its memory is bounded, however long the capture is.
package summary

import (
	"time"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/report"
)

// Span says when a capture's packets were recorded.
type Span struct {
	Stamped     bool  // packets have times
	First, Last int64 // nanoseconds
	Partial     bool  // only the beginning is known
}

// Summary sees every packet in the order of the output, and every finding when it
// is decided.
type Summary struct {
	connections *connections
	timeline    *timeline
	moves       displacement
}

// New returns a summary that lists at most so many connections.
func New(flows int, s Span) *Summary {
	return &Summary{connections: newConnections(flows), timeline: newTimeline(s), moves: make(displacement)}
}

// Fits reports whether the summary was begun where a capture of this span begins.
func (s *Summary) Fits(span Span) bool { return s.timeline.fits(span) }

// Packet takes in a packet. It keeps nothing of what p refers to.
func (s *Summary) Packet(p *diagnose.Packet) {
	if p.Timed {
		s.timeline.packet(p.Time, p.Moved)
		if p.Moved {
			s.moves.add(p.Earlier)
		}
	}
	if p.Segment != nil {
		s.connections.packet(p)
	}
}

// Finding takes in what was found of a packet that was taken in before.
func (s *Summary) Finding(f *diagnose.Finding) {
	if f.Timed {
		s.timeline.finding(f.Time, f.Verdict)
	}
	if f.Followed {
		s.connections.finding(f.Flow, f.FrameAfter, f.Verdict)
	}
}

// Describe puts it all into the report of a capture of this span.
func (s *Summary) Describe(r *report.Report, span Span) {
	r.Flows, r.Timeline = s.connections.result(), s.timeline.result(span)
	r.Order.Displacement = s.moves.result()
}

func utc(ns int64) time.Time { return time.Unix(0, ns).UTC() }
