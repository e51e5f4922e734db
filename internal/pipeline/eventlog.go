package pipeline

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
	"github.com/mendcap/mendcap/reorder"
)

// eventLog is events in their order, each about one packet, of which it says a few
// numbers: its name. The events of several sockets are parts, of which that is believed
// which fits the capture. The zero value is empty.
type eventLog struct {
	list    []logged
	first   map[logName]int32 // in list
	seen    map[logName][]arrived
	names   []logName // of packets that were seen, in the order in which they were
	packets int       // that were seen
}

// logName is what a log says of a packet.
type logName struct {
	src        packet.Addr
	ends, what uint64
}

// logged is an event. Its place in the log is that in the list, from 1 on.
type logged struct {
	time int64 // nanoseconds since 1970, by the trace's clock
	part uint64
	next int32 // of the same name in the list, -1 after the last
}

func (l *eventLog) add(name logName, part uint64, time int64) {
	if l.first == nil {
		l.first, l.seen = make(map[logName]int32), make(map[logName][]arrived)
	}
	one := logged{time, part, -1}
	if at, again := l.first[name]; again {
		one.next = at
	}
	l.first[name] = int32(len(l.list))
	l.list = append(l.list, one)
}

// maxArrived bounds the packets that are compared with a log, of about 64 bytes each.
const maxArrived = 1 << 21

// arrived is a packet of the capture that has the name of events.
type arrived struct {
	stamp int64 // nanoseconds since 1970, by the capture's clock
	frame int64
	look  look
}

// look is what events don't tell of a segment, or not all of them. Of what is never taken
// for another it is the frame.
type look struct {
	bits   tcp.Bits
	window uint16
	len    uint32
	tsval  uint32
	sacks  uint8
	blocks [tcp.MaxSACK]tcp.Range
	frame  int64
}

func lookOf(s *tcp.Segment) look {
	return look{bits: s.Bits, window: s.Window, len: s.Len, tsval: s.TSval, sacks: s.SACKs, blocks: s.SACK}
}

// show takes a packet of the capture, in the order of frames, and reports whether some
// event has its name.
func (l *eventLog) show(name logName, at arrived) bool {
	if _, ok := l.first[name]; !ok {
		return false
	}
	if l.packets < maxArrived {
		if l.packets++; len(l.seen[name]) == 0 {
			l.names = append(l.names, name)
		}
		l.seen[name] = append(l.seen[name], at)
	}
	return true
}

// moment is an event with its place.
type moment struct {
	time  int64
	place uint32
}

// named calls f with the packets and the events of each name and part of the log, both in
// the order of their times.
func (l *eventLog) named(f func(part uint64, packets []arrived, events []moment)) {
	type partly struct {
		part uint64
		moment
	}
	var events []partly
	for _, name := range l.names {
		packets := l.seen[name]
		slices.SortStableFunc(packets, func(x, y arrived) int { return cmp.Compare(x.stamp, y.stamp) })
		events = events[:0]
		for at := l.first[name]; at >= 0; at = l.list[at].next {
			events = append(events, partly{l.list[at].part, moment{l.list[at].time, uint32(at + 1)}})
		}
		slices.SortFunc(events, func(x, y partly) int { return cmp.Or(cmp.Compare(x.part, y.part), cmp.Compare(x.place, y.place)) })
		for len(events) > 0 {
			var moments []moment
			part := events[0].part
			for ; len(events) > 0 && events[0].part == part; events = events[1:] {
				moments = append(moments, events[0].moment)
			}
			f(part, packets, moments)
		}
	}
}

// Limits of what is paired to learn how clocks run.
const (
	maxLike  = 16 // events of one name
	maxPairs = 1 << 20
)

// clock is how the trace's clock runs, as far as the log tells.
func (l *eventLog) clock() witness.Clock {
	var pairs, sure []witness.Pair
	l.named(func(_ uint64, packets []arrived, events []moment) {
		if len(events) > maxLike || len(pairs) > maxPairs {
			return
		}
		for _, p := range packets[:min(len(packets), maxLike)] {
			for _, e := range events {
				pairs = append(pairs, witness.Pair{Stamp: p.stamp, Apart: e.time - p.stamp})
			}
		}
		if len(packets) == 1 && len(events) == 1 {
			sure = append(sure, witness.Pair{Stamp: packets[0].stamp, Apart: events[0].time - packets[0].stamp})
		}
	})
	return witness.FitClock(pairs, sure)
}

// likeness is packets of one name that are near each other, by their stamps, and the
// events of that name near them, by their times.
type likeness struct {
	packets []arrived
	events  []moment
}

// mostLooked is how many packets are set beside the events of parts, in all: where the
// packets of a name are many, and thousands of parts have an event of it, the rest is not.
const mostLooked = 1 << 26

// alike are the packets and events of one name that are near each other, of the part of
// the log that fits the capture.
func (l *eventLog) alike(c *witness.Clock) []likeness {
	alike := make(map[uint64][]likeness) // by part
	looked := 0
	l.named(func(part uint64, packets []arrived, events []moment) {
		if looked += len(packets); looked > mostLooked {
			return
		}
		for len(packets) > 0 && len(events) > 0 {
			p, from, to := neighbors(c, packets, events)
			if from < to {
				alike[part] = append(alike[part], likeness{packets[:p], events[from:to]})
			}
			packets, events = packets[p:], events[to:]
		}
	})
	return alike[fitting(c, alike)]
}

