package pipeline

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/summary"
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
	unlisted       int64                      // interfaces beyond maxInterfaces
	byInterface    map[*capture.Interface]int // the present pass's, into interfaces
	headerless     int64
	whole          bool  // the inference is shown packets with their own header too
	quotes         bool  // errors quote packets
	converted      int64 // sockaddr records, IPv4 ones too
	partial        bool  // only the beginning was gathered
	sections       int
	own, strange   int64      // addresses that interface descriptions state, and those beyond maxOwn
	placed         sectionSet // sections that mendcap has put in order before
	anyPlaced      bool
	damage         *salvage.Damages
	odd            []salvage.Odd // of the last pass over the whole capture
}

// span says when the capture's packets were recorded.
func (f *facts) span() summary.Span {
	return summary.Span{Stamped: f.stamped, First: f.first, Last: f.last, Partial: f.partial}
}

// gather is the first pass: what the capture holds, and what the inference and
// the vantage can learn from it.
//
// What packets with their own header show helps the inference only where others
// lack theirs. As long as none does, nothing of it is kept; should the first one
// come late, the pass begins again.
//
// Where all packets at the beginning have their header, the beginning is enough:
// the second pass then counts the rest, and sends back here if it was not.
func (j *job) gather(ctx context.Context) error {
	err := j.gatherOnce(ctx, false)
	if err == errGatherAll {
		err = j.gatherAll(ctx)
	}
	return err
}

// gatherAll is the first pass over the whole capture, from the start.
func (j *job) gatherAll(ctx context.Context) error {
	j.facts, j.flows = facts{pass: j.facts.pass}, conn.NewTable()
	j.engine = j.newEngine()
	j.local.ForgetAll()
	return j.gatherOnce(ctx, true)
}

// errGatherAll says that the beginning of the capture has not told all: a packet
// without its header came behind whole ones, or another interface.
var errGatherAll = errors.New("the whole capture has to be gathered")

func (j *job) gatherOnce(ctx context.Context, whole bool) error {
	f := &j.facts
	f.begin()
	f.whole = whole
	j.ticks = reorder.TickMeter{}
	broken, err := j.pass(ctx, &decoder{layout: j.layout, protocol: j.o.Protocol}, func(c *chunk) error {
		for i := range c.units {
			u := &c.units[i]
			f.count(u)
			if stamp, ok := u.recorded(); ok {
				j.ticks.Add(stamp)
			}
			if err := j.observe(u); err != nil {
				return err
			}
		}
		c.release(len(c.units))
		if !f.whole && f.converted == 0 && f.packets >= j.beginning && !j.o.AlignInterfaces {
			return errEnough
		}
		return nil
	})
	if f.partial = err == errEnough; err != nil && !f.partial {
		return err
	}
	if f.packets == 0 && broken != nil {
		return j.nothingReadable(broken)
	}
	f.damage = broken
	j.answers, j.engine = j.engine.Conclude(), nil
	j.local.Decide(j.flows, j.answers.Local(), f.headerless > 0)
	j.local.ForgetAll()
	f.pass++
	return nil
}

// placedBefore reports whether mendcap has put the section in order already.
func placedBefore(section *capture.Block) bool {
	if section.Pcap {
		return false
	}
	for _, c := range section.Comments() {
		if strings.HasPrefix(c, orderMark) {
			return true
		}
	}
	return false
}

// maxInterfaces is how many interfaces of a capture are told apart in the report
// and in what is learnt of clocks.
const maxInterfaces = 1 << 16

func (f *facts) describe(i *capture.Interface) {
	if len(f.interfaces) >= maxInterfaces {
		f.unlisted++
		return
	}
	f.byInterface[i] = len(f.interfaces)
	f.interfaces = append(f.interfaces, report.Interface{
		Section: i.Section, ID: i.ID, Name: i.Name, LinkType: i.LinkType,
		LinkName: packet.LinkName(packet.LinkType(i.LinkType)), Resolution: i.Resolution(),
	})
}

