package tables

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// unixRoute is a row of `netstat -rn` of BSD and macOS, or of `route -6 -n` of
// Linux: destination, gateway, flags, counts, interface.
type unixRoute struct {
	prefix  netip.Prefix
	single  bool   // the destination has no prefix length
	gateway string // an address, a link-layer address, link#N, or a name
	flags   string
	device  string
}

// bsdGatewayRoom is the width of the gateway's column in BSD's IPv6 routes: what
// fills it may have been cut.
const bsdGatewayRoom = 31

// splitUnixRoute tells the rows by their flags: they begin with U, or ! where
// the way is closed.
func splitUnixRoute(fields []string) (r unixRoute, ok bool) {
	device := slices.IndexFunc(fields[3:], isDevice)
	if device < 0 || !isRouteFlags(fields[2]) || !isGateway(fields[1]) {
		return r, false
	}
	r.gateway, r.flags, r.device = fields[1], fields[2], fields[3+device]
	if r.closed() && strings.Contains(fields[0], "/") {
		return r, true // net-tools has strange ones: 0.0.0.0/96
	}
	r.prefix, r.single, ok = unixDestination(fields[0], r.gateway)
	return r, ok
}

// isGateway tells what can be in a gateway's place: all but numbers and free text.
func isGateway(token string) bool {
	return strings.ContainsAny(token, ":.") || strings.HasPrefix(token, "link#") || isDevice(token) && !strings.ContainsAny(token, "/,()")
}

// closed reports whether no packet goes that way.
func (r *unixRoute) closed() bool { return strings.ContainsAny(r.flags, "!RB") }

// isRouteFlags tells letters and digits after U, or a closed way's.
func isRouteFlags(token string) bool {
	return (token[0] == 'U' || token[0] == '!') && strings.Trim(token[1:], letters+"123") == ""
}

// unixDestination reads a destination: default, a prefix, or an address. Of
// IPv4's, BSD leaves trailing zeros away.
func unixDestination(token, gateway string) (prefix netip.Prefix, single, ok bool) {
	if token == "default" {
		hop, _, _, _ := parseZoned(gateway)
		return defaultPrefix(hop), false, true
	}
	token = strings.ReplaceAll(strings.Replace(token, "[", "", 1), "]", "")
	if prefix, ok = parsePrefix(token); ok {
		return prefix, false, true
	}
	if address, _, _, ok := parseZoned(token); ok && !strings.Contains(token, "/") {
		return netip.PrefixFrom(address, address.BitLen()), true, true
	}
	host, length, hasLength := strings.Cut(token, "/")
	if strings.Contains(host, ":") {
		return prefix, false, false
	}
	octets := strings.Split(host, ".")
	if len(octets) > 4 {
		return prefix, false, false
	}
	bits := strconv.Itoa(8 * len(octets))
	if hasLength {
		bits = length
	}
	prefix, ok = parsePrefix(host + strings.Repeat(".0", 4-len(octets)) + "/" + bits)
	return prefix, false, ok
}

func unixRouteRow(c *collector, fields []string) (why string) {
	r, ok := splitUnixRoute(fields)
	switch {
	case !ok:
		return whyUnknown
	case r.closed():
		return ""
	}
	hop, index, _, isHop := parseZoned(r.gateway)
	linkLayer, isLinkLayer := parseShortLinkLayer(r.gateway)
	switch gatewayed := strings.Contains(r.flags, "G"); {
	case gatewayed && isTunnel(r.gateway):
		c.route(infer.Route{Prefix: r.prefix, Device: word(r.device)})
	case isHop && gatewayed && hop.Is6() && len(r.gateway) == bsdGatewayRoom && !strings.Contains(r.gateway, "%"):
		c.hint(r.gateway, 0, false)
		return whyDoubt
	case !isHop && gatewayed && strings.Contains(r.gateway, ":") && !isLinkLayer:
		return c.hint(r.gateway, 0, false)
	case gatewayed && r.single && strings.Contains(r.flags, "W"): // made when the host sent there
		c.destination(infer.Destination{Destination: r.prefix.Addr(), NextHop: hop, Interface: index, Device: word(r.device)})
	case gatewayed:
		c.route(infer.Route{Prefix: r.prefix, NextHop: hop, Interface: index, Device: word(r.device)})
	case r.isOwn():
		c.local(0, "", r.prefix.Addr())
	case r.single && (isLinkLayer || linkIndex(r.gateway) != 0): // link#N: not resolved
		if !strings.Contains(r.flags, "b") { // else a broadcast address
			c.neighbor(infer.Neighbor{Address: r.prefix.Addr(), LinkLayer: linkLayer, Device: word(r.device)})
		}
	default:
		c.route(infer.Route{Prefix: r.prefix, Interface: linkIndex(r.gateway), Device: word(r.device)})
	}
	return ""
}

// isTunnel tells a gateway that is no address of a host: :: and fe80::%utun0,
// those of point-to-point links.
func isTunnel(gateway string) bool {
	host, _, _ := strings.Cut(gateway, "%")
	return host == "::" || host == "fe80::"
}

