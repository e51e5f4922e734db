package tables

import (
	"net/netip"
	"strconv"
	"strings"
)

// The tools that list an interface's addresses in lines below its name: Linux'
// ip addr and ip maddr, and ifconfig of Linux, BSD and macOS.

// heading is an interface's name as it stands above its addresses.
type heading struct {
	index uint32
	name  string
}

// ipHeading reads `3: eth0@if2: <FLAGS> ...` of ip addr, and `3: eth0` of ip
// maddr.
func ipHeading(l *lines) (h heading, ok bool) {
	fields := l.fields()
	if len(fields) < 2 || l.indented() || !strings.HasSuffix(fields[0], ":") {
		return h, false
	}
	index, err := strconv.ParseUint(strings.TrimSuffix(fields[0], ":"), 10, 32)
	name, colon := strings.CutSuffix(fields[1], ":")
	name, _, _ = strings.Cut(name, "@")
	if err != nil || !isDevice(name) || colon != (len(fields) > 2) || colon && fields[2][0] != '<' {
		return h, false
	}
	return heading{uint32(index), word(name)}, true
}

// ifconfigHeading reads `eth0: flags=...`, and `eth0  Link encap:...` in any
// language of older net-tools.
func ifconfigHeading(l *lines) (h heading, ok bool) {
	fields := l.fields()
	if len(fields) < 2 || l.indented() {
		return h, false
	}
	name, colon := strings.CutSuffix(fields[0], ":")
	if !isDevice(name) || !(colon && strings.HasPrefix(fields[1], "flags=") || !colon && isInetLine(strings.Fields(l.peek(1))) && l.peek(1)[0] == ' ') {
		return h, false
	}
	return heading{name: word(name)}, true
}

// isInetLine tells a line that has an address of the interface: some word of it
// is or begins with inet, whatever the language of the others.
func isInetLine(fields []string) bool {
	at, _ := inetAt(fields)
	return at >= 0
}

// inetAt returns where the word is, and whether it says IPv6.
func inetAt(fields []string) (at int, six bool) {
	for i := range min(len(fields), 3) {
		switch fields[i] {
		case "inet":
			return i, false
		case "inet6", "inet6:", "inet6-Adresse:":
			return i, true
		}
	}
	return -1, false
}

func isIPAddr(l *lines) bool {
	_, ok := ipHeading(l)
	return ok && len(l.fields()) > 2
}

func isIPMaddr(l *lines) bool {
	_, ok := ipHeading(l)
	return ok && len(l.fields()) == 2
}

func isIfconfig(l *lines) bool {
	_, ok := ifconfigHeading(l)
	return ok
}

func parseIPAddr(c *collector, l *lines) {
	h, _ := ipHeading(l)
	parseInetLines(c, l, h)
}

func parseIfconfig(c *collector, l *lines) {
	h, _ := ifconfigHeading(l)
	parseInetLines(c, l, h)
}

// parseInetLines reads the indented lines below a heading.
func parseInetLines(c *collector, l *lines, h heading) {
	for l.next(); !l.done() && l.indented(); l.next() {
		fields := l.fields()
		if !isInetLine(fields) {
			continue // counters, link-layer addresses, lifetimes
		}
		if !c.inetLine(fields, h) {
			c.reject(l, whyName)
		}
	}
}

// inetLine adds the address of a line, a group's or an interface's. On a
// point-to-point link the peer's follows.
func (c *collector) inetLine(fields []string, h heading) bool {
	at, _ := inetAt(fields)
	address, index, rest, ok := inetAddress(fields[at+1:])
	if !ok {
		return false
	}
	if h.index != 0 {
		index = h.index
	} else if scope := after(rest, "scopeid"); strings.HasPrefix(scope, "0x") && !strings.Contains(scope, "<") {
		if n, err := strconv.ParseUint(scope[2:], 16, 32); err == nil { // BSD's; Linux' is no index
			index = uint32(n)
		}
	}
	if address.IsMulticast() {
		c.group(index, h.name, address)
		return true
	}
	c.local(index, h.name, address)
	for _, keyword := range []string{"peer", "-->", "destination"} {
		text, _, _ := strings.Cut(after(rest, keyword), "/")
		if peer, _, ok := parseHost(text); ok && peer != address {
			c.host(peer)
		}
	}
	return true
}

// inetAddress finds the address after inet or inet6: the first word that is
// one, its prefix length and the label of older net-tools (addr:) taken off.
func inetAddress(fields []string) (address netip.Addr, index uint32, rest []string, ok bool) {
	for i := range min(len(fields), 2) {
		text, _, _ := strings.Cut(fields[i], "/")
		address, index, _, ok = parseZoned(text)
		if !ok {
			_, value, _ := strings.Cut(text, ":")
			address, index, _, ok = parseZoned(value)
			ok = ok && address.Is4() // of IPv6 the label is a word of its own
		}
		if ok {
			return address, index, fields[i+1:], true
		}
	}
	return address, 0, nil, false
}

// isOneLineAddr tells a row of `ip -o addr`: index, name, inet or inet6, the
// address with its prefix length.
func isOneLineAddr(fields []string) bool {
	return len(fields) >= 4 && strings.HasSuffix(fields[0], ":") && isInteger(strings.TrimSuffix(fields[0], ":")) &&
		isDevice(fields[1]) && (fields[2] == "inet" || fields[2] == "inet6")
}

func parseOneLineAddr(c *collector, l *lines, fields []string) {
	index, err := strconv.ParseUint(strings.TrimSuffix(fields[0], ":"), 10, 32)
	if err != nil || !c.inetLine(fields[2:], heading{uint32(index), word(fields[1])}) {
		c.reject(l, whyName)
	}
}

// isBriefAddr tells a row of `ip -br addr`: name, state, addresses with their
// prefix lengths.
func isBriefAddr(fields []string) bool {
	if len(fields) < 3 || !isDevice(fields[0]) {
		return false
	}
	switch fields[1] {
	case "UP", "DOWN", "UNKNOWN", "DORMANT", "LOWERLAYERDOWN", "TESTING", "NOTPRESENT":
	default:
		return false
	}
	host, _, ok := strings.Cut(fields[2], "/")
	_, _, isAddress := parseHost(host)
	return ok && isAddress
}

func parseBriefAddr(c *collector, _ *lines, fields []string) {
	name, _, _ := strings.Cut(fields[0], "@")
	for i := 2; i < len(fields); i++ {
		host, _, _ := strings.Cut(fields[i], "/")
		address, _, ok := parseLocal(host)
		switch {
		case !ok:
		case fields[i-1] == "peer":
			c.host(address)
		default:
			c.local(0, word(name), address)
		}
	}
}
