package infer

import (
	"cmp"
	"net/netip"
	"time"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// seed takes in what the tables say.
func (e *Engine) seed(s *Snapshot) {
	for _, i := range s.Interfaces {
		for _, a := range i.Addresses {
			e.seedOwn(a, i.Index)
		}
		e.seedAddresses(i.Index, isJoined, i.Groups...)
	}
	for _, c := range s.TCPConnections {
		e.seedConnection(c, packet.ProtoTCP)
	}
	for _, c := range s.UDPEndpoints {
		e.seedConnection(c, packet.ProtoUDP)
	}
	for _, d := range s.DestinationCache {
		e.seedOwn(d.Source, d.Interface)
		e.seedAddresses(d.Interface, inCache, d.Destination)
		e.seedAddresses(d.Interface, inNeighbor, d.NextHop)
	}
	for _, n := range s.Neighbors {
		e.seedAddresses(n.Interface, inNeighbor, n.Address)
	}
	e.seedAddresses(0, inNeighbor, s.Hosts...)
	for _, r := range s.Routes {
		e.seedAddresses(r.Interface, inNeighbor, r.NextHop)
	}
	e.seedAddresses(0, isResolved, s.DNSCache...)
	for _, f := range s.Flows {
		e.seedFlow(f)
	}
}

// seedFlow takes in a row of a connection tracker. Neither end need be the
// host's.
func (e *Engine) seedFlow(f Flow) {
	e.seedAddresses(0, inNeighbor, f.Source.Address)
	e.seedAddresses(0, isPeer, f.Destination.Address)
	known := f.Source.Address.IsValid() && f.Destination.Address.IsValid()
	if known && (f.Protocol == packet.ProtoTCP || f.Protocol == packet.ProtoUDP) {
		e.seedName(f.Source, f.Destination, f.Protocol, always)
	}
}

// seedAddresses makes candidates of a row's addresses, each on its own zone if it has
// one.
func (e *Engine) seedAddresses(zone uint32, r role, list ...netip.Addr) {
	for _, a := range list {
		if a.IsValid() {
			e.candidates.add(packet.AddrOf(a), cmp.Or(zoneOf(a), zone), r)
		}
	}
}

// seedOwn notes one of the host's own addresses.
func (e *Engine) seedOwn(a netip.Addr, zone uint32) {
	if a.IsValid() && !a.IsMulticast() && !a.IsUnspecified() {
		e.vantage.own(a)
		e.seedAddresses(zone, isLocal, a)
	}
}

// seedConnection takes in a row of an endpoint table: it names the destination
// of both directions. The remote end is one that the host has sent to; whether
// the destination cache has it too says how complete that is.
func (e *Engine) seedConnection(c Connection, protocol uint8) {
	local, remote := c.Local, c.Remote
	e.seedOwn(local.Address, 0)
	if !remote.Address.IsValid() || remote.Address.IsUnspecified() || remote.Port == 0 {
		return
	}
	e.seedAddresses(zoneOf(local.Address), isPeer, remote.Address)
	if local.Address.IsValid() && !local.Address.IsUnspecified() {
		until := e.seedMoments(c, protocol)
		e.seedName(local, remote, protocol, until)
		e.seedName(remote, local, protocol, until)
	}
}

// seedMoments takes in when a table had a row, and returns the stamp from which on
// the row says nothing of a connection that opens, or of datagrams that begin
// after a later table that lacks it.
func (e *Engine) seedMoments(c Connection, protocol uint8) (until int64) {
	if !isStamp(c.FirstSeen) || !isStamp(c.LastSeen) {
		return always
	}
	for _, moment := range []time.Time{c.FirstSeen, c.LastSeen} {
		e.moments.add(moment.UnixNano())
		if protocol == packet.ProtoUDP {
			e.datagrams.note(moment.UnixNano())
		}
	}
	return c.LastSeen.Add(recording).UnixNano()
}

// seedName names the destination of what from sends to to, until a stamp.
func (e *Engine) seedName(from, to Endpoint, protocol uint8, until int64) {
	key := flowKey{src: packet.AddrOf(from.Address), ports: header.PortsOf(from.Port, to.Port), class: class(protocol)}
	dst := packet.AddrOf(to.Address)
	if key.src.IsMapped() || dst.IsMapped() {
		return
	}
	e.flows.name(&key, dst, byTable, until)
	zone := cmp.Or(zoneOf(from.Address), zoneOf(to.Address))
	if key.src.IsLinkLocal() && zone != 0 { // for captures with zones
		key.zone = zone
		e.flows.name(&key, dst, byTable, until)
	}
}
