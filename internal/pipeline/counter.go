package pipeline

import (
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/comment"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/summary"
	"github.com/mendcap/mendcap/report"
)

// contents are what a capture holds.
type contents struct {
	packets, bytes int64
	lastFrame      int64        // number of the last packet: more than packets where some are left out
	summary.Span                // when they were recorded; Partial where only the beginning was gathered
	credible       summary.Span // of it, the stamps that can be true
	incredible     int64        // packets with other stamps
	interfaces     []report.Interface
	unlisted       int64 // interfaces beyond maxInterfaces
	converted      int64 // sockaddr records of IPv4
	lengthless     int64 // TCP packets that segmentation offload left without a length
	sections       int
	placed         sectionSet // sections that mendcap has put in order before

	// What the first pass alone counts.
	headerless   int64
	quotes       bool  // errors quote packets
	own, strange int64 // addresses that interface descriptions state, and those beyond maxOwn
}

// counter is the stage that counts what the capture holds. In: blocks in file order.
type counter struct {
	contents
	byInterface map[*capture.Interface]int // the present pass's, into interfaces
}

// newCounter begins the counts of a pass. What the first pass alone counts is as known.
func newCounter(known contents) *counter {
	return &counter{
		contents: contents{
			headerless: known.headerless, quotes: known.quotes, own: known.own, strange: known.strange,
			Span: summary.Span{Partial: known.Partial},
		},
		byInterface: make(map[*capture.Interface]int),
	}
}

// take takes in what a block says of the capture as a whole.
func (c *counter) take(u *unit) {
	switch u.block.Kind {
	case capture.Section:
		if placedBefore(u.block) {
			c.placed.add(c.sections)
		}
		c.sections++
		c.byInterface = make(map[*capture.Interface]int) // no packet of an earlier section follows
	case capture.Iface:
		c.describe(u.block.Interface)
	case capture.Packet:
		c.packet(u)
	}
}

func (c *counter) packet(u *unit) {
	c.packets++
	c.lastFrame = u.block.Frame
	c.bytes += int64(len(u.block.Data))
	c.quotes = c.quotes || u.quotes
	if n, ok := c.byInterface[u.block.Interface]; ok {
		c.interfaces[n].Packets++
	}
	if u.view.Form == packet.Sockaddr4 {
		c.converted++
	}
	if u.view.Lengthless {
		c.lengthless++
	}
	if stamp, ok := u.recorded(); ok {
		widen(&c.Span, stamp)
		if earliestTrue <= stamp && stamp < latestTrue {
			widen(&c.credible, stamp)
		} else {
			c.incredible++
		}
	}
}

// Stamps that can be true, nanoseconds since 1970: those of the years 1990 to 2099. No
// capture of the formats that are read is older.
const (
	earliestTrue = 631_152_000 * int64(1e9)
	latestTrue   = 4_102_444_800 * int64(1e9)
)

// widen lets a span hold a stamp.
func widen(s *summary.Span, stamp int64) {
	if !s.Stamped {
		s.First, s.Last, s.Stamped = stamp, stamp, true
	}
	s.First, s.Last = min(s.First, stamp), max(s.Last, stamp)
}

// leftOut is how many packets have a stamp that can't be true, where others have one that
// can: a capture whose times all begin at 0 is meant so.
func (c *contents) leftOut() int64 {
	if !c.credible.Stamped {
		return 0
	}
	return c.incredible
}

// lacksHeader reports whether the packet's header has to be inferred.
func (c *counter) lacksHeader(u *unit) bool {
	return u.view.Form.Headerless() && !(c.placed.holds(u) && mended(u.block))
}

// exceeds reports whether, with the block that was counted last, there is more than a
// beginning has told in which so many interfaces are known and all packets have their
// header.
func (c *counter) exceeds(u *unit, interfaces int) bool {
	return len(c.interfaces) > interfaces || u.block.Kind == capture.Packet && (c.lacksHeader(u) || c.converted > 0)
}

// placedBefore reports whether mendcap has put the section in order already.
func placedBefore(section *capture.Block) bool {
	return !section.Pcap && commented(section, orderMark)
}

// mended reports whether a packet has a comment of mendcap's.
func mended(b *capture.Block) bool { return commented(b, comment.Mark) }

// commented reports whether a block has a comment that begins so.
func commented(b *capture.Block, mark string) bool {
	return slices.ContainsFunc(b.Comments(), func(c string) bool { return strings.HasPrefix(c, mark) })
}

// maxInterfaces is how many interfaces of a capture are told apart in the report
// and in what is learnt of clocks.
const maxInterfaces = 1 << 16

func (c *counter) describe(i *capture.Interface) {
	if len(c.interfaces) >= maxInterfaces {
		c.unlisted++
		return
	}
	c.byInterface[i] = len(c.interfaces)
	c.interfaces = append(c.interfaces, report.Interface{
		Section: i.Section, ID: i.ID, Name: i.Name, LinkType: i.LinkType,
		LinkName: packet.LinkName(packet.LinkType(i.LinkType)), Resolution: i.Resolution(),
	})
}

// report describes the capture for the report.
func (c *contents) report(name, format, compression string) report.Capture {
	r := report.Capture{
		Name: name, Format: format, Compression: compression,
		Packets: c.packets, Bytes: c.bytes, Interfaces: c.interfaces,
	}
	switch {
	case c.credible.Stamped:
		r.First, r.Last = utc(c.credible.First), utc(c.credible.Last)
	case c.Stamped:
		r.First, r.Last = utc(c.First), utc(c.Last)
	}
	return r
}

func utc(ns int64) time.Time { return time.Unix(0, ns).UTC() }
