package infer

import (
	"net/netip"
	"time"
)

// Snapshot is what network tables, saved beside a capture, say of the
// capturing host and its peers. It is a union: the same row may have come
// from several files. The zero value is an empty one.
//
// Its JSON form is mendcap's own table format, version 1.
type Snapshot struct {
	Version          int           `json:"version"`
	TakenAt          time.Time     `json:"takenAt,omitzero"`
	Interfaces       []Interface   `json:"interfaces,omitempty"`
	TCPConnections   []Connection  `json:"tcpConnections,omitempty"`
	UDPEndpoints     []Connection  `json:"udpEndpoints,omitempty"`
	DestinationCache []Destination `json:"destinationCache,omitempty"`
	Neighbors        []Neighbor    `json:"neighbors,omitempty"`

	// Hosts are other addresses that the tables name: gateways, name servers.
	// Nothing says that the host has sent to them.
	Hosts []netip.Addr `json:"hosts,omitempty"`
}

// Interface is one of the host's interfaces with its own addresses.
type Interface struct {
	Index     uint32       `json:"index,omitempty"`
	Name      string       `json:"name,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
}

// Endpoint is an address with a port; the zero address stands for "any".
type Endpoint struct {
	Address netip.Addr `json:"address,omitzero"`
	Port    uint16     `json:"port"`
}

// Connection is a row of a TCP or UDP endpoint table, seen from the host.
// Remote has port 0 where the socket listens or is not connected.
type Connection struct {
	Local  Endpoint `json:"local"`
	Remote Endpoint `json:"remote,omitzero"`
	State  string   `json:"state,omitempty"`
	PID    uint32   `json:"pid,omitempty"`
}

// Destination is a row of the destination cache: an address that the host has
// sent to, and by which next hop.
type Destination struct {
	Destination netip.Addr `json:"destination"`
	Source      netip.Addr `json:"source,omitzero"`
	NextHop     netip.Addr `json:"nextHop,omitzero"`
	Interface   uint32     `json:"interface,omitempty"`
}

// Neighbor is a row of the neighbour cache (RFC 4861, section 5.1).
type Neighbor struct {
	Address   netip.Addr `json:"address"`
	LinkLayer string     `json:"linkLayer,omitempty"`
	State     string     `json:"state,omitempty"`
	Interface uint32     `json:"interface,omitempty"`
}
