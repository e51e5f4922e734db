package witness

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
)

// Event is what a trace says of one packet.
type Event struct {
	Source, Destination packet.Addr
	Length              uint32 // of the upper-layer data, bytes
	Socket              uint64
	Time                int64 // nanoseconds since 1970, by the trace's clock
	Protocol            uint8
}

// Claim is what events say of a packet.
type Claim struct {
	Destination packet.Addr
	Protocol    uint8
}

// maxPackets bounds the packets that are kept, of about 40 bytes each.
const maxPackets = 1 << 21

// maxFitting bounds the claims that fit one packet; where more do, none is believed.
const maxFitting = 4

// place is what a packet and its event have in common.
type place struct {
	source packet.Addr
	length uint32
}

// heard is an event of one place.
type heard struct {
	time   int64
	claim  int32 // of the place's
	socket int32
	number int32 // by its time, from 0
}

// seen is a packet of one place.
type seen struct {
	stamp   int64 // nanoseconds since 1970, by the capture's clock
	frame   int64
	fitting [maxFitting]int32 // claims; -1 where there are fewer
	open    *claimSet         // claims without a checksum that could tell, nil without any
	result  int32             // claim that is believed, -1 without
}

// group is all packets and events of one place.
type group struct {
	claims []Claim
	events []heard
	of     [][]int32 // the events of each claim
	crowd  cover     // events of packets that may have too many, nil without any
	seen   []seen
	looks  int64 // at an event for a packet, or at another event for one
}

// Matcher finds the events of packets.
type Matcher struct {
	places  map[place]int32
	groups  []group
	first   int64 // time of the events
	last    int64
	asked   claimSet // of the packet that is added
	key     []byte
	sets    map[string]*claimSet
	packets int
	beyond  int64 // packets that there was no room for
	clock   Clock
	frames  []found
}

// found is what is believed of a packet.
type found struct {
	frame int64
	group int32
	claim int32
}

// New takes the events in whatever order.
func New(events []Event) *Matcher {
	m := &Matcher{places: make(map[place]int32), sets: make(map[string]*claimSet)}
	sockets := make(map[uint64]int32)
	for i := range events {
		e := &events[i]
		g := m.group(place{e.Source, e.Length})
		socket, ok := sockets[e.Socket]
		if !ok {
			socket = int32(len(sockets))
			sockets[e.Socket] = socket
		}
		g.events = append(g.events, heard{time: e.Time, claim: g.claim(Claim{e.Destination, e.Protocol}), socket: socket})
		if i == 0 {
			m.first, m.last = e.Time, e.Time
		}
		m.first, m.last = min(m.first, e.Time), max(m.last, e.Time)
	}
	for i := range m.groups {
		m.groups[i].sort()
	}
	if len(sockets) > 1 {
		m.joinSockets(len(sockets))
	}
	return m
}

// sort puts events in the order of their times.
func (g *group) sort() {
	slices.SortStableFunc(g.events, func(a, b heard) int { return cmp.Compare(a.time, b.time) })
}

func (m *Matcher) group(at place) *group {
	i, ok := m.places[at]
	if !ok {
		i = int32(len(m.groups))
		m.places[at] = i
		m.groups = append(m.groups, group{})
	}
	return &m.groups[i]
}

// maxClaims bounds the claims of one place that are compared with each packet.
const maxClaims = 1 << 12

// claim is the place of c among the claims, which it is added to; -1 where there is no
// room.
func (g *group) claim(c Claim) int32 {
	if i := slices.Index(g.claims, c); i >= 0 {
		return int32(i)
	}
	if len(g.claims) >= maxClaims {
		return -1
	}
	g.claims = append(g.claims, c)
	return int32(len(g.claims) - 1)
}

// Claims are those of the events that a packet may have; they are the Matcher's.
func (m *Matcher) Claims(source packet.Addr, length uint32) []Claim {
	if i, ok := m.places[place{source, length}]; ok {
		return m.groups[i].claims
	}
	return nil
}

// Packet is a packet without header. Fit says what its checksum says of the claims, in
// the order of Claims.
type Packet struct {
	Source packet.Addr
	Length uint32
	Stamp  int64 // nanoseconds since 1970
	Frame  int64
	Fit    []Fit
}

// Fit is what a packet's checksum says of a claim.
type Fit uint8

// The answers of a checksum.
const (
	Contradicted Fit = iota
	Open
	Fits
)

// Add takes the next packet, in the order of frames.
func (m *Matcher) Add(p *Packet) {
	i, ok := m.places[place{p.Source, p.Length}]
	if !ok {
		return
	}
	if m.packets >= maxPackets {
		m.beyond++
		return
	}
	m.packets++
	s := seen{stamp: p.Stamp, frame: p.Frame, fitting: [maxFitting]int32{-1, -1, -1, -1}, result: -1}
	n := 0
	for c, fit := range p.Fit {
		switch {
		case fit == Fits && n < maxFitting:
			s.fitting[n] = int32(c)
			n++
		case fit == Fits:
			n++
		case fit == Open:
			m.asked.add(int32(c))
		}
	}
	s.open = m.intern()
	if n > maxFitting {
		s.fitting, s.open = [maxFitting]int32{-1, -1, -1, -1}, nil
	}
	m.groups[i].seen = append(m.groups[i].seen, s)
}