// isOwn tells a route to an address of the host: BSD has it over the loopback
// interface, or marked as local; Linux as a whole address with the flag n.
func (r *unixRoute) isOwn() bool {
	a := r.prefix.Addr()
	if !r.prefix.IsSingleIP() || a.IsMulticast() || a.IsUnspecified() {
		return false
	}
	if r.single {
		return strings.Contains(r.flags, "H") && (strings.HasPrefix(r.device, "lo") || strings.Contains(r.flags, "l"))
	}
	return a.Is6() && strings.Contains(r.flags, "n")
}

// linkIndex returns the index of a gateway link#N.
func linkIndex(gateway string) uint32 {
	index, _ := number[uint32](strings.TrimPrefix(gateway, "link#")) // numbers alone are no gateway
	return index
}

// route4 reads a row of Linux' `route -n` or `netstat -rn`: destination,
// gateway, mask, flags, three numbers, interface.
func route4(c *collector, fields []string) (why string) {
	prefix, ok := maskedPrefix(fields[0], fields[2])
	hop, _, isGateway := parseAddress(fields[1])
	if len(fields) != 8 || !ok || prefix != prefix.Masked() || !isGateway ||
		!isRouteFlags(fields[3]) || !isDevice(fields[7]) {
		return whyUnknown
	}
	if fields[3][0] == 'U' {
		c.route(infer.Route{Prefix: prefix, NextHop: hop, Device: word(fields[7])})
	}
	return ""
}

// unixARP reads a row of `arp -a`: a name or ?, the address in parentheses, a
// word for "at", the link-layer address or "incomplete" in brackets, "on" and the
// interface.
func unixARP(c *collector, fields []string) (why string) {
	address, _, ok := parseHost(strings.Trim(fields[1], "()"))
	_, isLinkLayer := parseShortLinkLayer(fields[3])
	if !ok || !strings.HasPrefix(fields[1], "(") || !strings.HasSuffix(fields[1], ")") ||
		!isLinkLayer && fields[3][0] != '<' && fields[3][0] != '(' {
		return whyUnknown
	}
	row := infer.Neighbor{Address: address}
	for i, field := range fields[2:] {
		if linkLayer, ok := parseShortLinkLayer(field); ok {
			row.LinkLayer = linkLayer
		} else if field == "on" && i+3 < len(fields) {
			row.Device = word(fields[i+3])
		}
	}
	c.neighbor(row)
	return ""
}

// arpTable reads a row of Linux' `arp -n`: address, kind of link, link-layer
// address, flags, interface; of one unresolved "(incomplete)" and interface.
func arpTable(c *collector, fields []string) (why string) {
	address, _, ok := parseHost(fields[0])
	linkLayer, isLinkLayer := parseLinkLayer(fields[2])
	device := fields[len(fields)-1]
	if !ok || !address.Is4() || len(fields) > 6 || !isDevice(device) || !isLinkLayer && fields[1] != "(incomplete)" {
		return whyUnknown
	}
	c.neighbor(infer.Neighbor{Address: address, LinkLayer: linkLayer, Device: word(device)})
	return ""
}

// ndp reads a row of BSD's `ndp -an`: address with its zone, link-layer
// address, interface, time left, state.
func ndp(c *collector, fields []string) (why string) {
	address, index, _, ok := parseZoned(fields[0])
	linkLayer, isLinkLayer := parseShortLinkLayer(fields[1])
	if !ok || !address.Is6() || !isLinkLayer && fields[1] != "(incomplete)" && fields[1] != "(none)" ||
		!isDevice(fields[2]) || isRouteFlags(fields[2]) {
		return whyUnknown
	}
	row := infer.Neighbor{Address: address, LinkLayer: linkLayer, Interface: index, Device: word(fields[2])}
	if len(fields) > 4 {
		row.State = ndpStates[fields[4]]
	}
	c.neighbor(row)
	return ""
}

// ndpStates are ndp's letters for RFC 4861's states.
var ndpStates = map[string]string{
	"N": "No state", "W": "Waiting", "I": "Incomplete", "R": "Reachable", "S": "Stale", "D": "Delay", "P": "Probe",
}

// bsdGroupRoom is the width of the group's column in BSD's `netstat -gn`: what
// fills it without a zone may have been cut.
const bsdGroupRoom = 20

// groups reads a row of `netstat -gn`: of Linux the interface, a count and the
// group, of BSD and macOS the group, its link-layer address and the interface.
func groups(c *collector, fields []string) (why string) {
	if len(fields) != 3 {
		return whyUnknown
	}
	if address, zone, ok := parseGroup(fields[2]); ok {
		if !isDevice(fields[0]) || !isInteger(fields[1]) {
			return whyUnknown
		}
		c.group(zone, word(fields[0]), address)
		return ""
	}
	token := fields[0]
	address, index, _, ok := parseZoned(token)
	_, isLinkLayer := parseShortLinkLayer(fields[1])
	switch {
	case !ok || !address.IsMulticast() || !isDevice(fields[2]) || !isLinkLayer && fields[1] != "<none>":
		return whyUnknown
	case len(token) == bsdGroupRoom && !strings.Contains(token, "%") && strings.Contains(token, ":"):
		c.cut++
		return whyDoubt
	}
	c.group(index, word(fields[2]), address)
	return ""
}
