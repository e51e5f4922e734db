package tables

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// The tools that list an interface's addresses in lines below its name: Linux'
// ip addr and ip maddr, and ifconfig of Linux, BSD and macOS.

// heading is an interface's name as it is above its addresses.
type heading struct {
	index uint32
	name  string
}

// ipHeading reads `3: eth0@if2: <FLAGS> ...` of ip addr, and `3: eth0` of ip
// maddr.
func ipHeading(l *lines) (h heading, ok bool) {
	fields := l.fields()
	if l.indented() || !strings.HasSuffix(fields[0], ":") {
		return h, false
	}
	index, ok := number[uint32](strings.TrimSuffix(fields[0], ":"))
	name, colon := strings.CutSuffix(fields[1], ":")
	name, _, _ = strings.Cut(name, "@")
	if !ok || !isDevice(name) || colon != (len(fields) > 2) || colon && fields[2][0] != '<' {
		return h, false
	}
	return heading{index, word(name)}, true
}

// ifconfigHeading reads `eth0: flags=...`, and `eth0  Link encap:...` in any
// language of older net-tools.
func ifconfigHeading(l *lines) (h heading, ok bool) {
	fields := l.fields()
	name, colon := strings.CutSuffix(fields[0], ":")
	if l.indented() || !isDevice(name) {
		return h, false
	}
	h.name = word(name)
	if colon {
		return h, strings.HasPrefix(fields[1], "flags=")
	}
	below := l.peek(1)
	return h, strings.HasPrefix(below, " ") && isInetLine(strings.Fields(below))
}

// isInetLine tells a line that has an address of the interface: some word of it
// is or begins with inet, whatever the language of the others.
func isInetLine(fields []string) bool { return inetAt(fields) >= 0 }

// inetAt returns where the word is, or -1.
func inetAt(fields []string) int {
	return slices.IndexFunc(fields[:min(len(fields), 3)], func(field string) bool {
		return field == "inet" || field == "inet6" || field == "inet6:" || field == "inet6-Adresse:"
	})
}

// parseInetLines reads the indented lines below a heading.
func parseInetLines(c *collector, l *lines, h heading) {
	for l.next(); !l.done() && l.indented(); l.next() {
		// Other lines are counters, link-layer addresses and lifetimes.
		if fields := l.fields(); isInetLine(fields) {
			c.reject(l.mark(), c.inetLine(fields, h))
		}
	}
}

// inetLine adds the address of a line, a group's or an interface's. On a
// point-to-point link the peer's follows.
func (c *collector) inetLine(fields []string, h heading) (why string) {
	address, index, rest, ok := inetAddress(fields[inetAt(fields)+1:])
	if !ok {
		return whyName
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
		return ""
	}
	c.local(index, h.name, address)
	for _, keyword := range []string{"peer", "-->", "destination"} {
		text, _, _ := strings.Cut(after(rest, keyword), "/")
		if peer, _, ok := parseHost(text); ok && peer != address {
			c.host(peer)
		}
	}
	return ""
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

// oneLineAddr reads a row of `ip -o addr`: index, name, inet or inet6, the
// address with its prefix length.
func oneLineAddr(c *collector, fields []string) (why string) {
	digits, colon := strings.CutSuffix(fields[0], ":")
	if !colon || !isInteger(digits) || !isDevice(fields[1]) || fields[2] != "inet" && fields[2] != "inet6" {
		return whyUnknown
	}
	index, ok := number[uint32](digits)
	if !ok {
		return whyName
	}
	return c.inetLine(fields[2:], heading{index, word(fields[1])})
}

// linkStates are the states of an interface by ip's names.
var linkStates = []string{"UP", "DOWN", "UNKNOWN", "DORMANT", "LOWERLAYERDOWN", "TESTING", "NOTPRESENT"}

// briefAddr reads a row of `ip -br addr`: name, state, addresses with their
// prefix lengths.
func briefAddr(c *collector, fields []string) (why string) {
	host, _, hasLength := strings.Cut(fields[2], "/")
	if _, _, ok := parseHost(host); !ok || !hasLength || !isDevice(fields[0]) || !slices.Contains(linkStates, fields[1]) {
		return whyUnknown
	}
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
	return ""
}
