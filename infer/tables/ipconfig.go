package tables

import (
	"net/netip"
	"strings"
)

// isIPConfig tells a row of ipconfig: a label, filled up to the colon with dots
// that have spaces between them.
func isIPConfig(l *lines) bool {
	label, _, ok := cutLabel(l.current)
	return ok && strings.Contains(label, ". .")
}

// cutLabel splits a row at the first colon that has a space, or nothing,
// behind it; addresses have none such.
func cutLabel(line string) (label, value string, ok bool) {
	line = strings.TrimSpace(line)
	if label, value, ok = strings.Cut(line, ": "); ok {
		return label, strings.TrimSpace(value), true
	}
	label, ok = strings.CutSuffix(line, ":")
	return label, "", ok
}

// adapter is what one adapter's rows give.
type adapter struct {
	values   []adapterValue
	row      int  // labels so far
	stated   bool // some address has a state behind it
	physical bool // some row is a physical address
}

// adapterValue is one address of an adapter's rows.
type adapterValue struct {
	address netip.Addr
	zone    uint32
	state   bool // a state in parentheses stands behind it
	row     int  // the row that it belongs to
}

// parseIPConfig reads one adapter's rows: to a line that is neither indented
// nor a row, which is the next adapter's title. A value on a line of its own
// belongs to the label above.
func parseIPConfig(c *collector, l *lines) {
	var a adapter
	for ; !l.done(); l.next() {
		line := l.current
		if blank(line) {
			continue
		}
		if len(line) > maxLine || !isIPConfig(l) && (line[0] != ' ' && line[0] != '\t' || c.begins(l)) {
			break
		}
		if !a.take(line) {
			c.miss(l)
		}
	}
	a.emit(c)
}

// take reads one line and reports whether it understood the line's addresses.
func (a *adapter) take(line string) bool {
	value := strings.TrimSpace(line)
	if _, _, _, ok := parseStated(value); !ok {
		if label, labelled, ok := cutLabel(line); ok {
			a.row++
			value = labelled
			if label == "" {
				return false
			}
		}
	}
	if _, ok := parseLinkLayer(value); ok {
		a.physical = true
		return true
	}
	address, zone, state, ok := parseStated(value)
	if !ok {
		return !mentionsAddress(value)
	}
	if address.Is4() && isMask(address) || address.IsUnspecified() {
		return true
	}
	a.stated = a.stated || state
	a.values = append(a.values, adapterValue{address, zone, state, a.row})
	return true
}

// parseStated reads an address with or without a state in parentheses.
func parseStated(value string) (address netip.Addr, zone uint32, state, ok bool) {
	token, rest, state := strings.Cut(value, "(")
	address, zone, ok = parseAddress(token)
	return address, zone, state, ok && (!state || strings.HasSuffix(rest, ")"))
}

// isMask tells a subnet mask: ones, then zeros. No host has such an address.
func isMask(address netip.Addr) bool {
	b := address.As4()
	bits := ^(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
	return bits&(bits+1) == 0
}

// emit tells the adapter's own addresses from those of gateways and servers.
// With /all each of its own has a state. Without, there are neither states nor
// physical addresses, and the last row is the gateway's.
func (a *adapter) emit(c *collector) {
	index := a.index()
	for _, v := range a.values {
		own := v.state || !a.stated && !a.physical && v.row < a.row
		switch {
		case !own:
			c.host(v.address)
		case !v.address.IsMulticast():
			c.local(index, "", v.address)
		}
	}
}

// index is the adapter's interface index: the zone of its own link-local
// address. Name servers are printed with zones of other interfaces.
func (a *adapter) index() uint32 {
	for _, v := range a.values {
		if v.zone != 0 && v.address.IsLinkLocalUnicast() && (v.state || !a.stated) {
			return v.zone
		}
	}
	return 0
}
