package tables

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// after returns the word that follows a keyword, empty if it isn't there.
func after(fields []string, keyword string) string {
	if i := slices.Index(fields, keyword); i >= 0 && i+1 < len(fields) {
		return fields[i+1]
	}
	return ""
}

// ipNeigh reads a row of Linux' `ip neigh`: an address, then keywords with
// their values, flags, and the state in capitals, in whatever order they have in
// the version (ip-neighbour(8)). Some rows have no state.
func ipNeigh(c *collector, fields []string) (why string) {
	address, index, device, ok := parseZoned(fields[0])
	if !ok {
		return whyUnknown
	}
	linkLayer, isLinkLayer := parseLinkLayer(after(fields, "lladdr"))
	dev := after(fields, "dev")
	row := infer.Neighbor{Address: address, LinkLayer: linkLayer, Interface: index, Device: cmp.Or(word(dev), device)}
	if i := slices.IndexFunc(fields, isNeighState); i >= 0 {
		row.State = fields[i]
		ok = len(fields) == 2 || fields[1] == "dev" || fields[1] == "lladdr"
	} else {
		ok = len(fields) > 3 && fields[1] == "dev" && (isLinkLayer || slices.ContainsFunc(fields[3:], isNeighFlag))
	}
	switch {
	case !ok:
		return whyUnknown
	case len(fields) > 3 && slices.Contains(fields[3:], "proxy"): // the host only answers for it
		c.host(address)
	default:
		c.neighbor(row)
	}
	return ""
}

func isNeighState(token string) bool { return slices.Contains(neighStates, token) }

func isNeighFlag(token string) bool { return slices.Contains(neighFlags, token) }

// The kernel's states of a neighbor, RFC 4861's and more, and those flags that no
// route has.
var (
	neighStates = []string{"REACHABLE", "STALE", "DELAY", "PROBE", "FAILED", "INCOMPLETE", "PERMANENT", "NOARP", "NONE"}
	neighFlags  = []string{"router", "proxy", "managed", "extern_learn", "extern_valid"}
)

// ipRoute is a line of `ip route`, of all its commands.
type ipRoute struct {
	kind   string // unicast if it isn't said
	target string // default, a prefix, or an address
	tail   []string
}

var routeKinds = []string{
	"unicast", "local", "broadcast", "multicast", "anycast", "unreachable", "prohibit", "blackhole", "throw",
}

// splitIPRoute tells the lines: perhaps the kind of route, the destination,
// then keywords, of which one says the way.
func splitIPRoute(l *lines) (r ipRoute, ok bool) {
	fields := l.fields()
	r.kind = "unicast"
	if slices.Contains(routeKinds, fields[0]) {
		r.kind, fields = fields[0], fields[1:]
	}
	if len(fields) < 2 {
		return r, false
	}
	r.target, r.tail = fields[0], fields[1:]
	if _, _, ok = r.destination(netip.Addr{}); !ok {
		return r, false
	}
	return r, !slices.Contains(r.tail, "lladdr") && slices.ContainsFunc(r.tail, func(s string) bool {
		return s == "dev" || s == "via" || s == "proto" || s == "metric" || s == "nhid"
	})
}

// destination returns the route's prefix, and whether it was a single address.
// That of the default route is of the next hop's family.
func (r *ipRoute) destination(hop netip.Addr) (prefix netip.Prefix, single, ok bool) {
	if r.target == "default" {
		return defaultPrefix(hop), false, true
	}
	if prefix, ok = parsePrefix(r.target); ok {
		return prefix, false, true
	}
	address, _, ok := parseHost(r.target)
	return netip.PrefixFrom(address, address.BitLen()), true, ok
}

// parseIPRoute reads a route, with the next hops of a multipath one in the
// lines below, or what says that it is from the cache.
func parseIPRoute(c *collector, l *lines, r ipRoute) {
	if after(r.tail, "via") != "" && after(r.tail, "dev") == "" { // ip always says both
		c.reject(l.mark(), whyRow)
		l.next()
		return
	}
	if below := strings.TrimLeft(l.peek(1), " \t"); below == "cache" || strings.HasPrefix(below, "cache ") {
		r.tail = append(slices.Clone(r.tail), "cache")
	}
	c.ipRoute(r, r.tail)
	for l.next(); !l.done() && l.indented() && !c.begins(l); l.next() {
		if fields := l.fields(); len(fields) > 0 && fields[0] == "nexthop" {
			c.ipRoute(r, fields)
		}
	}
}

// ipRoute adds one way of a route. The answer of `ip route get`, and a cached
// exception, are rows of a destination cache.
func (c *collector) ipRoute(r ipRoute, way []string) {
	via := after(way, "via")
	if via == "inet6" || via == "inet" {
		via = after(way, via)
	}
	hop, _, _ := parseHost(via)
	prefix, single, _ := r.destination(hop)
	source, _, isSource := parseLocal(after(way, "src"))
	row := infer.Route{Prefix: prefix, NextHop: hop, Device: word(after(way, "dev"))}
	switch r.kind {
	case "unicast":
	case "local":
		if isHostRoute(prefix) || prefix.IsSingleIP() && prefix.Addr().Is4() {
			c.local(0, "", prefix.Addr()) // the device may be lo, whatever the address' is
		}
		return
	case "multicast":
	default:
		return // no packet goes that way
	}
	if isSource {
		c.local(0, row.Device, source)
	}
	if single && (isSource || slices.Contains(r.tail, "cache")) {
		c.destination(infer.Destination{Destination: prefix.Addr(), Source: source, NextHop: hop, Device: row.Device})
		return
	}
	if row.Device != "" { // else the next hops follow, or the line was cut
		c.route(row)
	}
}

// tcpMetrics reads a row of `ip tcp_metrics`: an address to which TCP has
// sent, what was measured, and the source.
func tcpMetrics(c *collector, fields []string) (why string) {
	address, _, ok := parseHost(fields[0])
	if !ok || fields[1] != "age" || !strings.HasSuffix(fields[2], "sec") {
		return whyUnknown
	}
	source, _, _ := parseLocal(after(fields, "source"))
	c.destination(infer.Destination{Destination: address, Source: source})
	return ""
}
