package pipeline

import (
	"cmp"
	"math"
	"slices"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
)

// arrivals are the places of inbound segments in the order in which the host's own trace
// says that its TCP received them. Segments in a row that no event tells apart have one
// place together.
type arrivals struct {
	first   map[arrival]int32 // in list
	list    []logged
	latest  map[stream]int32 // in list
	seen    map[arrival][]arrived
	packets int              // that were seen
	places  map[int64]uint32 // by frame
}

// stream is the inbound direction of a connection, as events of one kind tell of it. Which
// of the host's addresses it goes to is left out: packets without header don't say.
type stream struct {
	src          packet.Addr
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

func emptyArrivals() *arrivals {
	return &arrivals{
		first: make(map[arrival]int32), latest: make(map[stream]int32), seen: make(map[arrival][]arrived), places: make(map[int64]uint32),
	}
}

// newArrivals takes what traces among the tables say; nil where they say nothing.
func newArrivals(results []tables.Result) *arrivals {
	a := emptyArrivals()
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
		packet.AddrOf(r.Source.Addr()), r.Source.Port(), r.Destination.Port(), r.HasAck,
	}, r.Seq, r.Length}
	if r.HasAck {
		k.other = r.Ack
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

// maxArrived bounds the packets that are compared with what was logged, of about 24 bytes
// each.
const maxArrived = 1 << 21

// arrived is a packet of the capture that has the name of segments that were logged.
type arrived struct {
	stamp int64 // nanoseconds since 1970, by the capture's clock
	frame int64
	look  look
}

// look is what no event tells of a segment: its timestamp, and its SACK blocks.
type look struct {
	tsval  uint32
	sacks  uint8
	blocks [4]tcp.Range
}

// show takes a packet of the capture, whose stamp is known: in the order of frames.
func (a *arrivals) show(src packet.Addr, sport, dport uint16, seg *tcp.Segment, stamp, frame int64) {
	k := arrival{stream{src, sport, dport, true}, uint32(seg.Seq), uint32(seg.Ack)}
	if _, ok := a.first[k]; !ok || !seg.HasAck() {
		k.header, k.other = false, seg.Len
		if _, ok = a.first[k]; !ok || seg.Len == 0 {
			return
		}
	}
	if a.packets < maxArrived {
		a.packets++
		a.seen[k] = append(a.seen[k], arrived{stamp, frame, look{seg.TSval, seg.SACKs, seg.SACK}})
	}
}

// match gives packets their places, once it is known how the trace's clock runs.
func (a *arrivals) match(c *witness.Clock) {
	var alike []likeness
	for k, packets := range a.seen {
		slices.SortStableFunc(packets, func(x, y arrived) int { return cmp.Compare(x.stamp, y.stamp) })
		var events []logged
		for at := a.first[k]; at >= 0; at = a.list[at].next {
			events = append(events, a.list[at])
		}
		slices.Reverse(events) // to the order of the trace
		for len(packets) > 0 {
			p, from, to := neighbors(c, packets, events)
			if from < to {
				alike = append(alike, likeness{packets[:p], events[from:to]})
			}
			packets, events = packets[p:], events[to:]
		}
	}
	d := learnDelays(c, alike)
	for _, l := range alike {
		a.pair(l, d)
	}
	a.seen, a.first, a.list = nil, nil, nil
}

// likeness is packets of one name that are near each other, by their stamps, and the
// events of that name near them, by their times.
type likeness struct {
	packets []arrived
	events  []logged
}

// delays are by how much a packet is stamped later than its event, by the capture's
// clock: what is seen where there are one packet and one event.
type delays struct {
	clock       *witness.Clock
	least, most int64
}

func learnDelays(c *witness.Clock, alike []likeness) delays {
	d := delays{c, math.MaxInt64, math.MinInt64}
	if !c.Known {
		return d
	}
	for _, l := range alike {
		if len(l.packets) == 1 && len(l.events) == 1 {
			delay := d.of(l.packets[0], l.events[0])
			d.least, d.most = min(d.least, delay), max(d.most, delay)
		}
	}
	return d
}

func (d *delays) of(p arrived, e logged) int64 { return d.clock.OfTrace(p.stamp) - e.time }

// parted reports whether packets up to p have the events up to e, and those from q on the
// ones from f on: for anything else some packet's delay would be unheard of.
func (d *delays) parted(p, q arrived, e, f logged) bool {
	return d.least <= d.most && (d.of(p, f) < d.least || d.of(q, e) > d.most)
}

// pair gives packets of one name the places of their events: all of them the only one that
// there is; else, if each has its event, those of a part of them the place that all events
// of the part have. Where nothing else tells them apart, and it is no harm where two are
// taken for each other, the first has the first. Where some event was lost nothing is said.
func (a *arrivals) pair(l likeness, d delays) {
	packets, events := l.packets, l.events
	if len(events) < len(packets) || len(events) > len(packets) && !atOnePlace(events) {
		return
	}
	for len(packets) > 0 {
		n := 1
		for n < len(packets) && !d.parted(packets[n-1], packets[n], events[n-1], events[n]) {
			n++
		}
		if atOnePlace(events[:n]) || lookAlike(packets[:n]) {
			for i := range n {
				a.places[packets[i].frame] = events[i].place
			}
		}
		packets, events = packets[n:], events[n:]
	}
}

func atOnePlace(events []logged) bool { return events[0].place == events[len(events)-1].place }

func lookAlike(packets []arrived) bool {
	return !slices.ContainsFunc(packets, func(p arrived) bool { return p.look != packets[0].look })
}

// of is the place of a packet's segment, 0 where none is known.
func (a *arrivals) of(frame int64) uint32 { return a.places[frame] }

// neighbors is how many packets from the first on are near each other or near events that
// are, and which events those are: all of them where the clock is not known.
func neighbors(c *witness.Clock, packets []arrived, events []logged) (n, from, to int) {
	if !c.Known {
		return len(packets), 0, len(events)
	}
	at := c.OfTrace(packets[0].stamp)
	start, end := at-c.Late, at+c.Early
	for from < len(events) && events[from].time < start {
		from++
	}
	n, to = 1, from
	for {
		switch {
		case to < len(events) && events[to].time <= end:
			end = max(end, events[to].time+c.Late)
			to++
		case n < len(packets) && c.OfTrace(packets[n].stamp)-c.Late <= end:
			end = max(end, c.OfTrace(packets[n].stamp)+c.Early)
			n++
		default:
			return n, from, to
		}
	}
}
