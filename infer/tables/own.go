package tables

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"github.com/mendcap/mendcap/infer"
)

const ownFormat = "mendcap-json"

// ownTable reads the rows of one table.
type ownTable struct {
	name string
	row  func(s *infer.Snapshot, raw json.RawMessage) bool
}

// ownTables are the tables of mendcap's own format. Members that are not known
// are passed over.
var ownTables = []ownTable{
	{"interfaces", ownRow(func(s *infer.Snapshot) *[]infer.Interface { return &s.Interfaces }, plainInterface)},
	{"tcpConnections", ownRow(func(s *infer.Snapshot) *[]infer.Connection { return &s.TCPConnections }, plainConnection)},
	{"udpEndpoints", ownRow(func(s *infer.Snapshot) *[]infer.Connection { return &s.UDPEndpoints }, plainConnection)},
	{"destinationCache", ownRow(func(s *infer.Snapshot) *[]infer.Destination { return &s.DestinationCache }, plainDestination)},
	{"neighbors", ownRow(func(s *infer.Snapshot) *[]infer.Neighbor { return &s.Neighbors }, plainNeighbor)},
	{"hosts", ownRow(func(s *infer.Snapshot) *[]netip.Addr { return &s.Hosts }, plainHost)},
	{"flows", ownRow(func(s *infer.Snapshot) *[]infer.Flow { return &s.Flows }, plainFlow)},
	{"routes", ownRow(func(s *infer.Snapshot) *[]infer.Route { return &s.Routes }, plainRoute)},
	{"dnsCache", ownRow(func(s *infer.Snapshot) *[]netip.Addr { return &s.DNSCache }, plainHost)},
	{"hints", ownRow(func(s *infer.Snapshot) *[]infer.Hint { return &s.Hints }, plainHint)},
}

// ownRow reads rows of one type into a list of the snapshot. plain brings a row
// into the form that Snapshots keep, and reports whether that can be done.
func ownRow[T any](list func(*infer.Snapshot) *[]T, plain func(row *T) bool) func(*infer.Snapshot, json.RawMessage) bool {
	return func(s *infer.Snapshot, raw json.RawMessage) bool {
		var row T
		if json.Unmarshal(raw, &row) != nil || !plain(&row) {
			return false
		}
		rows := list(s)
		*rows = append(*rows, row)
		return true
	}
}

// isOwnFormat tells mendcap's own form by its version or any of its tables.
func isOwnFormat(o object) bool {
	return o.has("version") || slices.ContainsFunc(ownTables, func(t ownTable) bool { return o.has(t.name) })
}

// parseOwn reads mendcap's own form. Another version is refused: its fields
// could mean something else.
func (j *jsonText) parseOwn(o object) {
	j.found(ownFormat)
	if v, ok := o["version"]; !ok {
		j.problem = "mendcap's table format without its version"
		return
	} else if string(v.raw) != strconv.Itoa(Version) {
		j.problem = fmt.Sprintf("table format version %s is not known, only %d", sanitise(string(v.raw), 20), Version)
		return
	}
	if v, ok := o["takenAt"]; ok {
		if err := json.Unmarshal(v.raw, &j.snapshot.TakenAt); err != nil {
			j.lose(v, whyRow)
		}
	}
	for _, table := range ownTables {
		v, ok := o[table.name]
		if !ok || string(v.raw) == "null" {
			continue
		}
		if v.raw[0] != '[' {
			j.lose(v, whyRow)
			continue
		}
		elements(v, func(row value) {
			if j.room() && !table.row(j.snapshot, row.raw) {
				j.rows--
				j.lose(row, whyRow)
			}
		})
	}
}

func plainInterface(row *infer.Interface) bool {
	row.Name = word(row.Name)
	for _, list := range []struct {
		addresses []netip.Addr
		parse     func(string) (netip.Addr, uint32, bool)
	}{{row.Addresses, parseLocal}, {row.Groups, parseGroup}} {
		for i, address := range list.addresses {
			plain, zone, ok := list.parse(address.String())
			if !ok {
				return false
			}
			list.addresses[i] = plain
			row.Index = cmp.Or(row.Index, zone)
		}
	}
	return true
}

func plainConnection(row *infer.Connection) bool {
	row.State = word(row.State)
	plainHost(&row.Local.Address)
	plainHost(&row.Remote.Address)
	return row.Local.Port != 0 && plainMoments(row)
}

func plainDestination(row *infer.Destination) bool {
	var zones [3]uint32
	row.Destination, zones[0] = plainAddress(row.Destination)
	row.Source, zones[1] = plainAddress(row.Source)
	row.NextHop, zones[2] = plainAddress(row.NextHop)
	row.Interface = cmp.Or(row.Interface, zones[0], zones[1], zones[2])
	row.Device = word(row.Device)
	return row.Destination.IsValid()
}

func plainNeighbor(row *infer.Neighbor) bool {
	var zone uint32
	row.Address, zone = plainAddress(row.Address)
	row.State, row.LinkLayer, row.Device = word(row.State), plainLinkLayer(row.LinkLayer), word(row.Device)
	row.Interface = cmp.Or(row.Interface, zone)
	return row.Address.IsValid()
}

func plainHost(address *netip.Addr) bool {
	*address, _ = plainAddress(*address)
	return address.IsValid()
}

func plainFlow(row *infer.Flow) bool {
	source, destination := plainHost(&row.Source.Address), plainHost(&row.Destination.Address)
	return source && destination
}

func plainRoute(row *infer.Route) bool {
	var zone uint32
	row.Prefix, row.Device = row.Prefix.Masked(), word(row.Device)
	row.NextHop, zone = plainAddress(row.NextHop)
	row.Interface = cmp.Or(row.Interface, zone)
	return row.Prefix.IsValid()
}

func plainHint(row *infer.Hint) bool {
	row.Prefix = row.Prefix.Masked()
	return row.Prefix.IsValid()
}

// plainAddress brings an address into the form that Snapshots keep: no zone,
// not IPv4-mapped, the zero address for "any".
func plainAddress(address netip.Addr) (plain netip.Addr, zone uint32) {
	plain, zone, _ = parseHost(address.String())
	return specified(plain), zone
}

// plainLinkLayer is an Ethernet address in one spelling; another link's stays.
func plainLinkLayer(s string) string {
	if linkLayer, ok := parseLinkLayer(s); ok {
		return linkLayer
	}
	return word(s)
}
