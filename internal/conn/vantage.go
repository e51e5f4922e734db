package conn

import (
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Vantage knows from which host the capture was taken, and by what.
type Vantage struct {
	local   map[packet.Addr]bool
	tables  []netip.Addr // the host's addresses according to the tables
	by      string       // "tables", "direction flags", "headerless form", "TTL", "loopback", "unproven"
	Flagged bool         // packets tell their direction themselves

	ttls tcp.Store[hops] // by flow
}

// hops is what a flow showed of the TTL or hop limit of each of its ends.
type hops struct{ low, high [2]uint8 }

// FromTables notes the addresses that tables name as the host's; s may be nil.
func (v *Vantage) FromTables(s *infer.Snapshot) {
	if s == nil {
		return
	}
	for _, i := range s.Interfaces {
		v.tables = append(v.tables, i.Addresses...)
	}
	for _, rows := range [][]infer.Connection{s.TCPConnections, s.UDPEndpoints} {
		for _, c := range rows {
			if a := c.Local.Address; a.IsValid() && !a.IsUnspecified() {
				v.tables = append(v.tables, a)
			}
		}
	}
}

// Met reports whether a packet of the flow was taken in that has this direction.
func (v *Vantage) Met(flow uint64, dir uint8) bool { return v.ttls.Of(flow).high[dir] != 0 }

// AddLocal takes an address for the host's, as tables do.
func (v *Vantage) AddLocal(a netip.Addr) { v.tables = append(v.tables, a) }

// ShownBy says what shows which addresses are the host's.
func (v *Vantage) ShownBy() string { return v.by }

// Observe notes the TTL of a packet with its own IP header.
func (v *Vantage) Observe(flow uint64, dir, ttl uint8) {
	h := v.ttls.Of(flow)
	if h.high[dir] == 0 {
		h.low[dir] = ttl
	}
	h.low[dir], h.high[dir] = min(h.low[dir], ttl), max(h.high[dir], ttl)
}

// Decide settles which addresses are the host's, from the strongest evidence
// that says something about this capture, and forgets what the flows showed.
func (v *Vantage) Decide(t *Table, proved []netip.Addr, headerless bool) {
	v.local = make(map[packet.Addr]bool)
	seen := make(map[packet.Addr]bool)
	loopback := false
	for i := range t.pairs {
		t.pairs[i].ends = 0 // they may have been others' before
		low, high := t.pairs[i].key.low(), t.pairs[i].key.high()
		seen[low], seen[high] = true, true
		loopback = loopback || low == high
	}
	for a := range seen {
		if a.Netip().IsLoopback() {
			v.local[a], loopback = true, true
		}
	}
	for _, a := range v.tables {
		if key := packet.AddrOf(a.WithZone("")); seen[key] || headerless {
			v.local[key], v.by = true, "tables"
		}
	}
	for _, a := range proved {
		v.local[packet.AddrOf(a)] = true
	}
	switch {
	case v.Flagged:
		v.by = "direction flags"
	case v.by != "":
	case len(proved) > 0:
		v.by = "headerless form"
	case v.byTTL(t):
		v.by = "TTL"
	case loopback:
		v.by = "loopback"
	default:
		v.by = "unproven"
	}
	v.ttls = tcp.Store[hops]{} // no TTL is asked for after this
}

// byTTL takes an address for the host's if it sends with an initial TTL only,
// and to peers that don't: a TTL that a router has not lowered.
func (v *Vantage) byTTL(t *Table) bool {
	votes := make(map[packet.Addr]int)
	v.ttls.Each(func(id uint64, h *hops) {
		k := &t.pairs[tcp.Place(id)].key
		low, high := initial(h, 0), initial(h, 1)
		switch {
		case h.high[0] == 0 || h.high[1] == 0 || low == high:
		case low:
			votes[k.low()]++
			votes[k.high()] -= MaxFlows
		default:
			votes[k.high()]++
			votes[k.low()] -= MaxFlows
		}
	})
	any := false
	for a, n := range votes {
		if n > 0 {
			v.local[a], any = true, true
		}
	}
	return any
}

func initial(h *hops, dir int) bool {
	ttl := h.high[dir]
	return h.low[dir] == ttl && (ttl == 64 || ttl == 128 || ttl == 255)
}

// ends says which ends of a flow are the host's; 0 is not known yet.
type ends uint8

const (
	lowIsLocal ends = 1 << iota
	highIsLocal
	looked
)

// endsOf looks the ends of a flow up.
func (v *Vantage) endsOf(k *Key) ends {
	e := looked
	if v.local[k.low()] {
		e |= lowIsLocal
	}
	if v.local[k.high()] {
		e |= highIsLocal
	}
	return e
}

// side says from which side of the host a packet was seen in direction dir; heading
// is what its record says of that.
func (e ends) side(dir uint8, heading tcp.Side) tcp.Side {
	src, dst := e&lowIsLocal != 0, e&highIsLocal != 0
	if dir == 1 {
		src, dst = dst, src
	}
	switch {
	case src && dst:
		return tcp.Both
	case heading == tcp.Out, heading == tcp.In:
		return heading
	case src:
		return tcp.Out
	case dst:
		return tcp.In
	}
	return tcp.Unproven
}

// Local lists the host's addresses, sorted.
func (v *Vantage) Local() []netip.Addr {
	var list []netip.Addr
	for a := range v.local {
		list = append(list, a.Netip())
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}
