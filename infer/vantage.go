package infer

import (
	"net/netip"
	"slices"
	"strconv"

	"github.com/mendcap/mendcap/internal/packet"
)

// vantage knows which addresses are the capturing host's own.
type vantage struct {
	known map[packet.Addr]bool // from tables; otherwise nil
	hubs  [scopes]hub
}

// scope separates traffic that has other addresses of the same host for ends.
type scope uint8

const (
	global scope = iota
	link
	ipv4

	scopes // their number
)

// hub holds the addresses that were an end of every conversation so far, and
// some of the networks that the conversations led to.
type hub struct {
	common   []packet.Addr
	networks []packet.Addr
}

// hubNetworks is how many networks, that of the hub among them, must have been
// seen: a host has several addresses in one or two networks of its own, which
// may all talk to one server, and that is then what they share.
const hubNetworks = 4

// prefixes are the lengths of a network's prefix by scope, bytes: a /64, the whole
// address, and IPv4's /24.
var prefixes = [scopes]int{global: 8, link: 16, ipv4: 15}

// proves reports whether the hub is the capturing host.
func (h *hub) proves() bool { return len(h.common) == 1 && len(h.networks) == hubNetworks }

// edge takes in a conversation between a and b. A host that captures its own
// traffic is an end of each, so the only address that all of them share is its
// own, if they lead to many networks.
func (v *vantage) edge(a, b packet.Addr) {
	if a == b || !isUnicast(a) || !isUnicast(b) {
		return
	}
	s := global
	switch {
	case a.IsMapped():
		s = ipv4
	case a.IsLinkLocal() || b.IsLinkLocal():
		s = link
	}
	h := &v.hubs[s]
	if len(h.networks) == 0 {
		h.common = []packet.Addr{a, b}
	}
	h.common = slices.DeleteFunc(h.common, func(c packet.Addr) bool { return c != a && c != b })
	for _, network := range [...]packet.Addr{a, b} {
		clear(network[prefixes[s]:])
		if len(h.networks) < hubNetworks && !slices.Contains(h.networks, network) {
			h.networks = append(h.networks, network)
		}
	}
}

// isUnicast reports whether a can be one end of a conversation between two
// hosts.
func isUnicast(a packet.Addr) bool {
	if a.IsMapped() {
		return a[12] != 0 && a[12] != 127 && a[12] < 224
	}
	return !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback()
}

// own notes that the tables name a as the host's.
func (v *vantage) own(a netip.Addr) {
	if v.known == nil {
		v.known = map[packet.Addr]bool{}
	}
	v.known[packet.AddrOf(a)] = true
}

// proved reports whether a is the host's own.
func (v *vantage) proved(a packet.Addr) bool {
	if a.IsLoopback() {
		return true
	}
	if v.known != nil {
		return v.known[a]
	}
	for i := range v.hubs {
		if v.hubs[i].proves() && v.hubs[i].common[0] == a {
			return true
		}
	}
	return false
}

// some reports whether any of the host's IPv6 addresses is known.
func (v *vantage) some() bool {
	return v.known != nil || v.hubs[global].proves() || v.hubs[link].proves()
}

// all returns the host's own addresses, sorted.
func (v *vantage) all() (list []netip.Addr) {
	for a := range v.known {
		list = append(list, a.Netip())
	}
	for i := range v.hubs {
		if v.known == nil && v.hubs[i].proves() {
			list = append(list, v.hubs[i].common[0].Netip())
		}
	}
	slices.SortFunc(list, netip.Addr.Compare)
	return list
}

// zoneOf returns the interface index in a's zone, 0 without one or where the
// zone is a name.
func zoneOf(a netip.Addr) uint32 {
	index, err := strconv.ParseUint(a.Zone(), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(index)
}
