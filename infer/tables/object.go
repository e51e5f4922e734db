package tables

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
)

// An object is one of PowerShell's or of ip -j, by the members that are read.
// Those of PowerShell come as JSON, or as a table, a list or CSV.

// has reports whether the object has any of the members.
func (o object) has(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		_, ok := o[name]
		return ok
	})
}

// text returns the first of the members that is there and not null, a number
// as its digits.
func (o object) text(names ...string) string {
	for _, name := range names {
		member, ok := o[name]
		if !ok || string(member.raw) == "null" {
			continue
		}
		var s string
		if json.Unmarshal(member.raw, &s) == nil {
			return strings.TrimSpace(s)
		}
		return string(member.raw)
	}
	return ""
}

// put gives the object a member from a text.
func (o object) put(name, text string) {
	if raw, err := json.Marshal(text); err == nil { // a string always can
		o[name] = value{raw: raw}
	}
}

// index returns an interface's index, 0 where none is there.
func (o object) index(names ...string) uint32 {
	n, _ := number[uint32](o.text(names...))
	return n
}

// end returns the address and port of one end.
func (o object) end(address, port string) (e end, ok bool) {
	digits, text := o.text(port), o.text(address)
	e.Port, ok = number[uint16](digits)
	ok = ok || digits == ""
	if rest, cut := trimCut(text); cut {
		e.rest = rest
		return e, ok && rest != ""
	}
	host, _, isAddress := parseAddress(text)
	e.Address = specified(host)
	return e, ok && isAddress
}

// address returns the address of a row about one, and the interface's index.
// Of one that was cut, the rest.
func (o object) address() (address netip.Addr, index uint32, rest string, ok bool) {
	text := o.text("IPAddress", "IPv6Address", "IPv4Address")
	if rest, cut := trimCut(text); cut {
		return netip.Addr{}, 0, rest, rest != ""
	}
	address, zone, ok := parseHost(text)
	return address, cmp.Or(o.index("InterfaceIndex", "ifIndex"), zone), "", ok
}

// kind reads the objects of one command. Its row says why an object gave
// nothing, or not all.
type kind struct {
	name  string
	has   string // members, with bars between those of which one is enough
	lacks string // members that it never has
	row   func(c *collector, o object) (why string)
}

// kinds in the order in which they are tried. The members decide, as
// Select-Object leaves only some of them. An address and a state alone can be
// anything's: the leases of a DHCP server have both.
var kinds = []kind{
	{"Get-NetTCPConnection", "LocalAddress LocalPort RemoteAddress RemotePort", "", tcpConnection},
	{"Get-NetUDPEndpoint", "LocalAddress LocalPort", "RemoteAddress RemotePort State", udpEndpoint},
	{"Get-NetNeighbor", "IPAddress LinkLayerAddress|State LinkLayerAddress|InterfaceIndex|ifIndex|InterfaceAlias",
		"AddressState PrefixOrigin", neighbor},
	{"Get-NetIPAddress", "IPAddress|IPv6Address|IPv4Address PrefixLength|PrefixOrigin|SuffixOrigin|AddressState " +
		"PrefixLength|PrefixOrigin|SuffixOrigin|InterfaceIndex|ifIndex|InterfaceAlias", "LinkLayerAddress", ipAddress},
	{"Get-NetRoute", "DestinationPrefix NextHop", "", netRoute},
	{"Get-DnsClientCache", "Data Entry|RecordName", "", dnsEntry},
	{"ip-addr", "addr_info ifname", "", ipAddrObject},
	{"ip-maddr", "maddr ifname", "", ipMaddrObject},
	{"ip-neigh", "dst lladdr|state|proxy", "gateway flags", ipNeighObject},
	{"ip-route", "dst dev|gateway|via|nexthops", "", ipRouteObject},
}

// matches reports whether the object can be of the kind.
func (k *kind) matches(o object) bool {
	for one := range strings.FieldsSeq(k.has) {
		if !o.has(strings.Split(one, "|")...) {
			return false
		}
	}
	return !o.has(strings.Fields(k.lacks)...)
}

// kindOf returns the kind that the object can be of, or nil.
func kindOf(o object) *kind {
	for i := range kinds {
		if kinds[i].matches(o) {
			return &kinds[i]
		}
	}
	return nil
}
