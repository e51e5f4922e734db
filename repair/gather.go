package repair

import (
	"context"
	"errors"
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
	whole          bool         // the inference is shown packets with their own header too
	quotes         bool         // errors quote packets
	converted      int64        // sockaddr records, IPv4 ones too
	placed         map[int]bool // sections that mendcap has put in order before
	damage         *capture.FormatError
}

// gather is the first pass: what the capture holds, and what the inference and
// the vantage can learn from it.
//
// What packets with their own header show helps the inference only where others
// lack theirs. As long as none does, nothing of it is kept; should the first one
// come late, the pass begins again.
func (j *job) gather(ctx context.Context) error {
	err := j.gatherOnce(ctx, false)
	if err == errHeaderless {
		j.facts, j.flows = facts{}, newFlowTable()
		err = j.gatherOnce(ctx, true)
	}
	return err
}

// errHeaderless ends a pass that should have shown the inference whole packets.
var errHeaderless = errors.New("a header-less packet behind whole ones")

func (j *job) gatherOnce(ctx context.Context, whole bool) error {
	f := &j.facts
	f.whole = whole
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
				if err := j.observe(u, f.placed[section]); err != nil {
					return err
				}
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

func (j *job) observe(u *unit, placed bool) error {
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
	if u.heading != tcp.Unproven {
		j.local.flagged = true
	}
	switch {
	case u.view.Form.Headerless() && !(placed && mended(u.block)):
		if f.headerless++; !f.whole && len(j.flows.keys) > 0 {
			return errHeaderless
		}
		f.whole = true
		j.engine.Observe(&u.headless.facts)
	case u.view.Form == packet.Sockaddr4:
		f.converted++
		fallthrough
	case u.view.Form == packet.Whole:
		j.observeWhole(u)
	}
	return nil
}

// vantagePackets is how many packets tell from which host the capture was taken
// where only their TTLs can.
const vantagePackets = 1 << 18

// observeWhole takes in a packet with its own IP header: once a flow and
// direction for the inference, each time for the vantage.
func (j *job) observeWhole(u *unit) {
	if !j.facts.whole && j.facts.packets > vantagePackets {
		return
	}
	id, fresh := j.flows.of(&u.pair)
	dir := u.pair.dir
	if fresh {
		j.local.forget(id)
	}
	if j.facts.whole && j.local.ttls[id].high[dir] == 0 {
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
// Where clocks have to be corrected that takes two.
func (j *job) survey(ctx context.Context) error {
	j.clocks.begin(&j.facts)
	err := j.surveyOnce(ctx)
	if err == nil && j.o.AlignInterfaces && j.clocks.align(j.facts.first, j.facts.last) {
		err = j.surveyOnce(ctx)
	}
	j.facts.pass++
	return err
}

// errEnough ends a survey before the end of the capture.
var errEnough = errors.New("nothing more to learn")

func (j *job) surveyOnce(ctx context.Context) error {
	s, err := reorder.NewSurvey(j.order)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	align := newAligner(&j.clocks, func(u *unit) {
		if isBarrier(u.block) {
			s.Barrier()
		}
		if u.block.HasStamp && u.block.Interface != nil {
			p := j.subject(u)
			s.Push(&p)
		}
		u.chunk.release(1)
	})
	_, err = j.pass(ctx, &decoder{layout: j.layout, engine: j.engine, quoted: j.facts.quotes}, func(c *chunk) error {
		for i := range c.units {
			u := &c.units[i]
			j.rule(u)
			j.clocks.observe(u)
			align.take(u)
		}
		if s.Enough() && j.clocks.survey == nil {
			return errEnough
		}
		return nil
	})
	if err != nil && err != errEnough {
		return err
	}
	align.flush()
	j.profile = s.Profile()
	j.compareClocks()
	return nil
}

// rule completes the packet's segment. Laws have no say where it has none that
// can be followed, or where mendcap has placed it before.
func (j *job) rule(u *unit) {
	u.isTCP = u.block.Kind == capture.Packet && j.flows.segment(u, &j.local)
	u.ruled = u.isTCP && !j.placed(u)
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
