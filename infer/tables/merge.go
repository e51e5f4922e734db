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
	if b.TakenAt.After(a.TakenAt) {
		a.TakenAt = b.TakenAt
	}
	a.Interfaces = append(a.Interfaces, b.Interfaces...)
	a.TCPConnections = append(a.TCPConnections, b.TCPConnections...)
	a.UDPEndpoints = append(a.UDPEndpoints, b.UDPEndpoints...)
	a.DestinationCache = append(a.DestinationCache, b.DestinationCache...)
	a.Neighbors = append(a.Neighbors, b.Neighbors...)
	a.Hosts = append(a.Hosts, b.Hosts...)
	normalise(a)
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
	s.TCPConnections = sorted(s.TCPConnections, compareConnections)
	s.UDPEndpoints = sorted(s.UDPEndpoints, compareConnections)
	s.DestinationCache = sorted(s.DestinationCache, compareDestinations)
	s.Neighbors = sorted(s.Neighbors, compareNeighbors)
	s.Hosts = sorted(s.Hosts, netip.Addr.Compare)
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
			merged = append(merged, row)
			continue
		}
		if merged[last].Name == "" {
			merged[last].Name = row.Name
		}
		merged[last].Addresses = append(merged[last].Addresses, row.Addresses...)
	}
	for i := range merged {
		merged[i].Addresses = sorted(merged[i].Addresses, netip.Addr.Compare)
	}
	return merged
}

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
	)
}

func compareNeighbors(a, b infer.Neighbor) int {
	return cmp.Or(
		a.Address.Compare(b.Address),
		cmp.Compare(a.Interface, b.Interface),
		cmp.Compare(a.LinkLayer, b.LinkLayer),
		cmp.Compare(a.State, b.State),
	)
}
