package witness

import (
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// ambiguous are the packets of which their events tell nothing though they are there, as
// they may be other packets' or others theirs: those to which some assignment of events to
// packets gives another header or none, though it gives as many packets an event as any.
// An event may be a packet's if source and length are the same, if the checksum doesn't
// contradict, if it is stamped after its event at most twice as late as any packet of the
// capture, and before it by nothing, but for what clocks are known, and if, in the file of one
// reader, no packet before it that is known has a later event, and none after it an earlier
// one. Known are packets of which a checksum and all this leave one event.
func ambiguous(truth, written []lab.Packet, missing map[int]bool) map[int]bool {
	s := scene{stamps: make(map[int]int64), places: make(map[string]*place), inTurn: true, early: math.MaxInt64}
	for i := range truth {
		p := &truth[i]
		s.stamps[p.Index] = p.Stamp
		if p.Data[0]>>4 == 6 && !missing[p.Index] {
			at := s.place(p)
			at.events = append(at.events, p)
		}
	}
	for i := range written {
		p := &written[i]
		delay := p.Stamp - s.stamps[p.Index]
		s.early, s.late = min(s.early, delay), max(s.late, delay)
		s.inTurn = s.inTurn && (i == 0 || p.Index > written[i-1].Index)
		s.packets = append(s.packets, contender{Packet: p, after: -1, before: math.MaxInt})
	}
	for i := range s.packets {
		c := &s.packets[i]
		c.unchecked = c.Data[6] == experimental || !slices.ContainsFunc(s.place(c.Packet).events,
			func(e *lab.Packet) bool { return identityOf(e.Data) == identityOf(c.Data) })
	}
	for s.inTurn && s.learn() {
	}
	for i := range s.packets {
		at := s.place(s.packets[i].Packet)
		at.packets = append(at.packets, s.packets[i])
	}
	unclear := make(map[int]bool)
	for _, at := range s.places {
		s.eachPart(at, func(a *assignments) {
			for i, c := range a.packets {
				if c.Data[6] == experimental && !missing[c.Index] && !a.sure(i) {
					unclear[c.Index] = true
				}
			}
		})
	}
	return unclear
}

// scene is what an ideal reader of a trace knows.
type scene struct {
	stamps      map[int]int64 // in truth
	packets     []contender   // as they were written
	early, late int64         // they are stamped that much after their events
	inTurn      bool          // one reader wrote them
	places      map[string]*place
}

// place is packets and events of one source and length.
type place struct {
	packets []contender
	events  []*lab.Packet
}

// contender is a packet that an event may be of which is, in truth, between two that are
// known.
type contender struct {
	*lab.Packet
	after, before int
	known         bool
	unchecked     bool // no checksum tells of it, or none that an event of its place agrees with
}

func (s *scene) place(p *lab.Packet) *place {
	key := string(p.Data[8:24]) + string(p.Data[4:6])
	if s.places[key] == nil {
		s.places[key] = &place{}
	}
	return s.places[key]
}

// learn finds packets that are known, and reports whether there are more than before.
func (s *scene) learn() (more bool) {
	for i := range s.packets {
		c := &s.packets[i]
		if c.known || c.unchecked {
			continue
		}
		n := 0
		var last *lab.Packet
		for _, e := range s.place(c.Packet).events {
			if s.mayHave(c, e) {
				last = e
				n++
			}
		}
		if c.known = n == 1 && last.Index == c.Index; c.known {
			more = true
		}
	}
	after, before := -1, math.MaxInt
	for i := range s.packets {
		c := &s.packets[i]
		if c.after = after; c.known {
			after = c.Index
		}
	}
	for i := range slices.Backward(s.packets) {
		c := &s.packets[i]
		if c.before = before; c.known {
			before = c.Index
		}
	}
	return more
}

// clocks is how well it is known by how much two are apart, nanoseconds.
const clocks = 2_000_000

// mayHave reports whether an event may be a packet's: that of the packet that it is of.
func (s *scene) mayHave(c *contender, event *lab.Packet) bool {
	delay := c.Stamp - s.stamps[event.Index]
	return s.early-clocks <= delay && delay <= 2*s.late+clocks && c.after < event.Index && event.Index < c.before &&
		(identityOf(c.Data) == identityOf(event.Data) || c.unchecked && event.Data[6] == experimental)
}

// assignments are packets and the events that each may have.
type assignments struct {
	packets []contender
	events  []*lab.Packet
	may     [][]int // places among events, rising
	inTurn  bool    // later packets have later events
	most    int     // packets that an assignment gives an event
}

// eachPart calls f with packets that have no event in common with others.
func (s *scene) eachPart(at *place, f func(*assignments)) {
	may := make([][]int, len(at.packets))
	by := make([][]int, len(at.events)) // packets
	for i := range at.packets {
		for e, event := range at.events {
			if s.mayHave(&at.packets[i], event) {
				may[i], by[e] = append(may[i], e), append(by[e], i)
			}
		}
	}
	taken := make([]bool, len(at.packets))
	for i := range at.packets {
		if taken[i] {
			continue
		}
		taken[i] = true
		part := []int{i}
		for k := 0; k < len(part); k++ {
			for _, e := range may[part[k]] {
				for _, j := range by[e] {
					if !taken[j] {
						taken[j] = true
						part = append(part, j)
					}
				}
			}
		}
		slices.Sort(part)
		a := &assignments{events: at.events, inTurn: s.inTurn}
		for _, j := range part {
			a.packets, a.may = append(a.packets, at.packets[j]), append(a.may, may[j])
		}
		a.most = a.given(-1, -1)
		f(a)
	}
}

// sure reports whether every assignment gives a packet its header.
func (a *assignments) sure(i int) bool {
	if a.given(i, -1) == a.most {
		return false
	}
	own := identityOf(a.packets[i].Data)
	for _, e := range a.may[i] {
		if identityOf(a.events[e].Data) != own && a.given(i, e)+1 == a.most {
			return false
		}
	}
	return true
}

// given is how many packets are given events at most if one is not, -1 for none, and where
// that one has an event, -1 for none.
func (a *assignments) given(without, fixed int) int {
	if !a.inTurn {
		return a.matched(without, fixed)
	}
	if fixed < 0 {
		return a.turns(0, len(a.packets), without, -1, len(a.events))
	}
	return a.turns(0, without, -1, -1, fixed) + a.turns(without+1, len(a.packets), -1, fixed, len(a.events))
}

// turns is how many packets are given events in turn, of those between two, at most: the
// last of so many packets has the earliest event that it can.
func (a *assignments) turns(from, to, without, after, before int) int {
	var last []int // the events of the last of 1, 2, 3 packets
	for i := from; i < to; i++ {
		if i == without {
			continue
		}
		next := slices.Clone(last)
		for n := 0; n <= len(last); n++ {
			least := after
			if n > 0 {
				least = last[n-1]
			}
			at, _ := slices.BinarySearch(a.may[i], least+1)
			if at == len(a.may[i]) || a.may[i][at] >= before {
				continue
			}
			if n == len(next) {
				next = append(next, a.may[i][at])
			} else {
				next[n] = min(next[n], a.may[i][at])
			}
		}
		last = next
	}
	return len(last)
}

// matched is how many packets are given events at most, in whatever order.
func (a *assignments) matched(without, fixed int) (n int) {
	of := map[int]int{} // packets of events
	for i := range a.packets {
		if i != without && a.augment(i, fixed, of, map[int]bool{}) {
			n++
		}
	}
	return n
}

func (a *assignments) augment(i, fixed int, of map[int]int, tried map[int]bool) bool {
	for _, e := range a.may[i] {
		if e == fixed || tried[e] {
			continue
		}
		tried[e] = true
		if j, ok := of[e]; !ok || a.augment(j, fixed, of, tried) {
			of[e] = i
			return true
		}
	}
	return false
}
