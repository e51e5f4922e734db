package tcp

// Origin is from which number a sender counts in one incarnation of a connection: one of
// several between the same ports.
type Origin struct {
	First Seq  // of its SYN, else the first number that was seen of it
	Begun bool // there is one
	SYN   bool // First is that of its SYN
}

// Origin is that of the segment's sender if it begins with the segment.
func (s *Segment) Origin() Origin { return Origin{First: s.Seq, Begun: true, SYN: s.Bits&SYN != 0} }

// Initial is the initial sequence number: that of the SYN, else the one before First.
func (o Origin) Initial() Seq {
	if o.SYN {
		return o.First
	}
	return o.First - 1
}

// Opening says what a segment means for the incarnation that its connection is in.
type Opening uint8

// The openings.
const (
	Continues Opening = iota // it belongs to it
	Renumbers                // a SYN/ACK answers its SYN, and its sender's numbers were others before
	Opens                    // a SYN, or a SYN/ACK for one that was not seen, begins another one
)

// firstFlight bounds how much a sender can have said before its SYN was recorded:
// what the host sends to itself in one of a reader's stalls, which threads then stamp
// in any order, and little enough that another incarnation's numbers hardly ever begin
// so near (RFC 6528).
const firstFlight = 1 << 20

// Opening compares the segment with how its sender and the other side began.
func (s *Segment) Opening(own, peer *Origin) Opening {
	switch {
	case s.Bits&SYN == 0 || !own.Begun || own.SYN && s.Seq == own.First:
		return Continues
	case !own.SYN && s.Seq.Less(own.First) && own.First-s.Seq <= firstFlight:
		return Continues // the SYN comes after what its sender said next
	case s.Bits&ACK == 0 || !peer.SYN || s.Ack != peer.First+1:
		return Opens
	}
	return Renumbers
}
