package tables

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// collector gathers what the blocks of one file give.
type collector struct {
	snapshot   *infer.Snapshot
	parsers    []parser
	formats    []string
	rows       int
	hostRoutes []infer.Route // of Windows: the host's own addresses, or others
	limit      int           // rows that are kept
	cut        int           // addresses that a tool has cut
	jsonBudget int           // bytes that may still be spent on looking for JSON in vain
	doubtful   tally         // lines that mention an address but gave none
	unread     tally         // all lines that no format took
	problem    string
}

// Why a line gave nothing, or not all that it seems to hold.
const (
	whyUnknown = "no known table"
	whyForeign = "no known object"
	whyRow     = "not a row of it"
	whyName    = "no host's address"
	whyCut     = "address is cut"
	whyDoubt   = "may be cut"
	whyWhose   = "nothing says whose address it is"
)

// tally counts lines and keeps the first of them.
type tally struct {
	count int
	lines []Line
}

func (t *tally) add(number int, text, why string) {
	t.count++
	if len(t.lines) < maxKept {
		t.lines = append(t.lines, Line{Number: number, Text: sanitise(text, maxShown), Why: why})
	}
}

// merge adds another tally's lines after its own.
func (t *tally) merge(other tally) {
	t.count += other.count
	t.lines = append(t.lines, other.lines[:min(len(other.lines), maxKept-len(t.lines))]...)
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
	c.unread.add(l.number, l.current, whyUnknown)
	if mentionsAddress(l.current) {
		c.doubtful.add(l.number, l.current, whyUnknown)
	}
}

// reject notes that the current line is a row of its format and yet gave
// nothing, or not all.
func (c *collector) reject(l *lines, why string) { c.rejectLine(l.number, l.current, why) }

func (c *collector) rejectLine(number int, text, why string) {
	c.unread.add(number, text, why)
	c.doubtful.add(number, text, why)
}

// room counts a row and reports whether it may be kept.
func (c *collector) room() bool {
	if c.rows >= c.limit {
		c.problem = fmt.Sprintf("too many rows: those after the first %d were left out", c.limit)
		return false
	}
	c.rows++
	return true
}

// keep adds a row to a list of the snapshot, if there is room for it.
func keep[T any](c *collector, list *[]T, row T) {
	if c.room() {
		*list = append(*list, row)
	}
}

// local adds an address of an interface of the host.
func (c *collector) local(index uint32, name string, address netip.Addr) {
	keep(c, &c.snapshot.Interfaces, infer.Interface{Index: index, Name: name, Addresses: []netip.Addr{address}})
}

// group adds a group that the host has joined on an interface.
func (c *collector) group(index uint32, name string, address netip.Addr) {
	keep(c, &c.snapshot.Interfaces, infer.Interface{Index: index, Name: name, Groups: []netip.Addr{address}})
}

func (c *collector) tcp(row infer.Connection) { keep(c, &c.snapshot.TCPConnections, row) }

func (c *collector) udp(row infer.Connection) { keep(c, &c.snapshot.UDPEndpoints, row) }

func (c *collector) destination(row infer.Destination) {
	row.NextHop = specified(row.NextHop)
	keep(c, &c.snapshot.DestinationCache, row)
}

func (c *collector) neighbor(row infer.Neighbor) { keep(c, &c.snapshot.Neighbors, row) }

// route adds a route. One to a single host names that too.
func (c *collector) route(row infer.Route) {
	if !c.room() {
		return
	}
	row.NextHop = specified(row.NextHop)
	c.snapshot.Routes = append(c.snapshot.Routes, row)
	if host := row.Prefix.Addr(); isHostRoute(row.Prefix) && !host.IsLoopback() {
		c.snapshot.Hosts = append(c.snapshot.Hosts, host)
	}
}

func (c *collector) flow(row infer.Flow) { keep(c, &c.snapshot.Flows, row) }

func (c *collector) host(address netip.Addr) { keep(c, &c.snapshot.Hosts, address) }

func (c *collector) cached(address netip.Addr) { keep(c, &c.snapshot.DNSCache, address) }

// hint keeps what is left of an address that was cut. It is no row.
func (c *collector) hint(rest string, port uint16, local bool) {
	c.cut++
	if prefix, ok := certainOf(rest); ok && len(c.snapshot.Hints) < c.limit {
		c.snapshot.Hints = append(c.snapshot.Hints, infer.Hint{Prefix: prefix, Port: port, Local: local})
	}
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
	result.Rows, result.Cut = c.rows, c.cut
	result.Lines, result.NotUnderstood = lost.lines, lost.count
	result.Addresses = countAddresses(c.snapshot, snapshotTables...)
	result.Problem = c.problem
}
