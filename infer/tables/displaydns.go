package tables

import (
	"net/netip"
	"strings"
)

// isDisplayDNS tells an entry of `ipconfig /displaydns`: rows like those of
// ipconfig, below a line of dashes or in the order of a record.
func isDisplayDNS(l *lines) bool {
	if !isIPConfig(l) {
		return false
	}
	w := dashes(l.before[0])
	return len(w) == 1 && w[0] >= lastColumn && l.indented() || isRecordAhead(l)
}

// isRecordAhead tells a record by its rows, of which the current one is the
// first or second: what was cut off before them, as well as the names of its rows
// in whatever language, may be lost.
func isRecordAhead(l *lines) bool {
	const rows = 6 // name, type, time to live, length, section, data
	var r dnsRecord
	for n := range rows {
		line := l.current
		if n > 0 {
			line = l.peek(n)
		}
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

// dnsRecord is what the rows of a record have said so far.
type dnsRecord struct {
	numbers []string // its type, time to live and length
}

// take reads a row's value. It returns the record's address, if it is the data
// of one that has an address: of type A (1) with 4 bytes or AAAA (28) with 16.
func (r *dnsRecord) take(value string) (address netip.Addr, ok bool) {
	if isInteger(value) {
		r.numbers = append(r.numbers, value)
		return address, false
	}
	if len(r.numbers) != 3 {
		return address, false
	}
	address, _, ok = parseAddress(value)
	if !ok {
		return address, false
	}
	kind, length := "1", "4"
	if strings.Contains(value, ":") {
		kind, length = "28", "16"
	}
	return address, r.numbers[0] == kind && r.numbers[2] == length
}

// parseDisplayDNS reads the rows of an entry's records, with empty lines
// between them. Of a record only the data can be an address; its name may look
// like one.
func parseDisplayDNS(c *collector, l *lines) {
	var r dnsRecord
	for ; !l.done(); l.next() {
		if blank(l.current) {
			r = dnsRecord{}
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
