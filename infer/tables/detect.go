package tables

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

const unknownFormat = "unknown"

// parser reads one format. People append one output to another, so a text is
// a sequence of blocks, each in a format of its own.
type parser struct {
	name string

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
	{"netsh-destinationcache", isDestinations, parseDestinations},
	{"netsh-neighbors", isNeighbors, parseNeighbors},
	{"netsh-addresses", isAddresses, parseAddresses},
	{"netsh-addresses", isAddressTitle, parseAddressTitle},
	{"ipconfig", isIPConfig, parseIPConfig},
}

// collector gathers what the blocks of one file give.
type collector struct {
	snapshot   *infer.Snapshot
	parsers    []parser
	formats    []string
	rows       int
	jsonBudget int   // bytes that may still be spent on looking for JSON in vain
	doubtful   tally // lines that mention an address but gave none
	unread     tally // all lines that no format took
	problem    string
}

// tally counts lines and keeps the first of them.
type tally struct {
	count int
	lines []Line
}

func (t *tally) add(number int, text string) {
	t.count++
	if len(t.lines) < maxKept {
		t.lines = append(t.lines, Line{Number: number, Text: sanitise(text, maxShown)})
	}
}

// merge adds another tally's lines behind its own.
func (t *tally) merge(other tally) {
	t.count += other.count
	t.lines = append(t.lines, other.lines[:min(len(other.lines), maxKept-len(t.lines))]...)
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
		c.found(p.name)
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

func (c *collector) found(format string) {
	if !slices.Contains(c.formats, format) {
		c.formats = append(c.formats, format)
	}
}

// miss notes that the current line gave nothing.
func (c *collector) miss(l *lines) {
	if blank(l.current) {
		return
	}
	c.unread.add(l.number, l.current)
	if mentionsAddress(l.current) {
		c.doubtful.add(l.number, l.current)
	}
}

// reject notes that the current line is a row of its format and yet gave
// nothing.
func (c *collector) reject(l *lines) {
	c.unread.add(l.number, l.current)
	c.doubtful.add(l.number, l.current)
}

// local adds an address of an interface of the host.
func (c *collector) local(index uint32, name string, address netip.Addr) {
	c.snapshot.Interfaces = append(c.snapshot.Interfaces, infer.Interface{
		Index: index, Name: name, Addresses: []netip.Addr{address},
	})
	c.rows++
}

// report fills in the result once the snapshot is complete. Titles and column
// headers are no loss, but for a file of which nothing was understood.
func (c *collector) report(result *Result) {
	lost := c.doubtful
	if len(c.formats) > 0 {
		result.Format = strings.Join(c.formats, " + ")
	} else {
		lost = c.unread
	}
	result.Rows = c.rows
	result.Lines, result.NotUnderstood = lost.lines, lost.count
	result.Addresses = countAddresses(c.snapshot)
	result.Problem = c.problem
}

func countAddresses(s *infer.Snapshot) int {
	seen := map[netip.Addr]bool{}
	eachAddress(s, func(address netip.Addr) { seen[address] = true })
	delete(seen, netip.Addr{})
	return len(seen)
}

// eachAddress visits the addresses of a snapshot, the zero ones too; prefixes
// are none.
func eachAddress(s *infer.Snapshot, visit func(netip.Addr)) {
	all := func(addresses []netip.Addr) {
		for _, address := range addresses {
			visit(address)
		}
	}
	for _, row := range s.Interfaces {
		all(row.Addresses)
		all(row.Groups)
	}
	for _, rows := range [][]infer.Connection{s.TCPConnections, s.UDPEndpoints} {
		for _, row := range rows {
			visit(row.Local.Address)
			visit(row.Remote.Address)
		}
	}
	for _, row := range s.DestinationCache {
		visit(row.Destination)
		visit(row.Source)
		visit(row.NextHop)
	}
	for _, row := range s.Neighbors {
		visit(row.Address)
	}
	for _, row := range s.Flows {
		visit(row.Source.Address)
		visit(row.Destination.Address)
	}
	for _, row := range s.Routes {
		visit(row.NextHop)
	}
	all(s.Hosts)
	all(s.DNSCache)
}