// fits reports whether a claim fits.
func (s *seen) fits(claim int32) bool { return claim >= 0 && slices.Contains(s.fitting[:], claim) }

// isOpen reports whether no claim fits, and nothing tells against some.
func (s *seen) isOpen() bool { return s.result < 0 && s.fitting[0] < 0 && s.open != nil }

// mayHaveSome reports whether some claim may be of the packet.
func (s *seen) mayHaveSome() bool { return s.result >= 0 || s.fitting[0] >= 0 || s.open != nil }

// may reports whether a claim may be of the packet: one that fits, or where none does one
// that is open.
func (s *seen) may(claim int32) bool { return s.fits(claim) || s.fitting[0] < 0 && s.open.has(claim) }

// claimSet is a set of claims of one place: a bit for each.
type claimSet []uint64

func (c *claimSet) add(claim int32) {
	for len(*c) <= int(claim/64) {
		*c = append(*c, 0)
	}
	(*c)[claim/64] |= 1 << (claim % 64)
}

func (c *claimSet) join(other claimSet) {
	for len(*c) < len(other) {
		*c = append(*c, 0)
	}
	for i, bits := range other {
		(*c)[i] |= bits
	}
}

func (c *claimSet) has(claim int32) bool {
	return c != nil && claim >= 0 && int(claim/64) < len(*c) && (*c)[claim/64]>>(claim%64)&1 != 0
}

// maxSets bounds the sets that are kept, of at most 512 bytes each; packets beyond them are
// open to none.
const maxSets = 1 << 16

// intern is the set of the claims that were added to asked, which is emptied: one for all
// packets that are open to the same.
func (m *Matcher) intern() *claimSet {
	if len(m.asked) == 0 {
		return nil
	}
	m.key = m.key[:0]
	for _, bits := range m.asked {
		m.key = binary.LittleEndian.AppendUint64(m.key, bits)
	}
	set := m.sets[string(m.key)]
	if set == nil && len(m.sets) < maxSets {
		kept := slices.Clone(m.asked)
		set = &kept
		m.sets[string(m.key)] = set
	}
	m.asked = m.asked[:0]
	return set
}

// Result is what a Matcher has found.
type Result struct {
	Clock     Clock
	Packets   int   // whose source and length some event has
	Matched   int   // of them, with an event
	Unchecked int   // of those, without a checksum that agrees
	Beyond    int64 // packets that there was no room for
}

// Match decides for all packets.
func (m *Matcher) Match() Result {
	r := Result{Packets: m.packets, Beyond: m.beyond}
	for i := range m.groups {
		g := &m.groups[i]
		g.list()
		slices.SortStableFunc(g.seen, func(a, b seen) int { return cmp.Compare(a.stamp, b.stamp) })
	}
	m.clock = m.fitClock()
	r.Clock = m.clock
	if !m.clock.Known {
		return r
	}
	m.leaveStrangers(&m.clock)
	for i := range m.groups {
		m.groups[i].fit(&m.clock)
	}
	if m.someOpen() {
		inTurn, inParts := m.trial(&m.clock)
		if inTurn {
			r.Unchecked += m.decideInTurn(&m.clock)
		}
		if inParts {
			r.Unchecked += m.decideInParts(&m.clock)
		}
	}
	for i := range m.groups {
		g := &m.groups[i]
		for j := range g.seen {
			if s := &g.seen[j]; s.result >= 0 {
				m.frames = append(m.frames, found{s.frame, int32(i), s.result})
			}
		}
	}
	r.Matched = len(m.frames)
	slices.SortFunc(m.frames, func(a, b found) int { return cmp.Compare(a.frame, b.frame) })
	for i := range m.groups {
		m.groups[i].seen, m.groups[i].events, m.groups[i].of = nil, nil, nil
	}
	m.sets = nil
	return r
}

// someOpen reports whether any packet is open to claims.
func (m *Matcher) someOpen() bool {
	return slices.ContainsFunc(m.groups, func(g group) bool {
		return slices.ContainsFunc(g.seen, func(s seen) bool { return s.isOpen() })
	})
}

// looks is at how many events Match has looked for packets, one after the other, and at how
// many New has for other events.
func (m *Matcher) looks() (n int64) {
	for i := range m.groups {
		n += m.groups[i].looks
	}
	return n
}

// Of gives the claim that is believed of a packet.
func (m *Matcher) Of(frame int64) (Claim, bool) {
	i, ok := slices.BinarySearchFunc(m.frames, frame, func(f found, frame int64) int { return cmp.Compare(f.frame, frame) })
	if !ok {
		return Claim{}, false
	}
	f := m.frames[i]
	return m.groups[f.group].claims[f.claim], true
}
