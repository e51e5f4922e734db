package tables

import (
	"cmp"
	"regexp"
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
func dashes(line string) []int {
	if len(line) > maxLine {
		return nil
	}
	var widths []int
	for _, field := range strings.Fields(line) {
		if len(field) < 3 || strings.Trim(field, "-") != "" {
			return nil
		}
		widths = append(widths, len(field))
	}
	return widths
}

// interfaceTitle is the line `<word> 16: Ethernet 2`, in any language.
var interfaceTitle = regexp.MustCompile(`^\D+?(\d{1,10})\s?[:：](?:\s+(.*))?$`)

// titleAbove returns the interface named above a line of dashes, 0 if there is
// none: a table asked for by interface has no such title.
func titleAbove(l *lines) (index uint32, name string) {
	for _, line := range l.before {
		if dashes(line) != nil || mentionsAddress(line) { // a long line counts as one
			break
		}
		if m := interfaceTitle.FindStringSubmatch(line); m != nil {
			n, err := strconv.ParseUint(m[1], 10, 32)
			if err != nil {
				break
			}
			return uint32(n), word(m[2])
		}
	}
	return 0, ""
}

// parseTable takes the rows below a line of dashes up to an empty line, or to
// one at which another format begins.
func parseTable(c *collector, l *lines, row func(fields []string) bool) {
	for l.next(); !l.done() && !blank(l.current) && dashes(l.current) == nil; l.next() {
		if len(l.current) <= maxLine && row(strings.Fields(l.current)) {
			continue
		}
		if c.begins(l) {
			return
		}
		c.miss(l)
	}
}

// isDestinations tells `netsh interface ipv6 show destinationcache`: the path
// MTU, the destination, the next hop.
func isDestinations(l *lines) bool {
	w := dashes(l.current)
	return len(w) == 3 && w[0] < wideColumn && w[1] >= wideColumn
}

func parseDestinations(c *collector, l *lines) {
	index, _ := titleAbove(l)
	parseTable(c, l, func(fields []string) bool {
		if len(fields) < 2 || !isMTU(fields[0]) {
			return false
		}
		destination, zone, ok := parseHost(fields[1])
		if !ok {
			return false
		}
		row := infer.Destination{Destination: destination}
		var hopZone uint32
		if len(fields) == 3 { // else the name of an interface, or nothing
			row.NextHop, hopZone, _ = parseAddress(fields[2])
		}
		row.Interface = cmp.Or(index, max(zone, hopZone))
		c.destination(row)
		return true
	})
}

// isMTU tells a path MTU: from IPv4's smallest to the loopback interface's,
// which is 2^32-1 on Windows.
func isMTU(token string) bool {
	n, err := strconv.ParseUint(token, 10, 32)
	return err == nil && n >= 576
}

// isNeighbors tells `netsh interface ipv6 show neighbors`: the address, the
// link-layer address, the state.
func isNeighbors(l *lines) bool {
	w := dashes(l.current)
	return len(w) == 3 && w[0] >= wideColumn && w[1] < wideColumn
}

func parseNeighbors(c *collector, l *lines) {
	index, _ := titleAbove(l)
	parseTable(c, l, func(fields []string) bool {
		address, zone, ok := parseHost(fields[0])
		if !ok {
			return false
		}
		row := infer.Neighbor{Address: address, Interface: cmp.Or(index, zone)}
		tail := fields[1:]
		if len(tail) > 0 {
			linkLayer, ok := parseLinkLayer(tail[0])
			row.LinkLayer = linkLayer
			if ok || startsWithDigit(tail[0]) { // tunnels have an IPv4 address there
				tail = tail[1:]
			}
		}
		row.State = word(strings.Join(tail, " "))
		c.neighbor(row)
		return true
	})
}

func startsWithDigit(token string) bool { return '0' <= token[0] && token[0] <= '9' }

// isAddresses tells `netsh interface ipv6 show addresses`: four columns, then
// the address.
func isAddresses(l *lines) bool {
	w := dashes(l.current)
	return len(w) == 5 && w[0] < lastColumn && w[4] >= lastColumn
}

func parseAddresses(c *collector, l *lines) {
	index, name := titleAbove(l)
	parseTable(c, l, func(fields []string) bool {
		address, zone, ok := parseLocal(fields[len(fields)-1])
		if !ok || len(fields) < 2 {
			return false
		}
		c.local(cmp.Or(index, zone), name, address)
		return true
	})
}

// isAddressTitle tells the form of `show addresses` for one interface: each
// address in a title line among words, underlined from end to end, and below
// it a list that begins with the interface's name and the scope, as zone.level.
func isAddressTitle(l *lines) bool {
	if _, _, ok := titleAddress(l.current); !ok {
		return false
	}
	w := dashes(l.peek(1))
	if len(w) != 1 || w[0] < lastColumn || !strings.Contains(l.peek(2), ": ") {
		return false
	}
	_, scope, _ := strings.Cut(l.peek(3), ": ")
	zone, level, ok := strings.Cut(strings.TrimSpace(scope), ".")
	return ok && isInteger(zone) && isInteger(level)
}

// titleAddress returns the only address among the words of a title.
func titleAddress(line string) (address string, words int, ok bool) {
	for _, field := range strings.Fields(line) {
		if _, _, isAddress := parseLocal(field); !isAddress {
			words++
		} else if ok {
			return "", 0, false
		} else {
			address, ok = field, true
		}
	}
	return address, words, ok && words > 0
}

func parseAddressTitle(c *collector, l *lines) {
	title, _, _ := titleAddress(l.current)
	address, zone, _ := parseLocal(title)
	_, name, _ := strings.Cut(l.peek(2), ": ")
	c.local(zone, word(name), address)
	l.next()
	l.next() // the dashes; the list below has no address
}
