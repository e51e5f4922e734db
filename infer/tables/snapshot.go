package tables

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"

	"github.com/mendcap/mendcap/infer"
)

// table is one list of a Snapshot, with what is done to each of them.
type table struct {
	name      string // in mendcap's own format
	role      string // as Roles has it
	len       func(s *infer.Snapshot) int
	add       func(to, from *infer.Snapshot)
	normalise func(s *infer.Snapshot)
	addresses func(s *infer.Snapshot, visit func(*netip.Addr))               // the zero ones too; prefixes are none
	read      func(s *infer.Snapshot, raw json.RawMessage) (understood bool) // a row of mendcap's own format
}

// snapshotTables are all of them, in the order in which they are read and listed.
var snapshotTables = []table{
	tableOf("interfaces", "", ofInterface, plainInterface, mergeInterfaces,
		func(s *infer.Snapshot) *[]infer.Interface { return &s.Interfaces }),
	tableOf("tcpConnections", "TCP connections", ofConnection, plainConnection, mergeConnections,
		func(s *infer.Snapshot) *[]infer.Connection { return &s.TCPConnections }),
	tableOf("udpEndpoints", "UDP endpoints", ofConnection, plainConnection, mergeConnections,
		func(s *infer.Snapshot) *[]infer.Connection { return &s.UDPEndpoints }),
	tableOf("flows", "tracked flows", ofFlow, plainFlow, sortedBy(compareFlows),
		func(s *infer.Snapshot) *[]infer.Flow { return &s.Flows }),
	tableOf("destinationCache", "destination cache", ofDestination, plainDestination, sortedBy(compareDestinations),
		func(s *infer.Snapshot) *[]infer.Destination { return &s.DestinationCache }),
	tableOf("neighbors", "neighbors", ofNeighbor, plainNeighbor, sortedBy(compareNeighbors),
		func(s *infer.Snapshot) *[]infer.Neighbor { return &s.Neighbors }),
	tableOf("routes", "routes", ofRoute, plainRoute, sortedBy(compareRoutes),
		func(s *infer.Snapshot) *[]infer.Route { return &s.Routes }),
	tableOf("dnsCache", "resolver's cache", ofHost, plainHost, sortedBy(netip.Addr.Compare),
		func(s *infer.Snapshot) *[]netip.Addr { return &s.DNSCache }),
	tableOf("hosts", "other hosts", ofHost, plainHost, sortedBy(netip.Addr.Compare),
		func(s *infer.Snapshot) *[]netip.Addr { return &s.Hosts }),
	tableOf("hints", "hints", ofHint, plainHint, sortedBy(compareHints),
		func(s *infer.Snapshot) *[]infer.Hint { return &s.Hints }),
}

// tableOf makes a table of rows of one type. addresses are those of a row; plain
// brings the rest of a row into the form that Snapshots keep, given the zone of its
// addresses, and reports whether it is a row; sorted sorts rows and drops what is
// there twice.
func tableOf[T any](name, role string, addresses func(*T) []*netip.Addr, plain func(row *T, zone uint32) bool,
	sorted func([]T) []T, list func(*infer.Snapshot) *[]T) table {
	return table{
		name: name,
		role: role,
		len:  func(s *infer.Snapshot) int { return len(*list(s)) },
		add: func(to, from *infer.Snapshot) {
			rows := list(to)
			*rows = append(*rows, *list(from)...)
		},
		normalise: func(s *infer.Snapshot) {
			rows := list(s)
			*rows = sorted(*rows)
		},
		addresses: func(s *infer.Snapshot, visit func(*netip.Addr)) {
			rows := *list(s)
			for i := range rows {
				for _, address := range addresses(&rows[i]) {
					visit(address)
				}
			}
		},
		read: func(s *infer.Snapshot, raw json.RawMessage) bool {
			var row T
			if json.Unmarshal(raw, &row) != nil {
				return false
			}
			var zone uint32 // the first
			for _, address := range addresses(&row) {
				plain, z, _ := parseHost(address.String())
				*address, zone = specified(plain), cmp.Or(zone, z)
			}
			if !plain(&row, zone) {
				return false
			}
			rows := list(s)
			*rows = append(*rows, row)
			return true
		},
	}
}

