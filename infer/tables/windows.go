package tables

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// The netsh tables have their column titles, which are localised, above a line
// of dashes, which is not: the number and widths of its runs tell the format.
// They are wider than any property name of PowerShell, whose tables are
// underlined likewise.
const (
	wideColumn = 40 // dashes at least under an address in the first or second column
	lastColumn = 20 // dashes at least under an address in the last column
)

// dashes returns the widths of a line's runs of dashes, nil where there is
// anything else in it.
func dashes(words []string) []int {
	var widths []int
	for _, field := range words {
		if len(field) < 3 || strings.Trim(field, "-") != "" {
			return nil
		}
		widths = append(widths, len(field))
	}
	return widths
}

// interfaceTitle is the line `<word> 16: Ethernet 2`, in any language.
var interfaceTitle = regexp.MustCompile(`^\D+?(\d{1,10})\s?[:：](?:\s+(.*))?$`)

// titleAbove returns the interface named above a line of dashes, the zero heading if
// there is none: a table asked for by interface has no such title.
func titleAbove(l *lines) heading {
	for _, line := range l.before {
		if dashes(wordsOf(line)) != nil || mentionsAddress(line) { // a long line counts as one
			break
		}
		if m := interfaceTitle.FindStringSubmatch(line); m != nil {
			if index, ok := number[uint32](m[1]); ok {
				return heading{index, word(m[2])}
			}
			break
		}
	}
	return heading{}
}

// underlined is the parser of a table under a line of dashes, by the widths of its
// runs: each is at least as wide as stated or, of a negative number, less.
func underlined(name string, row func(*collector, heading, []string) (understood bool), widths ...int) parser {
	fits := func(l *lines) bool {
		return slices.EqualFunc(dashes(l.fields()), widths, func(got, want int) bool {
			return want >= 0 && got >= want || want < 0 && got < -want
		})
	}
	return parser{name: name, words: len(widths), matches: fits, parse: func(c *collector, l *lines) {
		h := titleAbove(l)
		within := func() bool { return dashes(l.fields()) == nil }
		c.rowsBelow(l, within, func(fields []string) bool { return row(c, h, fields) })
	}}
}

// rowsBelow reads the rows below the current line, as long as they are within the table:
// to an empty line, or to one that is no row and where another format begins.
func (c *collector) rowsBelow(l *lines, within func() bool, row func(fields []string) (understood bool)) {
	for l.next(); !l.done() && !blank(l.current) && within(); l.next() {
		if fields := l.fields(); len(fields) > 0 && row(fields) {
			continue
		}
		if c.begins(l) {
			return
		}
		c.miss(l)
	}
}

// destinationRow reads a row of `netsh interface ipv6 show destinationcache`: the
// path MTU, the destination, the next hop.
func destinationRow(c *collector, h heading, fields []string) (understood bool) {
	if len(fields) < 2 || !isMTU(fields[0]) {
		return false
	}
	destination, zone, ok := parseHost(fields[1])
	row := infer.Destination{Destination: destination}
	var hopZone uint32
	if len(fields) == 3 { // else the name of an interface, or nothing
		row.NextHop, hopZone, _ = parseAddress(fields[2])
	}
	row.Interface = cmp.Or(h.index, max(zone, hopZone))
	if ok {
		c.destination(row)
	}
	return ok
}

// isMTU tells a path MTU: from IPv4's smallest to the loopback interface's,
// which is 2^32-1 on Windows.
func isMTU(token string) bool {
	n, _ := number[uint32](token)
	return n >= 576
}

// neighborRow reads a row of `netsh interface ipv6 show neighbors`: the address,
// the link-layer address, the state.
func neighborRow(c *collector, h heading, fields []string) (understood bool) {
	address, zone, ok := parseHost(fields[0])
	row := infer.Neighbor{Address: address, Interface: cmp.Or(h.index, zone)}
	tail := fields[1:]
	if len(tail) > 0 {
		linkLayer, isLinkLayer := parseLinkLayer(tail[0])
		row.LinkLayer = linkLayer
		if isLinkLayer || startsWithDigit(tail[0]) { // tunnels have an IPv4 address there
			tail = tail[1:]
		}
	}
	row.State = word(strings.Join(tail, " "))
	if ok {
		c.neighbor(row)
	}
	return ok
}

func startsWithDigit(token string) bool { return '0' <= token[0] && token[0] <= '9' }

// addressRow reads a row of `netsh interface ipv6 show addresses`: four columns,
// then the address.
func addressRow(c *collector, h heading, fields []string) (understood bool) {
	address, zone, ok := parseLocal(fields[len(fields)-1])
	if ok = ok && len(fields) > 1; ok {
		c.local(cmp.Or(h.index, zone), h.name, address)
	}
	return ok
}

// joinRow reads a row of `netsh interface ipv6 show joins`: scope, references, last,
// address.
func joinRow(c *collector, h heading, fields []string) (understood bool) {
	address, zone, ok := parseGroup(fields[len(fields)-1])
	if ok = ok && len(fields) >= 4; ok {
		c.group(cmp.Or(h.index, zone), h.name, address)
	}
	return ok
}