// begin starts the counts of a pass.
func (f *facts) begin() {
	f.packets, f.bytes, f.stamped, f.converted = 0, 0, false, 0
	f.interfaces, f.unlisted, f.sections = nil, 0, 0
	f.byInterface = make(map[*capture.Interface]int)
	f.placed, f.anyPlaced = nil, false
}

// count takes in what a block says of the capture as a whole.
func (f *facts) count(u *unit) {
	switch u.block.Kind {
	case capture.Section:
		if placedBefore(u.block) {
			f.placed.add(f.sections)
			f.anyPlaced = true
		}
		f.sections++
		f.byInterface = make(map[*capture.Interface]int) // no packet of an earlier section follows
		return
	case capture.Iface:
		f.describe(u.block.Interface)
		return
	case capture.Packet:
	default:
		return
	}
	f.packets++
	f.bytes += int64(len(u.block.Data))
	f.quotes = f.quotes || u.quotes
	if n, ok := f.byInterface[u.block.Interface]; ok {
		f.interfaces[n].Packets++
	}
	if u.view.Form == packet.Sockaddr4 {
		f.converted++
	}
	if stamp, ok := u.recorded(); ok {
		if !f.stamped {
			f.first, f.last, f.stamped = stamp, stamp, true
		}
		f.first, f.last = min(f.first, stamp), max(f.last, stamp)
	}
}

// headerless reports whether the packet's header has to be inferred.
func (j *job) headerless(u *unit) bool {
	return u.view.Form.Headerless() && !j.finished(u)
}

// observe takes in what a packet tells the inference and the vantage.
func (j *job) observe(u *unit) error {
	switch u.block.Kind {
	case capture.Packet:
	case capture.Iface, capture.Names:
		j.observeAddresses(u.block)
		return nil
	default:
		return nil
	}
	f := &j.facts
	if u.mentions != nil {
		stamp, _ := u.recorded()
		for _, m := range *u.mentions {
			j.engine.ObserveMention(m, u.view.Zone, stamp)
		}
	}
	if u.heading != tcp.Unproven {
		j.local.Flagged = true
	}
	switch {
	case j.headerless(u):
		if f.headerless++; !f.whole && j.flows.Any() {
			return errGatherAll
		}
		f.whole = true
		j.engine.Observe(u.facts)
	case u.view.Form == packet.Sockaddr4, u.view.Form == packet.Whole:
		j.observeWhole(u)
	}
	return nil
}

// observeAddresses takes in the addresses that the capture itself states: names
// that were resolved, and an interface's own.
func (j *job) observeAddresses(b *capture.Block) {
	for _, a := range b.Addresses() {
		if b.Kind == capture.Names {
			j.engine.ObserveName(a)
			continue
		}
		if j.facts.own++; j.facts.own > maxOwn {
			j.facts.strange++
			continue
		}
		j.engine.ObserveLocal(a)
		j.local.AddLocal(a)
	}
}

// maxOwn is how many addresses are taken for the host's because interface
// descriptions state them.
const maxOwn = 1 << 16

// sectionSet is a set of sections by their numbers: a bit for each.
type sectionSet []uint64

func (s *sectionSet) add(n int) {
	for len(*s) <= n/64 {
		*s = append(*s, 0)
	}
	(*s)[n/64] |= 1 << (n % 64)
}

func (s sectionSet) has(n int) bool { return n/64 < len(s) && s[n/64]>>(n%64)&1 != 0 }

// vantagePackets is how many packets tell from which host the capture was taken
// where only their TTLs can.
const vantagePackets = 1 << 18

// observeWhole takes in a packet with its own IP header: once a flow and
// direction for the inference, each time for the vantage.
func (j *job) observeWhole(u *unit) {
	if !j.facts.whole && j.facts.packets > j.beginning {
		return
	}
	id, dir := j.flows.Of(&u.pair), u.pair.Dir
	if j.facts.whole && !j.local.Met(id, dir) {
		src, dst := u.ends()
		j.engine.ObserveFlow(src, dst, u.proto, u.sport, u.dport)
	}
	j.local.Observe(id, dir, u.view.TTL)
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
