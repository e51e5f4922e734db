package conn

import "github.com/mendcap/mendcap/internal/tcp"

// Initials are from which numbers the two sides of one incarnation of a connection count,
// by Segment.Dir. Relative numbers count from their Initial ones, as Wireshark's do.
type Initials [2]tcp.Origin

// InitialNumbers remembers Initials by the connection's id. The zero value remembers
// nothing yet.
type InitialNumbers struct{ flows tcp.Store[*Initials] }

// Learn takes the initial numbers from a SYN, or else from the first segment and the
// first ACK that are there. What it returns is still learnt of the same incarnation later.
func (i *InitialNumbers) Learn(seg *tcp.Segment) *Initials {
	own, peer := seg.Dir&1, 1-seg.Dir&1
	kept := i.flows.Of(seg.Flow)
	if *kept == nil {
		*kept = new(Initials)
	}
	switch n := *kept; seg.Opening(&n[own], &n[peer]) {
	case tcp.Opens:
		*kept = new(Initials)
	case tcp.Renumbers:
		*kept = new(Initials)
		(*kept)[peer] = n[peer]
	}
	n := *kept
	if seg.Bits.Has(tcp.SYN) || !n[own].Begun {
		n[own] = seg.Origin()
	}
	if seg.Bits.Has(tcp.ACK) && !n[peer].Begun {
		n[peer] = tcp.Origin{First: seg.Ack, Begun: true}
	}
	return n
}