// routeRow reads a row of `netsh interface ipv6 show route`: Publish, Type, Met,
// Prefix, Idx, Gateway or interface name. The first columns are words of the user's
// language; the index and the next hop follow the prefix.
func routeRow(c *collector, _ heading, fields []string) (understood bool) {
	at := slices.IndexFunc(fields, func(field string) bool { _, ok := parsePrefix(field); return ok })
	if at < 0 || at+2 >= len(fields) {
		return false
	}
	prefix, _ := parsePrefix(fields[at])
	index, ok := number[uint32](fields[at+1])
	hop, _, _ := parseHost(fields[at+2])
	if len(fields) > at+3 { // an interface's name
		hop = netip.Addr{}
	}
	if ok {
		system := at > 0 && fields[at-1] == strconv.Itoa(systemMetric)
		c.windowsRoute(infer.Route{Prefix: prefix, NextHop: specified(hop), Interface: index}, system)
	}
	return ok
}

// addressTitle reads the form of `show addresses` for one interface: each address in a
// title line among words, underlined from end to end, and below it a list that begins
// with the interface's name and the scope, as zone.level.
func addressTitle(l *lines) (own infer.Interface, ok bool) {
	address, index, ok := titleAddress(l.fields())
	if !ok {
		return own, false
	}
	w := dashes(wordsOf(l.peek(1)))
	_, name, isList := strings.Cut(l.peek(2), ": ")
	_, scope, _ := strings.Cut(l.peek(3), ": ")
	zone, level, ok := strings.Cut(strings.TrimSpace(scope), ".")
	own = infer.Interface{Index: index, Name: word(name), Addresses: []netip.Addr{address}}
	return own, ok && isList && len(w) == 1 && w[0] >= lastColumn && isInteger(zone) && isInteger(level)
}

// titleAddress returns the only address among the words of a title.
func titleAddress(words []string) (own netip.Addr, zone uint32, ok bool) {
	others := 0
	for _, text := range words {
		address, index, isAddress := parseLocal(text)
		switch {
		case !isAddress:
			others++
		case ok:
			return own, zone, false
		default:
			own, zone, ok = address, index, true
		}
	}
	return own, zone, ok && others > 0
}

func parseAddressTitle(c *collector, l *lines, own infer.Interface) {
	keep(c, &c.snapshot.Interfaces, own)
	l.next()
	l.next() // the dashes; the list below has no address
}

// routePrint6 tells a row of the IPv6 part of `route print`: interface,
// metric, prefix, then the gateway, on the next line below a long prefix.
func routePrint6(l *lines) (row infer.Route, ok bool) {
	fields := l.fields()
	if len(fields) < 3 {
		return row, false
	}
	row.Interface, ok = number[uint32](fields[0])
	_, isMetric := number[uint32](fields[1])
	prefix, isPrefix := parsePrefix(fields[2])
	row.Prefix = prefix
	return row, ok && isMetric && isPrefix
}

func parseRoutePrint6(c *collector, l *lines, row infer.Route) {
	at, gateway := l.mark(), l.fields()[3:]
	metric, _ := number[uint32](l.fields()[1])
	l.next()
	if _, another := routePrint6(l); len(gateway) == 0 && !l.done() && l.indented() && !another {
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
	row.NextHop, row.Interface = specified(hop), cmp.Or(row.Interface, zone) // persistent routes have no index
	c.windowsRoute(row, metric >= systemMetric)
}

// routePrint4 reads a row of the IPv4 part: destination, mask, gateway, the
// address of the interface, metric; of a persistent route there's no interface.
func routePrint4(c *collector, fields []string) (why string) {
	prefix, ok := maskedPrefix(fields[0], fields[1])
	hop, _, isHop := parseHost(fields[2])
	own, _, isOwn := parseLocal(fields[len(fields)-2])
	isOwn = isOwn && len(fields) > 4 && isInteger(fields[len(fields)-1])
	switch {
	case !ok || len(fields) > 7:
		return whyUnknown
	case prefix != prefix.Masked() || !isOwn && !isHop:
		return whyRow
	}
	if isOwn {
		c.local(0, "", own)
	}
	c.route(infer.Route{Prefix: prefix, NextHop: hop})
	return ""
}

// maskedPrefix makes a prefix of an IPv4 address and a mask. The address may have
// bits after the prefix.
func maskedPrefix(address, mask string) (prefix netip.Prefix, ok bool) {
	a, _, ok := parseAddress(address)
	m, _, isAddress := parseAddress(mask)
	if !ok || !isAddress || !a.Is4() || !m.Is4() || !isMask(m) {
		return netip.Prefix{}, false
	}
	ones := m.As4()
	return netip.PrefixFrom(a, bits.OnesCount32(binary.BigEndian.Uint32(ones[:]))), true
}

// arpTitle reads the title of `arp -a`: the interface's address, then its index as
// --- 0xN.
func arpTitle(l *lines) (own infer.Interface, ok bool) {
	fields := l.fields()
	n := len(fields)
	digits, ok := strings.CutPrefix(fields[n-1], "0x")
	index, err := strconv.ParseUint(digits, 16, 32)
	address, _, isLocal := parseLocal(fields[n-3])
	own = infer.Interface{Index: uint32(index), Addresses: []netip.Addr{address}}
	return own, ok && err == nil && isLocal && fields[n-2] == "---"
}

func parseWindowsARP(c *collector, l *lines, own infer.Interface) {
	keep(c, &c.snapshot.Interfaces, own)
	c.rowsBelow(l, l.indented, func(fields []string) bool {
		address, _, ok := parseHost(fields[0])
		if !ok || len(fields) < 2 {
			return false // the titles, or a row that was cut
		}
		linkLayer, isLinkLayer := parseLinkLayer(fields[1]) // else unresolved: only the type
		if ok = isLinkLayer || len(fields) == 2; ok {
			state := word(fields[len(fields)-1])
			c.neighbor(infer.Neighbor{Address: address, LinkLayer: linkLayer, State: state, Interface: own.Index})
		}
		return ok
	})
}
