package tables

import (
	"strings"

	"github.com/mendcap/mendcap/infer"
)

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
