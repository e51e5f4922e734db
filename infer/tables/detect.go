package tables

import "slices"

const unknownFormat = "unknown"

// parser reads one format. People append one output to another, so a text is
// a sequence of blocks, each in a format of its own.
type parser struct {
	name  string // empty where parse finds out
	words int    // at least in the first line

	// row reads a block of one line by its words, and says why they gave nothing,
	// or not all. If that is whyUnknown, the line is none of this format, and gave
	// nothing.
	row func(c *collector, fields []string) (why string)

	// Of other formats matches reports whether a block begins at the current line.
	// It does not move the cursor.
	matches func(l *lines) bool

	// parse takes the block: at least the current line, and at most up to a
	// line at which another block begins.
	parse func(c *collector, l *lines)
}

// parsers are all the text formats, in the order in which they are tried.
var parsers = []parser{
	{name: "netstat", words: 3, row: netstat},
	{name: "netstat-unix", words: 5, matches: isUnixSocket, parse: parseUnixNetstat},
	{name: "ss", words: 5, matches: isSSRow, parse: parseSS},
	{name: "proc-net", words: 12, row: procSocket},
	{name: "if_inet6", words: 6, row: ifInet6},
	{name: "igmp6", words: 6, row: igmp6},
	{name: "ipv6_route", words: 10, row: ipv6Route},
	{name: "proc-arp", words: 6, row: procARP},
	{name: "conntrack", words: 4, row: conntrack},
	{name: "ip-addr", words: 4, row: oneLineAddr},
	{name: "ip-addr", words: 3, row: briefAddr},
	block("ip-addr", 3, ipHeading, parseInetLines),
	block("ip-maddr", 2, ipHeading, parseInetLines),
	block("ifconfig", 2, ifconfigHeading, parseInetLines),
	{name: "ip-neigh", words: 2, row: ipNeigh},
	block("ip-route", 2, splitIPRoute, parseIPRoute),
	{name: "tcp_metrics", words: 3, row: tcpMetrics},
	{name: "ndp", words: 4, row: ndp},
	{name: "route-unix", words: 4, row: unixRouteRow},
	{name: "route-unix", words: 8, row: route4},
	{name: "arp-unix", words: 6, row: unixARP},
	{name: "arp-unix", words: 3, row: arpTable},
	{name: "groups", words: 3, row: groups},
	block("arp", 4, arpTitle, parseWindowsARP),
	underlined("netsh-destinationcache", destinationRow, -wideColumn, wideColumn, 0),
	underlined("netsh-neighbors", neighborRow, wideColumn, -wideColumn, 0),
	underlined("netsh-addresses", addressRow, -lastColumn, 0, 0, 0, lastColumn),
	block("netsh-addresses", 2, addressTitle, parseAddressTitle),
	underlined("netsh-route", routeRow, 0, 0, 0, lastColumn, 0, lastColumn),
	underlined("netsh-joins", joinRow, -lastColumn, 0, -lastColumn, lastColumn),
	block("route-print", 3, routePrint6, parseRoutePrint6),
	{name: "route-print", words: 4, row: routePrint4},
	{name: "displaydns", words: 3, matches: isDisplayDNS, parse: parseDisplayDNS},
	{name: "ipconfig", words: 3, matches: isIPConfig, parse: parseIPConfig},
	titles("ss", "Netid", "State"),
	titles("ss", "State", "Recv-Q"),
	titles("proc-net", "sl", "local_address"),
	titles("proc-arp", "IP", "address", "HW"),
	block("", 1, psColumns, parsePSTable),
	block("", 2, psListOf, parsePSList),
	block("", 1, csvHeader, parseCSV),
}

// block is the parser of a format whose first line says what parse needs to know.
func block[T any](name string, words int, first func(*lines) (T, bool), parse func(*collector, *lines, T)) parser {
	matches := func(l *lines) bool {
		_, ok := first(l)
		return ok
	}
	return parser{name: name, words: words, matches: matches, parse: func(c *collector, l *lines) {
		said, _ := first(l)
		parse(c, l, said)
	}}
}

// titles takes a line by its first words, the titles of a table's columns, which
// the tools that print them do not translate: without them a table that has no rows
// would be no known table.
func titles(name string, words ...string) parser {
	return parser{name: name, words: 3, row: func(_ *collector, fields []string) string {
		if slices.Equal(fields[:len(words)], words) {
			return ""
		}
		return whyUnknown
	}}
}

// begins reports whether the parser's block begins at the current line.
func (p *parser) begins(l *lines, trial *collector) bool {
	switch fields := l.fields(); {
	case len(fields) < p.words:
		return false
	case p.row != nil:
		return p.row(trial, fields) != whyUnknown
	}
	return p.matches(l)
}

// read takes a text apart into blocks.
func (c *collector) read(text string) {
	c.jsonBudget = 4*len(text) + 1<<20
	for l := newLines(text); !l.done(); {
		if c.takeJSON(l) {
			continue
		}
		at := l.number
		if p := c.find(l); p != nil {
			c.found(p.name)
			p.take(c, l)
		}
		if l.number == at { // a parser that took nothing after all must not be asked again
			c.miss(l)
			l.next()
		}
	}
	c.sortHostRoutes()
}

// take reads the block that begins at the current line.
func (p *parser) take(c *collector, l *lines) {
	if p.row == nil {
		p.parse(c, l)
		return
	}
	c.reject(l.mark(), p.row(c, l.fields()))
	l.next()
}

// find returns the parser whose block begins at the current line, or nil.
func (c *collector) find(l *lines) *parser {
	i := slices.IndexFunc(c.parsers, func(p parser) bool { return p.begins(l, c.trial) })
	if i < 0 {
		return nil
	}
	return &c.parsers[i]
}

// begins reports whether a block in some other format begins at the current
// line, which the one being read could not take.
func (c *collector) begins(l *lines) bool {
	return beginsJSON(l.current) || c.find(l) != nil
}