// fewSingles is how many packets of one event tell which of several sockets is the
// capture's.
const fewSingles = 20

// fitting is the part of which the delays of packets with one event vary least, of those
// that have half as many of these as any other.
func fitting(c *witness.Clock, alike map[uint64][]likeness) (best uint64) {
	d := delays{clock: c}
	singles, most := make(map[uint64][]int64), 0
	for part, list := range alike {
		singles[part] = d.singles(list)
		most = max(most, len(singles[part]))
	}
	if len(alike) > 1 && most < fewSingles {
		return 0 // which no socket is
	}
	least := int64(math.MaxInt64)
	for _, part := range slices.Sorted(maps.Keys(singles)) {
		all := singles[part]
		if spread := spreadOf(all); 2*len(all) >= most && spread < least {
			best, least = part, spread
		}
	}
	return best
}

// spreadOf is within how much the middle half of numbers is, which are sorted.
func spreadOf(sorted []int64) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*3/4] - sorted[len(sorted)/4]
}

// neighbors is how many packets from the first one on are near each other or near events
// that are, and which events those are: all of them where the clock is not known.
func neighbors(c *witness.Clock, packets []arrived, events []moment) (n, from, to int) {
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

// leastSingles is how many packets of one event show what delays there are.
const leastSingles = 200

// delays are by how much a packet is stamped later than its event, by the capture's
// clock: what is seen where there are one packet and one event, and as much more at most,
// if there are enough of them. Clocks may be apart, so that the least is not 0. What holds
// for one of the host's logs does for the others, whose events are of nearly the same time.
type delays struct {
	clock       *witness.Clock
	known       bool
	least, most int64
	usual       int64 // the median: clocks are known no better than it varies
}

func learnDelays(c *witness.Clock, logs [][]likeness) delays {
	d := delays{clock: c}
	if !c.Known {
		return d
	}
	var all []int64 // of that log which has most
	for _, alike := range logs {
		if some := d.singles(alike); len(some) > len(all) {
			all = some
		}
	}
	if d.known = len(all) >= leastSingles; d.known {
		d.least, d.most, d.usual = all[0], 2*all[len(all)-1]-all[0], all[len(all)/2]
	}
	return d
}

func (d *delays) of(p *arrived, e moment) int64 { return d.clock.OfTrace(p.stamp) - e.time }

// singles are the delays of packets with one event, sorted.
func (d *delays) singles(alike []likeness) (all []int64) {
	for i := range alike {
		if l := &alike[i]; len(l.packets) == 1 && len(l.events) == 1 {
			all = append(all, d.of(&l.packets[0], l.events[0]))
		}
	}
	slices.Sort(all)
	return all
}

// parted reports whether packets up to p have the events up to e, and those from q on the
// ones from f on: for anything else some packet's delay would be unheard of.
func (d *delays) parted(p, q *arrived, e, f moment) bool {
	return d.known && (d.of(p, f) < d.least || d.of(q, e) > d.most)
}

// pair tells the places of packets of one name. Where each has its event, and nothing else
// tells those of a part from each other, so that it is no harm where two are taken for each
// other, the first has the first. Any other has one of those that its delay allows. Where
// some event was lost nothing is said.
func (d *delays) pair(l likeness, tell func(frame int64, p reorder.Places, late int64)) {
	packets, events := l.packets, l.events
	if len(events) < len(packets) {
		return
	}
	for whole := len(events) == len(packets); len(packets) > 0; {
		n, m := len(packets), len(events)
		if whole {
			n = 1
			for n < len(packets) && !d.parted(&packets[n-1], &packets[n], events[n-1], events[n]) {
				n++
			}
			m = n
		}
		alike := whole && lookAlike(packets[:n])
		for i := range packets[:n] {
			p := &packets[i]
			first, last := d.allowed(p, events[:m])
			if first > last {
				continue
			}
			places, late := reorder.Places{First: events[first].place, Last: events[last].place}, int64(0)
			if d.known {
				late = max(0, d.of(p, events[last])-d.usual)
			}
			if alike {
				places.First, places.Last = events[i].place, events[i].place
			}
			tell(p.frame, places, late)
		}
		packets, events = packets[n:], events[m:]
	}
}

// allowed are the first and the last of events, in the order of time, that a packet's
// delay allows.
func (d *delays) allowed(p *arrived, events []moment) (first, last int) {
	if !d.known {
		return 0, len(events) - 1
	}
	at := d.clock.OfTrace(p.stamp)
	first, _ = slices.BinarySearchFunc(events, at-d.most, moment.compare)
	last, _ = slices.BinarySearchFunc(events, at-d.least+1, moment.compare)
	return first, last - 1
}

func (e moment) compare(time int64) int { return cmp.Compare(e.time, time) }

func lookAlike(packets []arrived) bool {
	return !slices.ContainsFunc(packets, func(p arrived) bool { return p.look != packets[0].look })
}
