package tables

import (
	"cmp"
	"net/netip"
	"strconv"

	"github.com/mendcap/mendcap/infer"
)

// properties are those of PowerShell's CIM objects that are read. Their names
// are English in every locale; values may be null; enumerations are numbers or
// their English names, by version and options.
var properties = []string{
	"LocalAddress", "LocalPort", "RemoteAddress", "RemotePort", "State", "OwningProcess",
	"IPAddress", "IPv6Address", "IPv4Address", "LinkLayerAddress", "InterfaceIndex", "ifIndex", "InterfaceAlias",
	"PrefixLength", "PrefixOrigin", "SuffixOrigin", "AddressState", "DestinationPrefix", "NextHop",
	"RouteMetric", "Protocol",
	"Entry", "Name", "RecordName", "RecordType", "Type", "Data",
}

func tcpConnection(c *collector, o object) (why string) {
	local, ok := o.end("LocalAddress", "LocalPort")
	remote, isRemote := o.end("RemoteAddress", "RemotePort")
	pid, _ := number[uint32](o.text("OwningProcess"))
	if !ok || !isRemote || local.Port == 0 {
		return whyRow
	}
	return c.socket(false, local, remote, named(tcpStates, o.text("State")), pid)
}

func udpEndpoint(c *collector, o object) (why string) {
	local, ok := o.end("LocalAddress", "LocalPort")
	pid, _ := number[uint32](o.text("OwningProcess"))
	if !ok || local.Port == 0 {
		return whyRow
	}
	return c.socket(true, local, end{}, "", pid)
}

func neighbor(c *collector, o object) (why string) {
	address, index, rest, ok := o.address()
	if !ok {
		return whyName
	}
	if rest != "" {
		return c.hint(rest, 0, false)
	}
	linkLayer, _ := parseLinkLayer(o.text("LinkLayerAddress"))
	c.neighbor(infer.Neighbor{
		Address: address, LinkLayer: linkLayer, State: named(neighborStates, o.text("State")), Interface: index,
	})
	return ""
}

func ipAddress(c *collector, o object) (why string) {
	address, index, rest, ok := o.address()
	if !ok || address.IsMulticast() {
		return whyName
	}
	if rest != "" {
		return c.hint(rest, 0, true)
	}
	c.local(index, word(o.text("InterfaceAlias")), address)
	return ""
}

func netRoute(c *collector, o object) (why string) {
	destination, hop := o.text("DestinationPrefix"), o.text("NextHop")
	for _, text := range []string{destination, hop} {
		if rest, cut := trimCut(text); cut {
			return c.hint(rest, 0, false)
		}
	}
	prefix, ok := parsePrefix(destination)
	next, zone, isAddress := parseAddress(hop)
	if !ok || !isAddress {
		return whyRow
	}
	index := cmp.Or(o.index("InterfaceIndex", "ifIndex"), zone)
	protocol := o.text("Protocol")
	if (protocol == "Local" || protocol == "2") && isHostRoute(prefix) && next.IsUnspecified() {
		c.local(index, "", prefix.Addr())
		return ""
	}
	row := infer.Route{Prefix: prefix, NextHop: specified(next), Interface: index}
	c.windowsRoute(row, protocol == "" && o.text("RouteMetric") == strconv.Itoa(systemMetric))
	return ""
}

// systemMetric is what Windows gives the routes that it makes by itself, before
// the interface's metric is added. Tunnels have lower ones to their peers.
const systemMetric = 256

// windowsRoute adds a route of a Windows host. The system has a /128 on the link
// for each of the host's own addresses; one that somebody has added looks the
// same, so that sortHostRoutes decides once the whole file is read.
func (c *collector) windowsRoute(row infer.Route, system bool) {
	if system && isHostRoute(row.Prefix) && !row.NextHop.IsValid() && len(c.hostRoutes) < c.limit {
		c.hostRoutes = append(c.hostRoutes, row)
		return
	}
	c.route(row)
}

// sortHostRoutes tells the host's own addresses among the routes to one address
// by a second sign: the address is the loopback's, or in a prefix that is on the
// link of the same interface.
func (c *collector) sortHostRoutes() {
	onLink, lengths := map[infer.Route]bool{}, map[int]bool{}
	for _, r := range c.snapshot.Routes {
		if bits := r.Prefix.Bits(); bits > 0 && !r.Prefix.IsSingleIP() && !r.NextHop.IsValid() {
			onLink[infer.Route{Prefix: r.Prefix, Interface: r.Interface}] = true
			lengths[bits] = true
		}
	}
	for _, r := range c.hostRoutes {
		own := r.Prefix.Addr().IsLoopback()
		for bits := range lengths {
			prefix := netip.PrefixFrom(r.Prefix.Addr(), bits).Masked()
			own = own || onLink[infer.Route{Prefix: prefix, Interface: r.Interface}]
		}
		if own {
			c.local(r.Interface, "", r.Prefix.Addr())
		} else {
			c.route(r)
		}
	}
	c.hostRoutes = nil
}

// isHostRoute reports whether a prefix is a whole unicast IPv6 address. IPv4 has
// broadcast addresses, which look alike.
func isHostRoute(prefix netip.Prefix) bool {
	a := prefix.Addr()
	return prefix.IsSingleIP() && a.Is6() && !a.IsMulticast() && !a.IsUnspecified()
}

// dnsEntry reads what a name leads to. Most entries lead to other names.
func dnsEntry(c *collector, o object) (why string) {
	data := o.text("Data")
	if rest, cut := trimCut(data); cut {
		if _, ok := certainOf(rest); ok {
			return c.hint(rest, 0, false)
		}
	}
	if address, _, ok := parseHost(data); ok {
		c.cached(address)
	}
	return ""
}

// tcpStates are the values of MSFT_NetTCPConnection's State, those of MIB_TCP_STATE.
var tcpStates = map[string]string{
	"1": "Closed", "2": "Listen", "3": "SynSent", "4": "SynReceived", "5": "Established", "6": "FinWait1",
	"7": "FinWait2", "8": "CloseWait", "9": "Closing", "10": "LastAck", "11": "TimeWait", "12": "DeleteTCB", "100": "Bound",
}

// neighborStates are the values of MSFT_NetNeighbor's State, those of NL_NEIGHBOR_STATE.
var neighborStates = map[string]string{
	"0": "Unreachable", "1": "Incomplete", "2": "Probe", "3": "Delay", "4": "Stale", "5": "Reachable", "6": "Permanent",
}

// named gives an enumeration's value its name.
func named(names map[string]string, value string) string {
	if name, ok := names[value]; ok {
		return name
	}
	return word(value)
}
