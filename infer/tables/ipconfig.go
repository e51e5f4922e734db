package tables

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"strings"
)

// isIPConfig tells a row of ipconfig: a label, filled up to the colon with dots
// that have spaces before them. Where the label is long there is one dot.
func isIPConfig(l *lines) bool {
	label, _, ok := cutLabel(l.current)
	return ok && strings.HasSuffix(strings.TrimRight(label, " "), " .")
}

// cutLabel splits a row at the colon that a leader of dots is before: labels
// may have colons of their own. Of a label that leaves no room for dots it is the
// last one. A space or nothing follows it, so that addresses have none such.
func cutLabel(line string) (label, value string, ok bool) {
	line = strings.TrimSpace(line)
	last := -1
	for i := range len(line) {
		if line[i] != ':' || i+1 < len(line) && line[i+1] != ' ' {
			continue
		}
		last = i
		if strings.HasSuffix(strings.TrimRight(line[:i], " "), ".") {
			break
		}
	}
	if last < 0 {
		return "", "", false
	}
	return line[:last], strings.TrimSpace(line[last+1:]), true
}

// indent is how many spaces and tabs a line begins with.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// adapter is what one adapter's rows give.
type adapter struct {
	values   []adapterValue
	row      int  // labels so far
	titled   bool // the adapter's title is above them
	physical bool // some row is a physical address
	stated   bool // some address has a state after it
	masked   int  // the first row that is a subnet mask, 0 without one
	zoned    int  // the first row that is a link-local address with its zone, 0 without one
	both     bool // some link-local address has both a zone and a state
}

// adapterValue is one address of an adapter's rows.
type adapterValue struct {
	address netip.Addr
	zone    uint32
	state   bool // a state in parentheses follows it
	masked  bool // the next row is its subnet mask
	row     int  // the row that it belongs to
	at      mark
}

// parseIPConfig reads one adapter's rows: to a line that is less indented,
// which is the next adapter's title. A value on a line of its own belongs to the
// label above.
func parseIPConfig(c *collector, l *lines) {
	depth := indent(l.current)
	a := adapter{titled: titledAbove(l, depth)}
	for ; !l.done(); l.next() {
		line := l.current
		if blank(line) {
			continue
		}
		if len(line) > maxLine || indent(line) < depth || !isIPConfig(l) && (depth == 0 || c.begins(l)) {
			break
		}
		if !a.take(l) {
			c.miss(l)
		}
	}
	a.emit(c)
}

// titledAbove reports whether the last line above that is less indented than the
// rows is an adapter's title: it ends in a colon, and is no row itself.
func titledAbove(l *lines, depth int) bool {
	for _, line := range l.before {
		if blank(line) || len(line) > maxLine || indent(line) >= depth {
			continue
		}
		label, value, ok := cutLabel(line)
		return ok && value == "" && !strings.HasSuffix(strings.TrimRight(label, " "), ".")
	}
	return false
}

