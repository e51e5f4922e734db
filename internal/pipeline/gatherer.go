package pipeline

import (
	"errors"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// gatherer is the stage of the first pass: what the capture holds, and what inference,
// the vantage and the tick can learn from it. In: blocks in file order.
//
// What packets with their own header show helps the inference only where others
// lack theirs. As long as none does, nothing of it is kept; should the first one
// come late, the pass begins again.
//
// Where all packets at the beginning have their header, the beginning is enough:
// the survey then counts the rest, and sends back here if it was not.
type gatherer struct {
	*counter

	engine    *infer.Engine
	local     conn.Vantage
	flows     *conn.Table
	ticks     reorder.TickMeter
	whole     bool  // the inference is shown packets with their own header too
	beginning int64 // packets after which nothing more is learnt where all have their header
}

func newGatherer(c *config, snapshot *infer.Snapshot, flows *conn.Table, whole bool) *gatherer {
	g := &gatherer{
		counter: newCounter(contents{}), engine: infer.New(infer.Options{Snapshot: snapshot, Confidence: c.o.Confidence}),
		flows: flows, whole: whole, beginning: c.beginning,
	}
	g.local.FromTables(snapshot)
	return g
}

// errGatherAll says that the beginning of the capture has not told all: a packet
// without its header came after whole ones, or another interface.
var errGatherAll = errors.New("the whole capture has to be gathered")

// take takes in what a block tells.
func (g *gatherer) take(u *unit) error {
	g.counter.take(u)
	if stamp, ok := u.recorded(); ok {
		g.ticks.Add(stamp)
	}
	switch u.block.Kind {
	case capture.Packet:
		return g.packet(u)
	case capture.Iface, capture.Names:
		g.addresses(u.block)
	}
	return nil
}

// enough reports whether the beginning has told what there is to learn.
func (g *gatherer) enough() bool {
	return !g.whole && g.converted == 0 && g.packets >= g.beginning
}

func (g *gatherer) packet(u *unit) error {
	if u.mentions != nil {
		stamp, _ := u.recorded()
		for _, m := range *u.mentions {
			g.engine.ObserveMention(m, u.view.Zone, stamp)
		}
	}
	if u.heading != tcp.Unproven {
		g.local.Flagged = true
	}
	switch {
	case g.lacksHeader(u):
		if g.headerless++; !g.whole && g.flows.Any() {
			return errGatherAll
		}
		g.whole = true
		g.engine.Observe(u.facts)
	case u.view.Form == packet.Sockaddr4, u.view.Form == packet.Whole:
		g.wholePacket(u)
	}
	return nil
}

// addresses takes in the addresses that the capture itself states: names
// that were resolved, and an interface's own.
func (g *gatherer) addresses(b *capture.Block) {
	for _, a := range b.Addresses() {
		if b.Kind == capture.Names {
			g.engine.ObserveName(a)
			continue
		}
		if g.own++; g.own > maxOwn {
			g.strange++
			continue
		}
		g.engine.ObserveLocal(a)
		g.local.AddLocal(a)
	}
}

// maxOwn is how many addresses are taken for the host's because interface
// descriptions state them.
const maxOwn = 1 << 16

// vantagePackets is how many packets tell from which host the capture was taken
// where only their TTLs can.
const vantagePackets = 1 << 18

// wholePacket takes in a packet with its own IP header: once a flow and
// direction for the inference, each time for the vantage.
func (g *gatherer) wholePacket(u *unit) {
	if !g.whole && g.packets > g.beginning {
		return
	}
	id, dir := g.flows.Of(&u.pair), u.pair.Dir
	if g.whole && !g.local.Met(id, dir) {
		v, sport, dport := &u.view, u.sport, u.dport
		if u.inner != nil {
			sport, dport = 0, 0
			if v.Proto == packet.ProtoUDP && !v.Fragment {
				sport, dport, _ = packet.Ports(u.block.Data[v.Upper:v.End])
			}
		}
		g.engine.ObserveFlow(v.Src.Netip(), v.Dst.Netip(), v.Proto, sport, dport)
	}
	g.local.Observe(id, dir, u.innermost().TTL)
}

// result concludes what was gathered; partial says that it was of the beginning alone.
func (g *gatherer) result(partial bool) facts {
	f := facts{contents: g.contents, answers: g.engine.Conclude(), tick: g.ticks.Tick()}
	f.Partial = partial
	g.local.Decide(g.flows, f.answers.Local(), f.headerless > 0)
	f.local = g.local
	return f
}
