package tables

import (
	"net/netip"

	"github.com/mendcap/mendcap/infer"
)

// Role is what a Snapshot has of one kind.
type Role struct {
	Name      string
	Rows      int
	Addresses int // distinct ones, of both families
}

// Roles returns how much s has of each kind, those of which it has none too.
func Roles(s *infer.Snapshot) []Role {
	addresses, groups := 0, 0
	own, joined := &infer.Snapshot{}, &infer.Snapshot{}
	for _, row := range s.Interfaces {
		addresses += len(row.Addresses)
		groups += len(row.Groups)
		own.Interfaces = append(own.Interfaces, infer.Interface{Addresses: row.Addresses})
		joined.Interfaces = append(joined.Interfaces, infer.Interface{Groups: row.Groups})
	}
	return []Role{
		{"own addresses", addresses, countAddresses(own)},
		{"joined groups", groups, countAddresses(joined)},
		{"TCP connections", len(s.TCPConnections), countAddresses(&infer.Snapshot{TCPConnections: s.TCPConnections})},
		{"UDP endpoints", len(s.UDPEndpoints), countAddresses(&infer.Snapshot{UDPEndpoints: s.UDPEndpoints})},
		{"tracked flows", len(s.Flows), countAddresses(&infer.Snapshot{Flows: s.Flows})},
		{"destination cache", len(s.DestinationCache), countAddresses(&infer.Snapshot{DestinationCache: s.DestinationCache})},
		{"neighbors", len(s.Neighbors), countAddresses(&infer.Snapshot{Neighbors: s.Neighbors})},
		{"routes", len(s.Routes), countAddresses(&infer.Snapshot{Routes: s.Routes})},
		{"resolver's cache", len(s.DNSCache), countAddresses(&infer.Snapshot{DNSCache: s.DNSCache})},
		{"other hosts", len(s.Hosts), countAddresses(&infer.Snapshot{Hosts: s.Hosts})},
		{"hints", len(s.Hints), 0},
	}
}

func countAddresses(s *infer.Snapshot) int {
	seen := map[netip.Addr]bool{}
	eachAddress(s, func(address netip.Addr) { seen[address] = true })
	delete(seen, netip.Addr{})
	return len(seen)
}

// eachAddress visits the addresses of a snapshot, the zero ones too; prefixes
// are none.
func eachAddress(s *infer.Snapshot, visit func(netip.Addr)) {
	all := func(addresses []netip.Addr) {
		for _, address := range addresses {
			visit(address)
		}
	}
	for _, row := range s.Interfaces {
		all(row.Addresses)
		all(row.Groups)
	}
	for _, rows := range [][]infer.Connection{s.TCPConnections, s.UDPEndpoints} {
		for _, row := range rows {
			visit(row.Local.Address)
			visit(row.Remote.Address)
		}
	}
	for _, row := range s.DestinationCache {
		visit(row.Destination)
		visit(row.Source)
		visit(row.NextHop)
	}
	for _, row := range s.Neighbors {
		visit(row.Address)
	}
	for _, row := range s.Flows {
		visit(row.Source.Address)
		visit(row.Destination.Address)
	}
	for _, row := range s.Routes {
		visit(row.NextHop)
	}
	all(s.Hosts)
	all(s.DNSCache)
}
