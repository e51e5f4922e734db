package judge

import (
	"math"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// Floors lists why a wrong verdict is not one that the reading of its flag could mend:
// the capture doesn't tell, or the order that it was repaired to was not the true one.
func Floors() []string { return []string{FloorAlike, FloorMissed, FloorOrder} }

// The floors. That of order is what order has left to do, not what nobody can know.
const (
	FloorAlike  = "of packets that the capture has again bit for bit, without timestamp or counted IPv4 Identification"
	FloorMissed = "of bytes of which the capture missed a packet"
	FloorOrder  = "between artefact and what happened, by the order that the repair gave"
)

// findAlike notes the packets that the capture has more than once, bit for bit, or
// that say the same, where neither timestamps nor IPv4 Identifications tell them
// apart.
func (x *causes) findAlike(degraded []lab.Packet) {
	x.alike = map[int]bool{}
	first := map[tcp.Segment]int{}
	for _, p := range degraded {
		known := x.table[p.Index].known
		s := known.Segment
		if !known.ok || s.HasTS || s.IPID != 0 {
			continue
		}
		s.Stamp, s.Frame = 0, 0
		if before, there := first[s]; there {
			x.alike[before], x.alike[p.Index] = true, true
		} else {
			first[s] = p.Index
		}
	}
}

// floor says which floor the wrong verdict on a packet's flag belongs to, "" for none.
func (x *causes) floor(index int, flag tcp.Analysis, truth, verdict report.Verdict) string {
	s := x.table[index].known.Segment
	bytes := tcp.Range{Left: s.Seq, Right: s.End()}
	if flag == tcp.LostSegment {
		bytes = tcp.Range{Left: s.Seq - 1, Right: s.Seq}
	}
	missed := func(q *passage) bool { return q.delivered && q.index >= 0 && !x.seen[q.index] }
	switch {
	case truth == report.Artefact || verdict == report.Artefact:
		return FloorOrder
	case x.alike[index]:
		return FloorAlike
	case flag&(again|tcp.LostSegment) != 0 && x.any(x.passages.of[index], []tcp.Range{bytes}, -1, math.MaxInt, missed):
		return FloorMissed
	}
	return ""
}
