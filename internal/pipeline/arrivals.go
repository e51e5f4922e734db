package pipeline

import (
	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/witness"
)

// arrivals are the places of inbound segments in the order in which the host's own trace
// says that its TCP received them.
type arrivals struct {
	first map[arrival]int32 // in list
	list  []logged
	clock witness.Clock // how the trace's runs: it tells copies of a segment apart
}

// arrival names a segment.
type arrival struct {
	src, dst     packet.Addr
	sport, dport uint16
	seq, length  uint32
}

// logged is one time that a segment was received; its place counts from 1 on.
type logged struct {
	time  int64 // nanoseconds since 1970, by the trace's clock
	place uint32
	next  int32 // of the same segment in the list, -1 after the last
}

// newArrivals takes what traces among the tables say; nil where they say nothing.
func newArrivals(results []tables.Result) *arrivals {
	a := &arrivals{first: make(map[arrival]int32)}
	for i := range results {
		for r := range results[i].Received() {
			a.add(&r)
		}
	}
	if len(a.list) == 0 {
		return nil
	}
	return a
}

func (a *arrivals) add(r *infer.Reception) {
	k := arrival{
		packet.AddrOf(r.Source.Addr()), packet.AddrOf(r.Destination.Addr()), r.Source.Port(), r.Destination.Port(), r.Seq, r.Length,
	}
	one := logged{time: r.Time.UnixNano(), place: uint32(len(a.list) + 1), next: -1}
	if at, again := a.first[k]; again {
		one.next = at
	}
	a.first[k] = int32(len(a.list))
	a.list = append(a.list, one)
}

// of is the place of a unit's segment, 0 where none is known: of several copies the one
// that was logged when the unit was stamped, if no other was logged near then.
func (a *arrivals) of(u *unit) uint32 {
	if u.seg.Len == 0 {
		return 0
	}
	at, ok := a.first[arrival{u.view.Src, u.view.Dst, u.sport, u.dport, uint32(u.seg.Seq), u.seg.Len}]
	switch stamp, stamped := u.recorded(); {
	case !ok:
		return 0
	case a.list[at].next < 0:
		return a.list[at].place
	case !a.clock.Known || !stamped:
		return 0
	default:
		return a.copyAt(at, a.clock.OfTrace(stamp))
	}
}

// copyAt is the place of the only copy that was logged near a time, from one on; else 0.
func (a *arrivals) copyAt(at int32, time int64) (place uint32) {
	const near = 10_000_000 // nanoseconds
	for ; at >= 0; at = a.list[at].next {
		one := &a.list[at]
		if d := one.time - time; d < -near || d > near {
			continue
		}
		if place != 0 {
			return 0
		}
		place = one.place
	}
	return place
}
