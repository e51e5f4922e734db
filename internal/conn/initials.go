package conn

import "github.com/mendcap/mendcap/internal/tcp"

// Initials are the initial sequence numbers of one incarnation of a connection,
// by Segment.Dir: those that Wireshark counts relative numbers from.
type Initials struct {
	Number [2]tcp.Seq
	known  [2]bool
}

// InitialNumbers remembers initial sequence numbers by pair of endpoints: of more pairs
// than a Table follows, where one that comes back has another id. When pairs has
// maxInitials they become the older ones, and those before are forgotten. The zero
// value remembers nothing yet.
type InitialNumbers struct {
	pairs, older map[Key]*Initials
}

// maxInitials is how many pairs of endpoints have their initial numbers
// remembered at least, and half as many as there are at most: about 8 MB.
const maxInitials = 1 << 15

// Learn takes the initial numbers from a SYN, or else from the first segment
// and the first ACK that are there. A SYN with another number begins another
// connection. What it returns is still learnt of the same connection later.
func (i *InitialNumbers) Learn(key *Key, seg *tcp.Segment) *Initials {
	own, syn := seg.Dir&1, seg.Bits.Has(tcp.SYN)
	n := i.of(key)
	if syn && !seg.Bits.Has(tcp.ACK) && n.known[own] && n.Number[own] != seg.Seq {
		n = &Initials{}
		i.pairs[*key] = n
	}
	switch {
	case syn:
		n.Number[own], n.known[own] = seg.Seq, true
	case !n.known[own]:
		n.Number[own], n.known[own] = seg.Seq-1, true
	}
	if peer := 1 - own; seg.Bits.Has(tcp.ACK) && !n.known[peer] {
		n.Number[peer], n.known[peer] = seg.Ack-1, true
	}
	return n
}

// of finds what is remembered of a pair of endpoints, or begins it.
func (i *InitialNumbers) of(key *Key) *Initials {
	if n := i.pairs[*key]; n != nil {
		return n
	}
	n := i.older[*key]
	if n == nil {
		n = &Initials{}
	}
	if i.pairs == nil || len(i.pairs) >= maxInitials {
		i.pairs, i.older = make(map[Key]*Initials), i.pairs
	}
	i.pairs[*key] = n
	return n
}
