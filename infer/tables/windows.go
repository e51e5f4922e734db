package tables

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

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
	index, ok = number[uint32](fields[0])
	metric, isMetric := number[uint32](fields[1])
	prefix, isPrefix := parsePrefix(fields[2])
	return index, metric, prefix, ok && isMetric && isPrefix
}

func parseRoutePrint6(c *collector, l *lines) {
	fields, at := l.fields(), l.mark()
	index, metric, prefix, _ := routePrint6(fields)
	gateway := fields[3:]
	l.next()
	if len(gateway) == 0 && !l.done() && l.indented() && !isRoutePrint6(l) {
		gateway = l.fields()
		l.next()
	}
	if len(gateway) == 0 {
		c.reject(at, whyRow)
		return
	}
	// What is no address is "on link", in the user's language.
	hop, zone, ok := parseHost(gateway[0])
	if !ok && mentionsAddress(gateway[0]) {
		c.reject(at, whyName)
		return
	}
	c.windowsRoute(prefix, specified(hop), cmp.Or(index, zone), metric >= systemMetric) // persistent routes have no index
}

// routePrint4 reads a row of the IPv4 part: destination, mask, gateway, the
// address of the interface, metric; of a persistent route there's no interface.
func routePrint4(c *collector, fields []string) (why string) {
	destination, _, ok := parseAddress(fields[0])
	mask, _, isAddress := parseAddress(fields[1])
	if len(fields) > 7 || !ok || !isAddress || !destination.Is4() || !mask.Is4() || !isMask(mask) {
		return whyUnknown
	}
	prefix, ok := maskedPrefix(fields[0], fields[1])
	hop, _, isHop := parseHost(fields[2])
	own, _, isOwn := parseLocal(fields[len(fields)-2])
	isOwn = isOwn && len(fields) > 4 && isInteger(fields[len(fields)-1])
	if !ok || !isOwn && !isHop {
		return whyRow
	}
	if isOwn {
		c.local(0, "", own)
	}
	c.route(infer.Route{Prefix: prefix, NextHop: hop})
	return ""
}

// maskedPrefix makes a prefix of an IPv4 address and a mask.
func maskedPrefix(address, mask string) (prefix netip.Prefix, ok bool) {
	a, _, ok := parseAddress(address)
	m, _, isAddress := parseAddress(mask)
	if !ok || !isAddress || !a.Is4() || !m.Is4() || !isMask(m) {
		return netip.Prefix{}, false
	}
	b := m.As4()
	bits := bits.OnesCount32(binary.BigEndian.Uint32(b[:]))
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
