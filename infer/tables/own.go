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
	{"interfaces", ownInterface},
	{"tcpConnections", func(s *infer.Snapshot, raw json.RawMessage) bool {
		return ownConnection(&s.TCPConnections, raw)
	}},
	{"udpEndpoints", func(s *infer.Snapshot, raw json.RawMessage) bool {
		return ownConnection(&s.UDPEndpoints, raw)
	}},
	{"destinationCache", ownDestination},
	{"neighbors", ownNeighbor},
	{"hosts", func(s *infer.Snapshot, raw json.RawMessage) bool { return ownAddress(&s.Hosts, raw) }},
	{"flows", ownFlow},
	{"routes", ownRoute},
	{"dnsCache", func(s *infer.Snapshot, raw json.RawMessage) bool { return ownAddress(&s.DNSCache, raw) }},
	{"hints", ownHint},
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

func ownInterface(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Interface
	if json.Unmarshal(raw, &row) != nil {
		return false
	}
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
	s.Interfaces = append(s.Interfaces, row)
	return true
}

func ownConnection(rows *[]infer.Connection, raw json.RawMessage) bool {
	var row infer.Connection
	if json.Unmarshal(raw, &row) != nil || row.Local.Port == 0 || !plainMoments(&row) {
		return false
	}
	row.State = word(row.State)
	row.Local.Address, _ = plainAddress(row.Local.Address)
	row.Remote.Address, _ = plainAddress(row.Remote.Address)
	*rows = append(*rows, row)
	return true
}

func ownDestination(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Destination
	if json.Unmarshal(raw, &row) != nil {
		return false
	}
	var zones [3]uint32
	row.Destination, zones[0] = plainAddress(row.Destination)
	row.Source, zones[1] = plainAddress(row.Source)
	row.NextHop, zones[2] = plainAddress(row.NextHop)
	row.Interface = cmp.Or(row.Interface, zones[0], zones[1], zones[2])
	row.Device = word(row.Device)
	if !row.Destination.IsValid() {
		return false
	}
	s.DestinationCache = append(s.DestinationCache, row)
	return true
}

func ownNeighbor(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Neighbor
	if json.Unmarshal(raw, &row) != nil {
		return false
	}
	address, zone := plainAddress(row.Address)
	if !address.IsValid() {
		return false
	}
	row.Address, row.State = address, word(row.State)
	row.LinkLayer = plainLinkLayer(row.LinkLayer)
	row.Interface = cmp.Or(row.Interface, zone)
	row.Device = word(row.Device)
	s.Neighbors = append(s.Neighbors, row)
	return true
}

func ownAddress(rows *[]netip.Addr, raw json.RawMessage) bool {
	var address netip.Addr
	if json.Unmarshal(raw, &address) != nil {
		return false
	}
	if address, _ = plainAddress(address); !address.IsValid() {
		return false
	}
	*rows = append(*rows, address)
	return true
}

func ownFlow(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Flow
	if json.Unmarshal(raw, &row) != nil {
		return false
	}
	row.Source.Address, _ = plainAddress(row.Source.Address)
	row.Destination.Address, _ = plainAddress(row.Destination.Address)
	if !row.Source.Address.IsValid() || !row.Destination.Address.IsValid() {
		return false
	}
	s.Flows = append(s.Flows, row)
	return true
}

func ownRoute(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Route
	if json.Unmarshal(raw, &row) != nil || !row.Prefix.IsValid() {
		return false
	}
	var zone uint32
	row.Prefix, row.Device = row.Prefix.Masked(), word(row.Device)
	row.NextHop, zone = plainAddress(row.NextHop)
	row.Interface = cmp.Or(row.Interface, zone)
	s.Routes = append(s.Routes, row)
	return true
}

func ownHint(s *infer.Snapshot, raw json.RawMessage) bool {
	var row infer.Hint
	if json.Unmarshal(raw, &row) != nil || !row.Prefix.IsValid() {
		return false
	}
	row.Prefix = row.Prefix.Masked()
	s.Hints = append(s.Hints, row)
	return true
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
