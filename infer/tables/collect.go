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
	trial      *collector    // keeps nothing: what tries whether a line is a row gives it there
	cut        int           // addresses that a tool has cut
	jsonBudget int           // bytes that may still be spent on looking for JSON in vain
	doubtful   tally         // lines that mention an address but gave none
	unread     tally         // all lines that no format took
	problem    string
}

func newCollector(limit int) *collector {
	return &collector{
		snapshot: &infer.Snapshot{}, parsers: parsers, limit: limit, trial: &collector{snapshot: &infer.Snapshot{}},
	}
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
	if format != "" && !slices.Contains(c.formats, format) {
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

// reject notes why a row of some format gave nothing, or not all. It does nothing
// where there is no reason.
func (c *collector) reject(at mark, why string) {
	if why != "" {
		c.unread.add(at.number, at.text, why)
		c.doubtful.add(at.number, at.text, why)
	}
}

// room counts a row and reports whether it may be kept.
func (c *collector) room() bool {
	if c.rows < c.limit {
		c.rows++
		return true
	}
	if c.problem == "" {
		c.problem = fmt.Sprintf("too many rows: those after the first %d were left out", c.limit)
	}
	return false
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

func (c *collector) host(address netip.Addr) { keep(c, &c.snapshot.Hosts, address) }

func (c *collector) cached(address netip.Addr) { keep(c, &c.snapshot.DNSCache, address) }

// hint keeps what is left of an address that was cut, and says that it was. It is no
// row.
func (c *collector) hint(rest string, port uint16, local bool) (why string) {
	c.cut++
	if prefix, ok := certainOf(rest); ok && len(c.snapshot.Hints) < c.limit {
		c.snapshot.Hints = append(c.snapshot.Hints, infer.Hint{Prefix: prefix, Port: port, Local: local})
	}
	return whyCut
}

// report is the result once the snapshot is complete. Titles and column headers
// are no loss, but for a file of which nothing was understood.
func (c *collector) report(name string) Result {
	format, lost := strings.Join(c.formats, " + "), c.doubtful
	if format == "" {
		format, lost = unknownFormat, c.unread
	}
	return Result{
		Name: name, Format: format, Rows: c.rows, Addresses: countAddresses(c.snapshot, snapshotTables...), Cut: c.cut,
		Lines: lost.lines, NotUnderstood: lost.count, Problem: c.problem,
	}
}
