package infer

import (
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
		for _, a := range i.Groups {
			e.seedAddress(a, i.Index, isJoined)
		}
	}
	for _, c := range s.TCPConnections {
		e.seedConnection(c, packet.ProtoTCP)
	}
	for _, c := range s.UDPEndpoints {
		e.seedConnection(c, packet.ProtoUDP)
	}
	for _, d := range s.DestinationCache {
		e.seedOwn(d.Source, d.Interface)
		e.seedAddress(d.Destination, d.Interface, inCache)
		e.seedAddress(d.NextHop, d.Interface, inNeighbor)
	}
	for _, n := range s.Neighbors {
		e.seedAddress(n.Address, n.Interface, inNeighbor)
	}
	for _, a := range s.Hosts {
		e.seedAddress(a, 0, inNeighbor)
	}
	for _, r := range s.Routes {
		e.seedAddress(r.NextHop, r.Interface, inNeighbor)
	}
	for _, a := range s.DNSCache {
		e.seedAddress(a, 0, isResolved)
	}
	for _, f := range s.Flows {
		e.seedFlow(f)
	}
}

// seedFlow takes in a row of a connection tracker. Neither end need be the
// host's.
func (e *Engine) seedFlow(f Flow) {
	e.seedAddress(f.Source.Address, 0, inNeighbor)
	e.seedAddress(f.Destination.Address, 0, isPeer)
	known := f.Source.Address.IsValid() && f.Destination.Address.IsValid()
	if known && (f.Protocol == packet.ProtoTCP || f.Protocol == packet.ProtoUDP) {
		e.seedName(f.Source, f.Destination, f.Protocol, always)
	}
}

// seedGroups makes candidates of the groups that any host may send to.
func (e *Engine) seedGroups() {
	for _, a := range header.WellKnown {
		e.candidates.add(a, 0, isKnown)
	}
}

// seedAddress makes a candidate of a row's address, on its own zone if it has
// one.
func (e *Engine) seedAddress(a netip.Addr, zone uint32, r role) {
	if !a.IsValid() {
		return
	}
	if z := zoneOf(a); z != 0 {
		zone = z
	}
	e.candidates.add(packet.AddrOf(a), zone, r)
}

// seedOwn notes one of the host's own addresses.
func (e *Engine) seedOwn(a netip.Addr, zone uint32) {
	if a.IsValid() && !a.IsMulticast() {
		e.vantage.own(a)
		e.seedAddress(a, zone, isLocal)
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
	e.seedAddress(remote.Address, zoneOf(local.Address), isPeer)
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
	zone := zoneOf(from.Address)
	if zone == 0 {
		zone = zoneOf(to.Address)
	}
	if key.src.IsLinkLocal() && zone != 0 { // for captures with zones
		key.zone = zone
		e.flows.name(&key, dst, byTable, until)
	}
}
