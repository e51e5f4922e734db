package pipeline

import (
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
)

// names are what ties packets without TCP's numbers together.
type names struct {
	packet.Exchange
	self uint64 // as an error would quote the packet, where the capture holds errors
}

// any reports whether there is a name.
func (n *names) any() bool { return n.Cause|n.Effect|n.Quoted|n.self != 0 }

// name reads the unit's names from the upper-layer bytes of its innermost packet. The first pass only
// looks for errors, since destinations are not inferred yet: a header-less
// packet of unknown protocol may be one.
func (d *decoder) name(u *unit, v *packet.View, data []byte) {
	if d.answers == nil {
		proto := u.proto
		if proto == packet.NoNextHeaderKnown {
			proto = packet.ProtoICMPv6
		}
		u.quotes = packet.QuotesPacket(proto, data)
		return
	}
	var n names
	if u.proto != packet.ProtoTCP {
		packet.ReadExchange(&n.Exchange, v, u.proto, data)
	}
	if d.quoted {
		n.self = packet.SelfName(v, u.proto, data)
	}
	switch {
	case u.names != nil: // of the tunnel that the packet has turned out to be in
		*u.names = n
	case n.any():
		u.names = room(&u.chunk.names, len(u.chunk.units))
		*u.names = n
	}
}

// lawOf tells which law speaks of the answers of each kind of exchange.
var lawOf = [...]reorder.Law{
	packet.DNS: reorder.LawDNS, packet.Echo: reorder.LawEcho, packet.NTP: reorder.LawNTP,
	packet.DHCPv6: reorder.LawDHCPv6, packet.STUN: reorder.LawSTUN, packet.Neighbor: reorder.LawNeighbor,
}

// subject fills p, which is zero, with what order may know of the packet: nothing but its
// stamp where mendcap has placed it before, or its connection is left as recorded.
func subject(p *reorder.Packet, u *unit) {
	p.Stamp, _ = u.stamp()
	if u.tracked.ruled {
		p.Segment = (*reorder.Segment)(&u.seg)
		p.Log = u.log
	}
	if n := u.names; n != nil && u.tracked.left == 0 && !u.tracked.finished {
		p.Cause, p.Effect, p.Self, p.Quoted, p.By = n.Cause, n.Effect, n.self, n.Quoted, lawOf[n.Kind]
	}
}
