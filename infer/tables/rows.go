package tables

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer"
)

// What is known of the rows of a Snapshot's tables: where their addresses are, the
// form that Snapshots keep, and their order.

func ofInterface(row *infer.Interface) (addresses []*netip.Addr) {
	for i := range row.Addresses {
		addresses = append(addresses, &row.Addresses[i])
	}
	for i := range row.Groups {
		addresses = append(addresses, &row.Groups[i])
	}
	return addresses
}

func plainInterface(row *infer.Interface, zone uint32) bool {
	row.Name, row.Index = word(row.Name), cmp.Or(row.Index, zone)
	isLocal := func(a netip.Addr) bool { return a.IsValid() && !a.IsMulticast() }
	return all(row.Addresses, isLocal) && all(row.Groups, netip.Addr.IsMulticast)
}

func all(addresses []netip.Addr, are func(netip.Addr) bool) bool {
	return !slices.ContainsFunc(addresses, func(a netip.Addr) bool { return !are(a) })
}

// mergeInterfaces makes one row of all rows with the same index, or with the
// same name where no index is known.
func mergeInterfaces(rows []infer.Interface) []infer.Interface {
	sortRows(rows, func(a, b infer.Interface) int {
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
		merged[last].Name = cmp.Or(merged[last].Name, row.Name)
		merged[last].Addresses = append(merged[last].Addresses, row.Addresses...)
		merged[last].Groups = append(merged[last].Groups, row.Groups...)
	}
	for i := range merged {
		merged[i].Addresses = sorted(merged[i].Addresses, netip.Addr.Compare)
		merged[i].Groups = sorted(merged[i].Groups, netip.Addr.Compare)
	}
	return merged
}

// sorted sorts rows and drops duplicates; compare says 0 for equal rows only.
func sorted[T comparable](rows []T, compare func(a, b T) int) []T {
	sortRows(rows, compare)
	return slices.Compact(rows)
}

// sortRows sorts rows by pointers to them: the program has one such sort for rows of all
// types, where each type would have one of 15 KB otherwise.
func sortRows[T any](rows []T, compare func(a, b T) int) {
	if len(rows) < 2 {
		return
	}
	before := slices.Clone(rows)
	order := make([]*T, len(rows))
	for i := range before {
		order[i] = &before[i]
	}
	slices.SortFunc(order, func(a, b *T) int { return compare(*a, *b) })
	for i, row := range order {
		rows[i] = *row
	}
}

// sortedBy is sorted with the comparison to come first.
func sortedBy[T comparable](compare func(a, b T) int) func([]T) []T {
	return func(rows []T) []T { return sorted(rows, compare) }
}

func ofConnection(row *infer.Connection) []*netip.Addr {
	return []*netip.Addr{&row.Local.Address, &row.Remote.Address}
}

func plainConnection(row *infer.Connection, _ uint32) bool {
	row.State = word(row.State)
	return row.Local.Port != 0 && plainMoments(row)
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

func ofDestination(row *infer.Destination) []*netip.Addr {
	return []*netip.Addr{&row.Destination, &row.Source, &row.NextHop}
}

func plainDestination(row *infer.Destination, zone uint32) bool {
	row.Interface, row.Device = cmp.Or(row.Interface, zone), word(row.Device)
	return row.Destination.IsValid()
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

func ofNeighbor(row *infer.Neighbor) []*netip.Addr { return []*netip.Addr{&row.Address} }

func plainNeighbor(row *infer.Neighbor, zone uint32) bool {
	row.Interface, row.Device, row.State = cmp.Or(row.Interface, zone), word(row.Device), word(row.State)
	if linkLayer, ok := parseLinkLayer(row.LinkLayer); ok {
		row.LinkLayer = linkLayer
	} else {
		row.LinkLayer = word(row.LinkLayer) // another link's
	}
	return row.Address.IsValid()
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

func ofHost(row *netip.Addr) []*netip.Addr { return []*netip.Addr{row} }

func plainHost(row *netip.Addr, _ uint32) bool { return row.IsValid() }

func ofFlow(row *infer.Flow) []*netip.Addr {
	return []*netip.Addr{&row.Source.Address, &row.Destination.Address}
}

func plainFlow(row *infer.Flow, _ uint32) bool {
	return row.Source.Address.IsValid() && row.Destination.Address.IsValid()
}

func compareFlows(a, b infer.Flow) int {
	return cmp.Or(
		cmp.Compare(a.Protocol, b.Protocol),
		compareEndpoints(a.Source, b.Source),
		compareEndpoints(a.Destination, b.Destination),
	)
}

func ofRoute(row *infer.Route) []*netip.Addr { return []*netip.Addr{&row.NextHop} }

func plainRoute(row *infer.Route, zone uint32) bool {
	row.Interface, row.Device = cmp.Or(row.Interface, zone), word(row.Device)
	row.Prefix = row.Prefix.Masked()
	return row.Prefix.IsValid()
}

func compareRoutes(a, b infer.Route) int {
	return cmp.Or(
		a.Prefix.Compare(b.Prefix),
		a.NextHop.Compare(b.NextHop),
		cmp.Compare(a.Interface, b.Interface),
		cmp.Compare(a.Device, b.Device),
	)
}

func ofHint(*infer.Hint) []*netip.Addr { return nil }

func plainHint(row *infer.Hint, _ uint32) bool {
	row.Prefix = row.Prefix.Masked()
	return row.Prefix.IsValid()
}

func compareHints(a, b infer.Hint) int {
	if order := cmp.Or(a.Prefix.Compare(b.Prefix), cmp.Compare(a.Port, b.Port)); order != 0 || a.Local == b.Local {
		return order
	}
	if a.Local {
		return 1
	}
	return -1
}