// Merge adds b's rows to a. Afterwards a is sorted and has no duplicates: the
// same rows give the same Snapshot in whatever order they were merged. Rows of
// one interface become one; of two names for it the first in sorting order is
// kept. TakenAt becomes the later of the two. b is only read.
func Merge(a, b *infer.Snapshot) {
	add(a, b)
	normalise(a)
}

// add appends b's rows to a's.
func add(a, b *infer.Snapshot) {
	if b.TakenAt.After(a.TakenAt) {
		a.TakenAt = b.TakenAt
	}
	for _, t := range snapshotTables {
		t.add(a, b)
	}
}

// rowsOf counts the rows of a snapshot.
func rowsOf(s *infer.Snapshot) (rows int) {
	for _, t := range snapshotTables {
		rows += t.len(s)
	}
	return rows
}

// normalise sorts s and drops its duplicates.
func normalise(s *infer.Snapshot) {
	s.Version = Version
	for _, t := range snapshotTables {
		t.normalise(s)
	}
}

// WriteJSON writes s in mendcap's own table format; Parse reads back the same
// rows.
func WriteJSON(w io.Writer, s *infer.Snapshot) error {
	out := *s
	out.Version = Version
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(&out); err != nil {
		return fmt.Errorf("write tables: %w", err)
	}
	return nil
}

// Role is what a Snapshot has of one kind.
type Role struct {
	Name      string
	Rows      int
	Addresses int // distinct ones, of both families
}

// Roles returns how much s has of each kind, those of which it has none too.
func Roles(s *infer.Snapshot) []Role {
	var own, joined []netip.Addr
	for _, row := range s.Interfaces {
		own, joined = append(own, row.Addresses...), append(joined, row.Groups...)
	}
	roles := []Role{
		{"own addresses", len(own), len(sorted(own, netip.Addr.Compare))},
		{"joined groups", len(joined), len(sorted(joined, netip.Addr.Compare))},
	}
	for _, t := range snapshotTables[1:] { // those of interfaces are above
		roles = append(roles, Role{t.role, t.len(s), countAddresses(s, t)})
	}
	return roles
}

// countAddresses counts the distinct addresses of some tables.
func countAddresses(s *infer.Snapshot, of ...table) int {
	seen := map[netip.Addr]bool{}
	for _, t := range of {
		t.addresses(s, func(address *netip.Addr) { seen[*address] = true })
	}
	delete(seen, netip.Addr{})
	return len(seen)
}

// indexDevices gives rows that only name an interface its index, where the
// tables together give that name exactly one.
func indexDevices(s *infer.Snapshot) {
	indices := map[string]uint32{}
	for _, row := range s.Interfaces {
		if row.Index == 0 || row.Name == "" {
			continue
		}
		if known, ok := indices[row.Name]; ok && known != row.Index {
			indices[row.Name] = 0
		} else {
			indices[row.Name] = row.Index
		}
	}
	give := func(index *uint32, device *string) {
		if known := indices[*device]; known != 0 && *index == 0 {
			*index, *device = known, ""
		}
	}
	for i := range s.Interfaces {
		name := s.Interfaces[i].Name
		give(&s.Interfaces[i].Index, &name)
	}
	for i := range s.DestinationCache {
		give(&s.DestinationCache[i].Interface, &s.DestinationCache[i].Device)
	}
	for i := range s.Neighbors {
		give(&s.Neighbors[i].Interface, &s.Neighbors[i].Device)
	}
	for i := range s.Routes {
		give(&s.Routes[i].Interface, &s.Routes[i].Device)
	}
	normalise(s)
}
