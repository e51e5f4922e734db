package infer

import (
	"net/netip"
	"time"
)

// Snapshot is what network tables, saved beside a capture, say of the
// capturing host and its peers. It is a union: the same row may have come
// from several files. The zero value is an empty one.
//
// Addresses have no zone; an interface's index is given beside those that need
// one. Its JSON form is mendcap's own table format, version 1.
type Snapshot struct {
	Version          int           `json:"version"`
	TakenAt          time.Time     `json:"takenAt,omitzero"`
	Interfaces       []Interface   `json:"interfaces,omitempty"`
	TCPConnections   []Connection  `json:"tcpConnections,omitempty"`
	UDPEndpoints     []Connection  `json:"udpEndpoints,omitempty"`
	DestinationCache []Destination `json:"destinationCache,omitempty"`
	Neighbors        []Neighbor    `json:"neighbors,omitempty"`

	// Hosts are other addresses that the tables name: gateways, name servers,
	// those that have a route of their own.
	// Nothing says that the host has sent to them.
	Hosts []netip.Addr `json:"hosts,omitempty"`

	// Flows are what a connection tracker follows: on a router neither end is
	// the host, on a host either may be.
	Flows []Flow `json:"flows,omitempty"`

	// Routes are those of the routing table. Addresses that a route says are
	// the host's own are in Interfaces.
	Routes []Route `json:"routes,omitempty"`

	// DNSCache are addresses to which the resolver's cache says that names
	// lead: the host has asked for them, and may have sent to them.
	DNSCache []netip.Addr `json:"dnsCache,omitempty"`

	// Hints are what is left of addresses that a tool has cut.
	Hints []Hint `json:"hints,omitempty"`
}

// Interface is one of the host's interfaces with its own addresses and the
// multicast groups that the host has joined there.
type Interface struct {
	Index     uint32       `json:"index,omitempty"`
	Name      string       `json:"name,omitempty"`
	Addresses []netip.Addr `json:"addresses,omitempty"`
	Groups    []netip.Addr `json:"groups,omitempty"`
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

	// FirstSeen and LastSeen are the first and the last moment at which the table
	// had the row. Both are zero where no moment is known, or where one of several
	// isn't.
	FirstSeen time.Time `json:"firstSeen,omitzero"`
	LastSeen  time.Time `json:"lastSeen,omitzero"`
}

// Destination is a row of the destination cache: an address that the host has
// sent to, or was asked the way to, and by which next hop. Device is the
// interface's name where no table gives its index.
type Destination struct {
	Destination netip.Addr `json:"destination"`
	Source      netip.Addr `json:"source,omitzero"`
	NextHop     netip.Addr `json:"nextHop,omitzero"`
	Interface   uint32     `json:"interface,omitempty"`
	Device      string     `json:"device,omitempty"`
}

// Neighbor is a row of the neighbor cache (RFC 4861, section 5.1). Device is
// the interface's name where no table gives its index.
type Neighbor struct {
	Address   netip.Addr `json:"address"`
	LinkLayer string     `json:"linkLayer,omitempty"`
	State     string     `json:"state,omitempty"`
	Interface uint32     `json:"interface,omitempty"`
	Device    string     `json:"device,omitempty"`
}

// Flow is one direction of what a connection tracker follows: packets of the
// protocol (an IP protocol number) that go from Source to Destination. Its
// other direction is a Flow of its own, which differs from the reverse of this
// one where addresses are translated. The ports are 0 where the protocol has
// none.
type Flow struct {
	Protocol    uint8    `json:"protocol"`
	Source      Endpoint `json:"source"`
	Destination Endpoint `json:"destination"`
}

// Route is a route to the addresses with a prefix. Without a next hop they are
// on the link. Device is the interface's name where no table gives its index.
type Route struct {
	Prefix    netip.Prefix `json:"prefix"`
	NextHop   netip.Addr   `json:"nextHop,omitzero"`
	Interface uint32       `json:"interface,omitempty"`
	Device    string       `json:"device,omitempty"`
}

// Hint is what is left of an address that a tool has cut to fit a column: the
// tables name some address that begins with Prefix. It is no candidate, but
// speaks for those that fit.
type Hint struct {
	Prefix netip.Prefix `json:"prefix"`          // what is certain of it; whole 16-bit groups
	Port   uint16       `json:"port,omitempty"`  // the port after it, 0 where none was whole
	Local  bool         `json:"local,omitempty"` // it is one of the host's own
}
