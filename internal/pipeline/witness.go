package pipeline

import (
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// witness sees every packet in the order of the output, every finding when it is
// decided, and keeps what pictures of the capture are drawn from. Its memory is bounded.
type witness struct {
	connections *connections
	timeline    *timeline
	moves       displacement
}

func (j *job) newWitness() *witness {
	return &witness{connections: newConnections(j.o.Flows), timeline: newTimeline(&j.facts)}
}

// packet takes in a packet.
func (w *witness) packet(u *unit, frame int64, after tcp.Analysis) {
	if u.block.HasStamp {
		w.timeline.packet(u.fate.place.Stamp, u.fate.moved)
		if u.fate.moved {
			stamp, _ := u.stamp()
			w.moves.add(stamp - u.fate.place.Stamp)
		}
	}
	if u.isTCP {
		w.connections.packet(u, frame, after)
	}
}

// finding takes in what was found of a packet that was taken in before.
func (w *witness) finding(f *diagnose.Finding) {
	if f.Timed {
		w.timeline.finding(f.Stamp, f.Verdict)
	}
	if f.Followed {
		w.connections.finding(f.Flow, f.Frame, f.Verdict)
	}
}

// describe puts it all into the report.
func (w *witness) describe(r *report.Report, f *facts) {
	r.Flows, r.Timeline = w.connections.result(), w.timeline.result(f)
	r.Order.Displacement = w.moves.result()
}
