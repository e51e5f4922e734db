package tables

import "slices"

const unknownFormat = "unknown"

// parser reads one format. People append one output to another, so a text is
// a sequence of blocks, each in a format of its own.
type parser struct {
	name  string // empty where parse finds out
	words int    // at least in the first line

	// matches reports whether a block of this format begins at the current
	// line. It does not move the cursor.
	matches func(l *lines) bool

	// parse takes the block: at least the current line, and at most up to a
	// line at which another block begins.
	parse func(c *collector, l *lines)
}

// parsers are all the text formats, in the order in which they are tried.
var parsers = []parser{
	{"netstat", 3, isNetstat, parseNetstat},
	{"netstat-unix", 5, isUnixNetstat, parseUnixNetstat},
	{"ss", 5, isSS, parseSS},
	oneLine("proc-net", 12, isProcSocket, parseProcSocket),
	oneLine("if_inet6", 6, isIfInet6, parseIfInet6),
	oneLine("igmp6", 6, isIGMP6, parseIGMP6),
	oneLine("ipv6_route", 10, isIPv6Route, parseIPv6Route),
	oneLine("proc-arp", 6, isProcARP, parseProcARP),
	{"conntrack", 4, isConntrack, parseConntrack},
	oneLine("ip-addr", 4, isOneLineAddr, parseOneLineAddr),
	oneLine("ip-addr", 3, isBriefAddr, parseBriefAddr),
	{"ip-addr", 3, isIPAddr, parseIPAddr},
	{"ip-maddr", 2, isIPMaddr, parseIPAddr},
	{"ifconfig", 2, isIfconfig, parseIfconfig},
	oneLine("ip-neigh", 2, isIPNeigh, parseIPNeigh),
	{"ip-route", 2, isIPRoute, parseIPRoute},
	oneLine("tcp_metrics", 3, isTCPMetrics, parseTCPMetrics),
	oneLine("ndp", 4, isNDP, parseNDP),
	{"route-unix", 4, isUnixRoute, parseUnixRoute},
	oneLine("route-unix", 8, isRoute4, parseRoute4),
	oneLine("arp-unix", 4, isUnixARP, parseUnixARP),
	oneLine("arp-unix", 3, isARPTable, parseARPTable),
	oneLine("groups", 3, isGroups, parseGroups),
	{"arp", 4, isWindowsARP, parseWindowsARP},
	{"netsh-destinationcache", 3, isDestinations, parseDestinations},
	{"netsh-neighbors", 3, isNeighbors, parseNeighbors},
	{"netsh-addresses", 5, isAddresses, parseAddresses},
	{"netsh-addresses", 2, isAddressTitle, parseAddressTitle},
	{"netsh-route", 6, isNetshRoutes, parseNetshRoutes},
	{"netsh-joins", 4, isJoins, parseJoins},
	{"route-print", 3, isRoutePrint6, parseRoutePrint6},
	oneLine("route-print", 4, isRoutePrint4, parseRoutePrint4),
	{"displaydns", 3, isDisplayDNS, parseDisplayDNS},
	{"ipconfig", 3, isIPConfig, parseIPConfig},
	{"ss", 3, begins("Netid", "State"), parseTitles},
	{"ss", 3, begins("State", "Recv-Q"), parseTitles},
	{"proc-net", 3, begins("sl", "local_address"), parseTitles},
	{"proc-arp", 3, begins("IP", "address", "HW"), parseTitles},
	{"", 1, isPSTable, parsePSTable},
	{"", 2, isPSList, parsePSList},
	{"", 1, isCSV, parseCSV},
}

// oneLine is a parser of blocks of one line each, by its words.
func oneLine(name string, words int, matches func(fields []string) bool, parse func(c *collector, l *lines, fields []string)) parser {
	return parser{name, words, func(l *lines) bool { return matches(l.fields()) }, func(c *collector, l *lines) {
		parse(c, l, l.fields())
		l.next()
	}}
}

// begins tells a line by its first words: the titles of a table's columns. The
// tools that print them do not translate them.
func begins(words ...string) func(l *lines) bool {
	return func(l *lines) bool {
		fields := l.fields()
		return len(fields) >= len(words) && slices.Equal(fields[:len(words)], words)
	}
}

// parseTitles takes the titles: without them a table that has no rows would be
// no known table.
func parseTitles(_ *collector, l *lines) { l.next() }

// read takes a text apart into blocks.
func (c *collector) read(text string) {
	c.jsonBudget = 4*len(text) + 1<<20
	for l := newLines(text); !l.done(); {
		if c.takeJSON(l) {
			continue
		}
		p := c.find(l)
		if p == nil {
			c.miss(l)
			l.next()
			continue
		}
		if p.name != "" {
			c.found(p.name)
		}
		at := l.number
		p.parse(c, l)
		if l.number == at { // it took nothing after all, and must not be asked again
			c.miss(l)
			l.next()
		}
	}
	c.settleHostRoutes()
}

// find returns the parser whose block begins at the current line, or nil.
func (c *collector) find(l *lines) *parser {
	words := len(l.fields())
	for i := range c.parsers {
		if words >= c.parsers[i].words && c.parsers[i].matches(l) {
			return &c.parsers[i]
		}
	}
	return nil
}

// begins reports whether a block in some other format begins at the current
// line, which the one being read could not take.
func (c *collector) begins(l *lines) bool {
	return beginsJSON(l.current) || c.find(l) != nil
}
