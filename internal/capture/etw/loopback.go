package etw

import "net/netip"

// How long and of how many packets it is remembered that they were sent.
const (
	maxSends   = 4096
	sendMemory = 10_000_000 // 100 ns: a second; loopback takes microseconds
)

// sentKey is what two appearances of one packet have in common.
type sentKey struct {
	source, destination netip.Addr
	protocol            uint8
	length              int
	content             uint64 // hash, without the checksum
}

// recentSends finds packets between two sockets of this host: the WFP shows them when they
// are sent, and again when they are received. From elsewhere no packet comes that this
// host just sent, with its own address as the source.
type recentSends struct {
	sent map[sentKey]sends
	old  map[sentKey]sends // of before; the two take turns, so that memory is bounded
}

// sends are those of packets that are alike.
type sends struct {
	n    int // not received yet
	last int64
}

// again says whether a packet is the second appearance of one that was sent before, and
// remembers it if it is a first.
func (s *recentSends) again(m *wfpMessage, d Direction, time int64) bool {
	if d == Unknown {
		return false
	}
	key := sentKey{m.source, m.destination, m.protocol, m.length, contentOf(m)}
	before, known := s.sent[key]
	from := s.sent
	if !known {
		before, known = s.old[key]
		from = s.old
	}
	if d == In {
		if !known || before.n == 0 || time-before.last > sendMemory {
			return false
		}
		before.n--
		from[key] = before
		return true
	}
	if s.sent == nil || len(s.sent) >= maxSends {
		s.old, s.sent = s.sent, make(map[sentKey]sends)
	}
	delete(s.old, key)
	s.sent[key] = sends{n: before.n + 1, last: time}
	return false
}

// contentOf hashes the transport data without the checksum, which is filled in, if at all,
// on the way.
func contentOf(m *wfpMessage) uint64 {
	at := -1
	switch m.protocol {
	case protocolTCP:
		at = 16
	case protocolUDP:
		at = 6
	}
	h := newHash()
	if at < 0 || len(m.transport) < at+2 {
		h.add(m.transport)
		return h.sum()
	}
	h.add(m.transport[:at])
	h.add(m.transport[at+2:])
	return h.sum()
}
