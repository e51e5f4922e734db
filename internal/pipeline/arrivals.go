package pipeline

import (
	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/witness"
)

// arrivals are the places of inbound segments in the order in which the host's own trace
// says that its TCP received them. Segments in a row that no event tells apart have one
// place together.
type arrivals struct {
	first   map[arrival]int32 // in list
	list    []logged
	latest  map[stream]int32 // in list
	headers bool             // some events tell headers
	clock   witness.Clock    // how the trace's runs: it tells copies of a segment apart
}

// stream is one direction of a connection, as events of one kind tell of it.
type stream struct {
	src, dst     packet.Addr
	sport, dport uint16
	header       bool
}

// arrival names a segment, as far as an event does.
type arrival struct {
	stream
	seq   uint32
	other uint32 // the ACK number of a header, else the length
}

// logged is one time that a segment was received; its place counts from 1 on.
type logged struct {
	of    arrival
	time  int64 // nanoseconds since 1970, by the trace's clock
	place uint32
	next  int32 // of the same segment in the list, -1 after the last
}

// newArrivals takes what traces among the tables say; nil where they say nothing.
func newArrivals(results []tables.Result) *arrivals {
	a := &arrivals{first: make(map[arrival]int32), latest: make(map[stream]int32)}
	for i := range results {
		for r := range results[i].Received() {
			a.add(&r)
		}
	}
	if len(a.list) == 0 {
		return nil
	}
	a.latest = nil
	return a
}

func (a *arrivals) add(r *infer.Reception) {
	k := arrival{stream{
		packet.AddrOf(r.Source.Addr()), packet.AddrOf(r.Destination.Addr()), r.Source.Port(), r.Destination.Port(), r.HasAck,
	}, r.Seq, r.Length}
	if r.HasAck {
		k.other, a.headers = r.Ack, true
	}
	one := logged{of: k, time: r.Time.UnixNano(), place: uint32(len(a.list) + 1), next: -1}
	if at, again := a.first[k]; again {
		one.next = at
	}
	if at, ok := a.latest[k.stream]; ok && a.list[at].of == k {
		one.place = a.list[at].place
	}
	a.first[k], a.latest[k.stream] = int32(len(a.list)), int32(len(a.list))
	a.list = append(a.list, one)
}

// of is the place of a unit's segment, 0 where none is known. A header tells it before a
// length does.
func (a *arrivals) of(u *unit) (place uint32) {
	k := arrival{stream{u.view.Src, u.view.Dst, u.sport, u.dport, true}, uint32(u.seg.Seq), uint32(u.seg.Ack)}
	if a.headers && u.seg.HasAck() {
		place = a.placeOf(k, u)
	}
	if place == 0 && u.seg.Len > 0 {
		k.header, k.other = false, u.seg.Len
		place = a.placeOf(k, u)
	}
	return place
}

// placeOf is the place of a unit's segment by its name: of several copies the one that was
// logged when the unit was stamped, if no other was logged near then.
func (a *arrivals) placeOf(k arrival, u *unit) uint32 {
	at, ok := a.first[k]
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

// copyAt is the only place of a copy that was logged near a time, from one on; else 0.
func (a *arrivals) copyAt(at int32, time int64) (place uint32) {
	const near = 10_000_000 // nanoseconds
	for ; at >= 0; at = a.list[at].next {
		one := &a.list[at]
		if d := one.time - time; d < -near || d > near {
			continue
		}
		if place != 0 && place != one.place {
			return 0
		}
		place = one.place
	}
	return place
}