// take reads the current line and reports whether it understood the line's
// addresses.
func (a *adapter) take(l *lines) bool {
	value := strings.TrimSpace(l.current)
	if _, _, _, ok := parseStated(value); !ok {
		if label, labelled, ok := cutLabel(value); ok {
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
	if address.Is4() && isMask(address) {
		a.mask()
		return true
	}
	if address.IsUnspecified() {
		return true
	}
	a.stated = a.stated || state
	if zone != 0 && address.IsLinkLocalUnicast() {
		a.both = a.both || state
		a.zoned = cmp.Or(a.zoned, a.row)
	}
	a.values = append(a.values, adapterValue{address: address, zone: zone, state: state, row: a.row, at: l.mark()})
	return true
}

// mask takes in a subnet mask, which is that of the address in the row above.
func (a *adapter) mask() {
	a.masked = cmp.Or(a.masked, a.row)
	if last := len(a.values) - 1; last >= 0 && a.values[last].row == a.row-1 && a.values[last].address.Is4() {
		a.values[last].masked = true
	}
}

// parseStated reads an address with or without a state in parentheses.
func parseStated(value string) (address netip.Addr, zone uint32, state, ok bool) {
	token, rest, state := strings.Cut(value, "(")
	address, zone, ok = parseAddress(strings.TrimSpace(token))
	return address, zone, state, ok && (!state || strings.HasSuffix(rest, ")"))
}

// isMask tells a subnet mask: ones, then zeros. No host has such an address.
func isMask(address netip.Addr) bool {
	b := address.As4()
	zeros := ^binary.BigEndian.Uint32(b[:])
	return zeros&(zeros+1) == 0
}

// emit tells the adapter's own addresses from those of gateways and servers. A
// block that may be another command's gives none, but for those that have both a
// state and a mask.
func (a *adapter) emit(c *collector) {
	index := a.index()
	known := a.known()
	for _, v := range a.values {
		switch {
		case !known && !(v.state && v.masked):
			c.reject(v.at, whyWhose)
		case !a.own(v):
			c.host(v.address)
		case !v.address.IsMulticast():
			c.local(index, "", v.address)
		}
	}
}

// known reports whether the block is an adapter's: it has a physical address, a
// link-local one with zone and state, or a title with one of what else only
// adapters have.
func (a *adapter) known() bool {
	return a.physical || a.both || a.titled && (a.stated || a.masked > 0 || a.zoned > 0 && a.zoned < a.row)
}

// own reports whether v is the adapter's own address, which takes a second sign
// beside what tells that the block is an adapter's. With /all each of its own has
// a state; those of Windows XP have a mask. Without, there are neither states
// nor physical addresses: IPv4 addresses have their masks below, IPv6 ones come
// before those, or there is a link-local one, and the last row is the gateway's.
func (a *adapter) own(v adapterValue) bool {
	switch {
	case v.state || v.masked:
		return true
	case a.stated || a.physical || v.address.Is4():
		return false
	case a.masked > 0:
		return v.row < a.masked
	}
	return v.row < a.row && a.zoned > 0 && a.zoned < a.row
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

// isDisplayDNS tells an entry of `ipconfig /displaydns`: rows like those of
// ipconfig, below a line of dashes or in the order of a record.
func isDisplayDNS(l *lines) bool {
	if !isIPConfig(l) {
		return false
	}
	w := dashes(wordsOf(l.before[0]))
	return len(w) == 1 && w[0] >= lastColumn && l.indented() || isRecordAhead(l)
}

// isRecordAhead tells a record by its rows, of which the current one is the
// first or second: what was cut off before them, as well as the names of its rows
// in whatever language, may be lost.
func isRecordAhead(l *lines) bool {
	const rows = 6 // name, type, time to live, length, section, data
	var r dnsRecord
	for n := range rows {
		line := l.peek(n)
		_, value, ok := cutLabel(line)
		if !ok || len(line) > maxLine {
			return false
		}
		if address, ok := r.take(value); ok {
			return address.IsValid()
		}
	}
	return false
}

// dnsRecord is what the rows of a record have said so far: its type, time to live
// and length.
type dnsRecord []string

// take reads a row's value. It returns the record's address, if it is the data
// of one that has an address: of type A (1) with 4 bytes or AAAA (28) with 16.
func (r *dnsRecord) take(value string) (address netip.Addr, ok bool) {
	if isInteger(value) {
		*r = append(*r, value)
		return address, false
	}
	address, _, ok = parseAddress(value)
	if !ok || len(*r) != 3 {
		return netip.Addr{}, false
	}
	kind, length := "1", "4"
	if strings.Contains(value, ":") {
		kind, length = "28", "16"
	}
	return address, (*r)[0] == kind && (*r)[2] == length
}

// parseDisplayDNS reads the rows of an entry's records, with empty lines
// between them. Of a record only the data can be an address; its name may look
// like one.
func parseDisplayDNS(c *collector, l *lines) {
	var r dnsRecord
	for ; !l.done(); l.next() {
		if blank(l.current) {
			r = nil
			continue
		}
		_, value, ok := cutLabel(l.current)
		if len(l.current) > maxLine || !ok || !l.indented() || !isIPConfig(l) && c.begins(l) {
			return
		}
		if address, ok := r.take(value); ok {
			if !address.IsUnspecified() { // the answer of filters
				c.cached(address)
			}
		} else if mentionsAddress(value) {
			c.reject(l.mark(), whyName)
		}
	}
}
