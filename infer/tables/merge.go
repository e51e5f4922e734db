package tables

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer"
)

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
	a.Interfaces = append(a.Interfaces, b.Interfaces...)
	a.TCPConnections = append(a.TCPConnections, b.TCPConnections...)
	a.UDPEndpoints = append(a.UDPEndpoints, b.UDPEndpoints...)
	a.DestinationCache = append(a.DestinationCache, b.DestinationCache...)
	a.Neighbors = append(a.Neighbors, b.Neighbors...)
	a.Hosts = append(a.Hosts, b.Hosts...)
	a.Flows = append(a.Flows, b.Flows...)
	a.Routes = append(a.Routes, b.Routes...)
	a.DNSCache = append(a.DNSCache, b.DNSCache...)
	a.Hints = append(a.Hints, b.Hints...)
}

// rowsOf counts the rows of a snapshot.
func rowsOf(s *infer.Snapshot) int {
	return len(s.Interfaces) + len(s.TCPConnections) + len(s.UDPEndpoints) + len(s.DestinationCache) + len(s.Neighbors) +
		len(s.Hosts) + len(s.Flows) + len(s.Routes) + len(s.DNSCache) + len(s.Hints)
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

// normalise sorts s and drops its duplicates.
func normalise(s *infer.Snapshot) {
	s.Version = Version
	s.Interfaces = mergeInterfaces(s.Interfaces)
	s.TCPConnections = mergeConnections(s.TCPConnections)
	s.UDPEndpoints = mergeConnections(s.UDPEndpoints)
	s.DestinationCache = sorted(s.DestinationCache, compareDestinations)
	s.Neighbors = sorted(s.Neighbors, compareNeighbors)
	s.Hosts = sorted(s.Hosts, netip.Addr.Compare)
	s.Flows = sorted(s.Flows, compareFlows)
	s.Routes = sorted(s.Routes, compareRoutes)
	s.DNSCache = sorted(s.DNSCache, netip.Addr.Compare)
	s.Hints = sorted(s.Hints, compareHints)
}

// settleDevices gives rows that only name an interface its index, where the
// tables together give that name exactly one.
func settleDevices(s *infer.Snapshot) {
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
	settle := func(index *uint32, device *string) {
		if known := indices[*device]; known != 0 && *index == 0 {
			*index, *device = known, ""
		}
	}
	for i := range s.Interfaces {
		name := s.Interfaces[i].Name
		settle(&s.Interfaces[i].Index, &name)
	}
	for i := range s.DestinationCache {
		settle(&s.DestinationCache[i].Interface, &s.DestinationCache[i].Device)
	}
	for i := range s.Neighbors {
		settle(&s.Neighbors[i].Interface, &s.Neighbors[i].Device)
	}
	for i := range s.Routes {
		settle(&s.Routes[i].Interface, &s.Routes[i].Device)
	}
	normalise(s)
}

// sorted sorts rows and drops duplicates; compare says 0 for equal rows only.
func sorted[T comparable](rows []T, compare func(a, b T) int) []T {
	slices.SortFunc(rows, compare)
	return slices.Compact(rows)
}

// mergeInterfaces makes one row of all rows with the same index, or with the
// same name where no index is known.
func mergeInterfaces(rows []infer.Interface) []infer.Interface {
	slices.SortFunc(rows, func(a, b infer.Interface) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Name, b.Name))
	})
	var merged []infer.Interface
	for _, row := range rows {
		last := len(merged) - 1
		if last < 0 || merged[last].Index != row.Index || row.Index == 0 && merged[last].Name != row.Name {
			row.Addresses = slices.Clone(row.Addresses)
			row.Groups = slices.Clone(row.Groups)
			merged = append(merged, row)
			continue
		}
		if merged[last].Name == "" {
			merged[last].Name = row.Name
		}
		merged[last].Addresses = append(merged[last].Addresses, row.Addresses...)
		merged[last].Groups = append(merged[last].Groups, row.Groups...)
	}
	for i := range merged {
		merged[i].Addresses = sorted(merged[i].Addresses, netip.Addr.Compare)
		merged[i].Groups = sorted(merged[i].Groups, netip.Addr.Compare)
	}
	return merged
}

// compareConnections compares rows without their moments.
func compareConnections(a, b infer.Connection) int {
	return cmp.Or(
		compareEndpoints(a.Local, b.Local),
		compareEndpoints(a.Remote, b.Remote),
		cmp.Compare(a.State, b.State),
		cmp.Compare(a.PID, b.PID),
	)
}

func compareEndpoints(a, b infer.Endpoint) int {
	return cmp.Or(a.Address.Compare(b.Address), cmp.Compare(a.Port, b.Port))
}

func compareDestinations(a, b infer.Destination) int {
	return cmp.Or(
		a.Destination.Compare(b.Destination),
		a.Source.Compare(b.Source),
		a.NextHop.Compare(b.NextHop),
		cmp.Compare(a.Interface, b.Interface),
		cmp.Compare(a.Device, b.Device),
	)
}

func compareNeighbors(a, b infer.Neighbor) int {
	return cmp.Or(
		a.Address.Compare(b.Address),
		cmp.Compare(a.Interface, b.Interface),
		cmp.Compare(a.Device, b.Device),
		cmp.Compare(a.LinkLayer, b.LinkLayer),
		cmp.Compare(a.State, b.State),
	)
}

func compareFlows(a, b infer.Flow) int {
	return cmp.Or(
		cmp.Compare(a.Protocol, b.Protocol),
		compareEndpoints(a.Source, b.Source),
		compareEndpoints(a.Destination, b.Destination),
	)
}

func compareRoutes(a, b infer.Route) int {
	return cmp.Or(
		comparePrefixes(a.Prefix, b.Prefix),
		a.NextHop.Compare(b.NextHop),
		cmp.Compare(a.Interface, b.Interface),
		cmp.Compare(a.Device, b.Device),
	)
}

func compareHints(a, b infer.Hint) int {
	local := func(h infer.Hint) int {
		if h.Local {
			return 1
		}
		return 0
	}
	return cmp.Or(
		comparePrefixes(a.Prefix, b.Prefix),
		cmp.Compare(a.Port, b.Port),
		cmp.Compare(local(a), local(b)),
	)
}

func comparePrefixes(a, b netip.Prefix) int {
	return cmp.Or(a.Addr().Compare(b.Addr()), cmp.Compare(a.Bits(), b.Bits()))
}
