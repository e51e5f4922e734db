package repair

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// facts are what the first pass learns of the whole capture.
type facts struct {
	pass                int // passes that are behind us
	format, compression string

	packets, bytes int64
	stamped        bool
	first, last    int64 // earliest and latest stamp, nanoseconds
	interfaces     []report.Interface
	byInterface    map[*capture.Interface]int // the present pass's, into interfaces
	headerless     int64
	quotes         bool         // errors quote packets
	converted      int64        // sockaddr records, IPv4 ones too
	placed         map[int]bool // sections that mendcap has put in order before
	damage         *capture.FormatError
}

// gather is the first pass: what the capture holds, and what the inference and
// the vantage can learn from it.
func (j *job) gather(ctx context.Context) error {
	f := &j.facts
	f.byInterface = make(map[*capture.Interface]int)
	f.placed = make(map[int]bool)
	section := -1
	broken, err := j.pass(ctx, &decoder{layout: j.layout}, func(c *chunk) error {
		for i := range c.units {
			u := &c.units[i]
			switch u.block.Kind {
			case capture.Section:
				section++
				f.placed[section] = placedBefore(u.block)
			case capture.Iface:
				f.describe(u.block.Interface)
			case capture.Packet:
				j.observe(u, f.placed[section])
			}
		}
		c.release(len(c.units))
		return nil
	})
	if err != nil {
		return err
	}
	f.byInterface = nil
	if f.packets == 0 && broken != nil {
		return fmt.Errorf("%w: %s", ErrNoCapture, inFile(j.source.name, broken))
	}
	f.damage = broken
	j.engine.Conclude()
	j.local.decide(j.flows, j.engine.Local(), f.headerless > 0)
	j.local.ttls = nil
	f.pass++
	return nil
}

// placedBefore reports whether mendcap has put the section in order already.
func placedBefore(section *capture.Block) bool {
	if section.Type == capture.TypePcap {
		return false
	}
	for _, c := range section.Comments() {
		if strings.HasPrefix(c, orderMark) {
			return true
		}
	}
	return false
}

func (f *facts) describe(i *capture.Interface) {
	f.byInterface[i] = len(f.interfaces)
	f.interfaces = append(f.interfaces, report.Interface{
		Section: i.Section, ID: i.ID, Name: i.Name, LinkType: i.LinkType,
		LinkName: packet.LinkName(packet.LinkType(i.LinkType)), Resolution: i.Resolution(),
	})
}

func (j *job) observe(u *unit, placed bool) {
	f := &j.facts
	f.packets++
	f.bytes += int64(len(u.block.Data))
	f.quotes = f.quotes || u.names.quotes
	if n, ok := f.byInterface[u.block.Interface]; ok {
		f.interfaces[n].Packets++
	}
	if stamp, ok := u.stamp(); ok {
		if !f.stamped {
			f.first, f.last, f.stamped = stamp, stamp, true
		}
		f.first, f.last = min(f.first, stamp), max(f.last, stamp)
	}
	if u.direction() != tcp.Unproven {
		j.local.flagged = true
	}
	switch {
	case u.view.Form.Headerless() && !(placed && mended(u.block)):
		f.headerless++
		j.engine.Observe(&u.headless.facts)
	case u.view.Form == packet.Sockaddr4:
		f.converted++
		fallthrough
	case u.view.Form == packet.Whole:
		j.observeWhole(u)
	}
}

// observeWhole takes in a packet with its own IP header: once a flow and
// direction for the inference, each time for the vantage.
func (j *job) observeWhole(u *unit) {
	id, dir, fresh := j.flows.of(u)
	if fresh {
		j.local.forget(id)
	}
	if j.local.ttls[id].high[dir] == 0 {
		src, dst := u.ends()
		j.engine.ObserveFlow(src, dst, u.proto, u.sport, u.dport)
	}
	j.local.observe(u, id, dir)
}

// mended reports whether a packet has a comment of mendcap's.
func mended(b *capture.Block) bool {
	for _, c := range b.Comments() {
		if strings.HasPrefix(c, commentMark) {
			return true
		}
	}
	return false
}

// survey is the second pass: it learns how the capture's order is disturbed.
func (j *job) survey(ctx context.Context) error {
	s, err := reorder.NewSurvey(j.order)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	j.clocks.begin(&j.facts)
	_, err = j.pass(ctx, &decoder{layout: j.layout, engine: j.engine, quoted: j.facts.quotes}, func(c *chunk) error {
		for i := range c.units {
			u := &c.units[i]
			if isBarrier(u.block) {
				s.Barrier()
			}
			if u.block.HasStamp && u.block.Interface != nil {
				seg := j.segment(u)
				j.clocks.observe(u, seg)
				p := j.subject(u, seg)
				s.Push(&p)
			}
		}
		c.release(len(c.units))
		return nil
	})
	if err != nil {
		return err
	}
	j.profile = s.Profile()
	j.compareClocks()
	j.facts.pass++
	return nil
}

// segment returns what the laws may see of the packet: nil where they have no
// say, or where mendcap has placed it before.
func (j *job) segment(u *unit) *reorder.Segment {
	if u.block.Kind != capture.Packet || !j.flows.segment(u, &j.local) {
		u.isTCP = false
		return nil
	}
	if j.placed(u) {
		return nil
	}
	return &u.seg
}

// isBarrier reports whether no packet may cross the block: a section header, an
// interface description, secrets, and packets without a stamp.
func isBarrier(b *capture.Block) bool {
	switch b.Kind {
	case capture.Section, capture.Iface, capture.Secrets:
		return true
	case capture.Packet:
		return !b.HasStamp || b.Interface == nil
	}
	return false
}

func (f *facts) describeCapture(name string) report.Capture {
	c := report.Capture{
		Name: name, Format: f.format, Compression: f.compression,
		Packets: f.packets, Bytes: f.bytes, Interfaces: f.interfaces,
	}
	if f.stamped {
		c.First, c.Last = utc(f.first), utc(f.last)
	}
	return c
}

func utc(ns int64) time.Time { return time.Unix(0, ns).UTC() }
