package tables

const unknownFormat = "unknown"

// parser reads one format. People append one output to another, so a text is
// a sequence of blocks, each in a format of its own.
type parser struct {
	name string // empty where parse finds out

	// matches reports whether a block of this format begins at the current
	// line. It does not move the cursor.
	matches func(l *lines) bool

	// parse takes the block: at least the current line, and at most up to a
	// line at which another block begins.
	parse func(c *collector, l *lines)
}

// parsers are all the text formats, in the order in which they are tried.
var parsers = []parser{
	{"netstat", isNetstat, parseNetstat},
	{"netstat-unix", isUnixNetstat, parseUnixNetstat},
	{"ss", isSS, parseSS},
	{"proc-net", isProcSocket, parseProcSocket},
	{"if_inet6", isIfInet6, parseIfInet6},
	{"igmp6", isIGMP6, parseIGMP6},
	{"ipv6_route", isIPv6Route, parseIPv6Route},
	{"proc-arp", isProcARP, parseProcARP},
	{"conntrack", isConntrack, parseConntrack},
	{"ip-addr", isOneLineAddr, parseOneLineAddr},
	{"ip-addr", isBriefAddr, parseBriefAddr},
	{"ip-addr", isIPAddr, parseIPAddr},
	{"ip-maddr", isIPMaddr, parseIPAddr},
	{"ifconfig", isIfconfig, parseIfconfig},
	{"ip-neigh", isIPNeigh, parseIPNeigh},
	{"ip-route", isIPRoute, parseIPRoute},
	{"tcp_metrics", isTCPMetrics, parseTCPMetrics},
	{"ndp", isNDP, parseNDP},
	{"route-unix", isUnixRoute, parseUnixRoute},
	{"route-unix", isRoute4, parseRoute4},
	{"arp-unix", isUnixARP, parseUnixARP},
	{"arp-unix", isARPTable, parseARPTable},
	{"groups", isGroups, parseGroups},
	{"arp", isWindowsARP, parseWindowsARP},
	{"netsh-destinationcache", isDestinations, parseDestinations},
	{"netsh-neighbors", isNeighbors, parseNeighbors},
	{"netsh-addresses", isAddresses, parseAddresses},
	{"netsh-addresses", isAddressTitle, parseAddressTitle},
	{"netsh-route", isNetshRoutes, parseNetshRoutes},
	{"netsh-joins", isJoins, parseJoins},
	{"route-print", isRoutePrint6, parseRoutePrint6},
	{"route-print", isRoutePrint4, parseRoutePrint4},
	{"displaydns", isDisplayDNS, parseDisplayDNS},
	{"ipconfig", isIPConfig, parseIPConfig},
	{"", isPSTable, parsePSTable},
	{"", isPSList, parsePSList},
	{"", isCSV, parseCSV},
}

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
		p.parse(c, l)
	}
}

// find returns the parser whose block begins at the current line, or nil.
func (c *collector) find(l *lines) *parser {
	if len(l.current) > maxLine {
		return nil
	}
	for i := range c.parsers {
		if c.parsers[i].matches(l) {
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
