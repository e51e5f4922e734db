package tables

import (
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// isUnixARP tells a row of `arp -a`: a name or ?, the address in parentheses, a
// word for "at", the link-layer address or "incomplete" in brackets, "on" and the
// interface.
func isUnixARP(fields []string) bool {
	if len(fields) < 6 || !strings.HasPrefix(fields[1], "(") || !strings.HasSuffix(fields[1], ")") {
		return false
	}
	_, _, ok := parseHost(strings.Trim(fields[1], "()"))
	_, isLinkLayer := parseShortLinkLayer(fields[3])
	return ok && (isLinkLayer || fields[3][0] == '<' || fields[3][0] == '(')
}

func parseUnixARP(c *collector, _ *lines, fields []string) {
	address, _, _ := parseHost(strings.Trim(fields[1], "()"))
	row := infer.Neighbor{Address: address}
	for i, field := range fields[2:] {
		if linkLayer, ok := parseShortLinkLayer(field); ok {
			row.LinkLayer = linkLayer
		} else if field == "on" && i+3 < len(fields) {
			row.Device = word(fields[i+3])
		}
	}
	c.neighbor(row)
}

// isARPTable tells a row of Linux' `arp -n`: address, kind of link, link-layer
// address, flags, interface; of one unresolved "(incomplete)" and interface.
func isARPTable(fields []string) bool {
	if len(fields) < 3 || len(fields) > 6 || !isDevice(fields[len(fields)-1]) {
		return false
	}
	address, _, ok := parseHost(fields[0])
	if !ok || !address.Is4() {
		return false
	}
	_, isLinkLayer := parseLinkLayer(fields[2])
	return fields[1] == "(incomplete)" || isLinkLayer
}

func parseARPTable(c *collector, _ *lines, fields []string) {
	address, _, _ := parseHost(fields[0])
	linkLayer, _ := parseLinkLayer(fields[2])
	c.neighbor(infer.Neighbor{Address: address, LinkLayer: linkLayer, Device: word(fields[len(fields)-1])})
}

// isNDP tells a row of BSD's `ndp -an`: address with its zone, link-layer
// address, interface, time left, state.
func isNDP(fields []string) bool {
	if len(fields) < 4 || !isDevice(fields[2]) || isRouteFlags(fields[2]) {
		return false
	}
	address, _, _, ok := parseZoned(fields[0])
	_, isLinkLayer := parseShortLinkLayer(fields[1])
	return ok && address.Is6() && (isLinkLayer || fields[1] == "(incomplete)" || fields[1] == "(none)")
}

func parseNDP(c *collector, _ *lines, fields []string) {
	address, index, _, _ := parseZoned(fields[0])
	linkLayer, _ := parseShortLinkLayer(fields[1])
	row := infer.Neighbor{Address: address, LinkLayer: linkLayer, Interface: index, Device: word(fields[2])}
	if len(fields) > 4 && len(fields[4]) == 1 {
		row.State = ndpStates[fields[4]]
	}
	c.neighbor(row)
}

// ndpStates are ndp's letters for RFC 4861's states.
var ndpStates = map[string]string{
	"N": "No state", "W": "Waiting", "I": "Incomplete", "R": "Reachable", "S": "Stale", "D": "Delay", "P": "Probe",
}

// isGroups tells a row of `netstat -gn`: of Linux the interface, a count and the
// group, of BSD and macOS the group, its link-layer address and the interface.
func isGroups(fields []string) bool {
	if len(fields) != 3 {
		return false
	}
	if _, _, ok := parseGroup(fields[2]); ok {
		return isDevice(fields[0]) && isInteger(fields[1])
	}
	address, _, _, ok := parseZoned(fields[0])
	_, isLinkLayer := parseShortLinkLayer(fields[1])
	return ok && address.IsMulticast() && isDevice(fields[2]) && (isLinkLayer || fields[1] == "<none>")
}

// bsdGroupRoom is the width of the group's column in BSD's `netstat -gn`: what
// fills it without a zone may have been cut.
const bsdGroupRoom = 20

func parseGroups(c *collector, l *lines, fields []string) {
	if address, zone, ok := parseGroup(fields[2]); ok {
		c.group(zone, word(fields[0]), address)
		return
	}
	if token := fields[0]; len(token) == bsdGroupRoom && !strings.Contains(token, "%") && strings.Contains(token, ":") {
		c.cut++
		c.reject(l, whyDoubt)
		return
	}
	address, index, _, _ := parseZoned(fields[0])
	c.group(index, word(fields[2]), address)
}
