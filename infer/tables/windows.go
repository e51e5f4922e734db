package tables

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// parsePrefix reads an address, with or without a zone, and a prefix length.
// The bits after the prefix must be zero.
func parsePrefix(token string) (prefix netip.Prefix, ok bool) {
	host, length, ok := strings.Cut(token, "/")
	if !ok {
		return netip.Prefix{}, false
	}
	// BSD puts the zone before the length.
	host, _, _ = strings.Cut(host, "%")
	prefix, err := netip.ParsePrefix(host + "/" + length)
	return prefix, err == nil && prefix == prefix.Masked()
}

// isNetshRoutes tells `netsh interface ipv6 show route`: Publish, Type, Met,
// Prefix, Idx, Gateway or interface name.
func isNetshRoutes(l *lines) bool {
	w := dashes(l.current)
	return len(w) == 6 && w[3] >= lastColumn && w[5] >= lastColumn
}

// parseNetshRoutes finds the prefix of a row, whose first columns are words of
// the user's language; the index and the next hop follow.
func parseNetshRoutes(c *collector, l *lines) {
	parseTable(c, l, func(fields []string) bool {
		for i := 0; i+2 < len(fields); i++ {
			prefix, ok := parsePrefix(fields[i])
			if !ok {
				continue
			}
			index, err := strconv.ParseUint(fields[i+1], 10, 32)
			if err != nil {
				return false
			}
			hop, _, _ := parseHost(fields[i+2]) // else an interface's name
			if len(fields) > i+3 {
				hop = netip.Addr{}
			}
			system := i > 0 && fields[i-1] == strconv.Itoa(systemMetric)
			c.windowsRoute(prefix, specified(hop), uint32(index), system)
			return true
		}
		return false
	})
}

// isJoins tells `netsh interface ipv6 show joins`: Scope, References, Last,
// Address.
func isJoins(l *lines) bool {
	w := dashes(l.current)
	return len(w) == 4 && w[0] < lastColumn && w[2] < lastColumn && w[3] >= lastColumn
}

func parseJoins(c *collector, l *lines) {
	index, name := titleAbove(l)
	parseTable(c, l, func(fields []string) bool {
		address, zone, ok := parseGroup(fields[len(fields)-1])
		if !ok || len(fields) < 4 {
			return false
		}
		c.group(cmp.Or(index, zone), name, address)
		return true
	})
}

// isRoutePrint6 tells a row of the IPv6 part of `route print`: interface,
// metric, prefix, then the gateway, on the next line below a long prefix.
func isRoutePrint6(l *lines) bool {
	_, _, _, ok := routePrint6(l.fields())
	return ok
}

func routePrint6(fields []string) (index, metric uint32, prefix netip.Prefix, ok bool) {
	if len(fields) < 3 {
		return 0, 0, prefix, false
	}
	n, err := strconv.ParseUint(fields[0], 10, 32)
	m, metricErr := strconv.ParseUint(fields[1], 10, 32)
	prefix, ok = parsePrefix(fields[2])
	return uint32(n), uint32(m), prefix, ok && err == nil && metricErr == nil
}

func parseRoutePrint6(c *collector, l *lines) {
	fields := l.fields()
	index, metric, prefix, _ := routePrint6(fields)
	gateway := fields[3:]
	number, line := l.number, l.current
	l.next()
	if len(gateway) == 0 && !l.done() && l.indented() && !isRoutePrint6(l) {
		gateway = l.fields()
		l.next()
	}
	if len(gateway) == 0 {
		c.rejectLine(number, line, whyRow)
		return
	}
	// What is no address is "on link", in the user's language.
	hop, zone, ok := parseHost(gateway[0])
	if !ok && mentionsAddress(gateway[0]) {
		c.rejectLine(number, line, whyName)
		return
	}
	c.windowsRoute(prefix, specified(hop), cmp.Or(index, zone), metric >= systemMetric) // persistent routes have no index
}

// isRoutePrint4 tells a row of the IPv4 part: destination, mask, gateway, the
// address of the interface, metric; of a persistent route there's no interface.
func isRoutePrint4(fields []string) bool {
	if len(fields) < 4 || len(fields) > 7 {
		return false
	}
	destination, _, ok := parseAddress(fields[0])
	mask, _, isAddress := parseAddress(fields[1])
	return ok && isAddress && destination.Is4() && mask.Is4() && isMask(mask)
}

func parseRoutePrint4(c *collector, l *lines, fields []string) {
	prefix, ok := maskedPrefix(fields[0], fields[1])
	if !ok {
		c.reject(l, whyRow)
		return
	}
	hop, _, isHop := parseHost(fields[2])
	if own, _, ok := parseLocal(fields[len(fields)-2]); ok && len(fields) > 4 && isInteger(fields[len(fields)-1]) {
		c.local(0, "", own)
	} else if !isHop {
		c.reject(l, whyRow)
		return
	}
	c.route(infer.Route{Prefix: prefix, NextHop: hop})
}

// maskedPrefix makes a prefix of an IPv4 address and a mask.
func maskedPrefix(address, mask string) (prefix netip.Prefix, ok bool) {
	a, _, ok := parseAddress(address)
	m, _, isAddress := parseAddress(mask)
	if !ok || !isAddress || !a.Is4() || !m.Is4() || !isMask(m) {
		return netip.Prefix{}, false
	}
	bits := 0
	for _, b := range m.As4() {
		for ; b != 0; b <<= 1 {
			bits++
		}
	}
	prefix = netip.PrefixFrom(a, bits)
	return prefix, prefix == prefix.Masked()
}

// isWindowsARP tells the title of `arp -a`: the interface's address, then its
// index as --- 0xN.
func isWindowsARP(l *lines) bool {
	_, _, ok := arpTitle(l.fields())
	return ok
}

func arpTitle(fields []string) (own netip.Addr, index uint32, ok bool) {
	n := len(fields)
	if n < 4 || fields[n-2] != "---" {
		return own, 0, false
	}
	digits, ok := strings.CutPrefix(fields[n-1], "0x")
	i, err := strconv.ParseUint(digits, 16, 32)
	own, _, isLocal := parseLocal(fields[n-3])
	return own, uint32(i), ok && err == nil && isLocal
}

func parseWindowsARP(c *collector, l *lines) {
	own, index, _ := arpTitle(l.fields())
	c.local(index, "", own)
	for l.next(); !l.done() && !blank(l.current) && l.indented(); l.next() {
		fields := l.fields()
		if len(fields) < 2 {
			c.miss(l)
			continue
		}
		address, _, ok := parseHost(fields[0])
		linkLayer, isLinkLayer := parseLinkLayer(fields[1])
		if !ok || !isLinkLayer && len(fields) > 2 {
			c.miss(l) // the titles, or a row that was cut
			continue
		}
		if !isLinkLayer { // unresolved: only the type
			linkLayer = ""
		}
		c.neighbor(infer.Neighbor{
			Address: address, LinkLayer: linkLayer, State: word(fields[len(fields)-1]), Interface: index,
		})
	}
}
