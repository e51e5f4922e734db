package tables

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"strings"
)

// An object is one of PowerShell's or of ip -j, by the members that are read.
// Those of PowerShell come as JSON, or as a table, a list or CSV.

// has reports whether the object has any of the members.
func (o object) has(names ...string) bool {
	for _, name := range names {
		if _, ok := o[name]; ok {
			return true
		}
	}
	return false
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
	name    string
	matches func(o object) bool
	row     func(c *collector, o object) (why string)
}

// kinds in the order in which they are tried. The members decide, as
// Select-Object leaves only some of them.
var kinds = []kind{
	{"Get-NetTCPConnection", isTCPConnection, tcpConnection},
	{"Get-NetUDPEndpoint", isUDPEndpoint, udpEndpoint},
	{"Get-NetNeighbor", isNeighbor, neighbor},
	{"Get-NetIPAddress", isIPAddress, ipAddress},
	{"Get-NetRoute", isNetRoute, netRoute},
	{"Get-DnsClientCache", isDNSEntry, dnsEntry},
	{"ip-addr", isIPAddrObject, ipAddrObject},
	{"ip-maddr", isIPMaddrObject, ipMaddrObject},
	{"ip-neigh", isIPNeighObject, ipNeighObject},
	{"ip-route", isIPRouteObject, ipRouteObject},
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
