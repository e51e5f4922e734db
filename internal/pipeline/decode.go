package pipeline

import (
	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/internal/witness"
)

// decoder is the stage that turns blocks into units. In: a batch of blocks; it fills
// decoded. It is used by many workers at once, and has no state but what it was made with.
type decoder struct {
	layout   packet.Layout
	tunnels  packet.Tunnels
	protocol uint8          // stated for packets that lack their header, 0 without
	answers  *infer.Answers // nil in the pass that gathers facts
	placed   sectionSet     // sections that mendcap has put in order before
	quoted   bool           // errors in the capture quote packets
	events   *witness.Matcher
	logs     *hostLogs
}

// newDecoder returns a decoder for a pass; in the one that gathers facts there are none
// yet.
func newDecoder(c *config, f *facts) *decoder {
	return &decoder{
		layout: c.layout, tunnels: c.tunnels, protocol: c.o.Protocol, answers: f.answers, placed: f.placed, quoted: f.quotes,
		events: c.events, logs: c.logs,
	}
}

// decode fills u from its block.
func (d *decoder) decode(u *unit) {
	b := u.block
	if b.Interface == nil {
		return
	}
	v := &u.view
	packet.Decode(v, packet.LinkType(b.Interface.LinkType), b.Data, int(b.OrigLen), d.layout)
	if v.Form == packet.NoIP {
		u.unread = packet.UnreadOuter(packet.LinkType(b.Interface.LinkType), b.Data, int(b.OrigLen))
		return
	}
	u.proto = v.Proto
	if v.Form.Headerless() {
		d.examine(u)
	}
	if d.answers == nil {
		d.mention(u)
	}
	if u.proto != packet.ProtoTCP && u.facts == nil {
		v = d.enter(u)
	}
	u.heading = u.direction()
	d.finish(u, v, u.block.Data)
}

// finish reads what is left to read once v is the view of the innermost packet, whose
// bytes are in data.
func (d *decoder) finish(u *unit, v *packet.View, data []byte) {
	u.open = v.Partial || v.L2TPv3
	upper := data[v.Upper:v.End]
	switch {
	case u.proto == packet.ProtoTCP:
		u.readTCP(v, upper)
	case u.proto == packet.ProtoUDP && !v.Fragment:
		u.sport, u.dport, _ = packet.Ports(upper)
	}
	if !v.Fragment && !u.assembled && len(upper) > 0 {
		d.name(u, v, upper)
	}
	if u.facts == nil { // else its ends are not known yet
		u.pair.Set(&v.Src, &v.Dst, u.sport, u.dport, u.proto)
		if d.logs != nil && u.isTCP {
			u.log = d.logs.of(u.block.Frame)
		}
	}
}

// enter looks into the tunnels that the packet comes in, and returns the view of the
// innermost one.
func (d *decoder) enter(u *unit) *packet.View {
	var inner packet.View
	u.unread = d.tunnels.Decode(&inner, &u.view, u.proto, u.block.Data)
	if inner.Form == packet.NoIP {
		return &u.view
	}
	u.inner = room(&u.chunk.inner, len(u.chunk.units))
	*u.inner, u.proto = inner, inner.Proto
	return u.inner
}

// examine reads the facts of a header-less packet, and its answer once the
// answers are there.
func (d *decoder) examine(u *unit) {
	v := &u.view
	var p infer.Packet // field by field: see tcp.Analyser.AddAt
	p.Source, p.Zone, p.NextHeader = v.Src.Netip(), v.Zone, v.Proto
	p.Data, p.Length = u.block.Data[v.Upper:v.End], v.UpperLen
	if v.Dst != (packet.Addr{}) {
		p.Destination = v.Dst.Netip()
	}
	if p.NextHeader == infer.Unknown && d.protocol != 0 {
		p.NextHeader, p.Stated = d.protocol, true
	}
	if d.events != nil {
		p.Event = d.eventOf(u.block.Frame)
	}
	if d.answers == nil {
		p.Stamp, _ = u.recorded()
		u.facts = room(&u.chunk.facts, len(u.chunk.units))
		u.facts.Examine(&p)
		return
	}
	if d.placed.holds(u) && mended(u.block) { // then it was not observed
		f := infer.Examine(&p)
		a := d.answers.Infer(&f)
		u.answer = u.chunk.answers.Keep(&a)
	} else {
		u.answer = d.answers.InferObserved(&p, &u.chunk.answers)
	}
	if u.proto = u.answer.NextHeader; u.proto == infer.Unknown {
		u.unread = packet.NoHeader
	}
	if u.answer.Destination.IsValid() {
		v.Dst = packet.AddrOf(u.answer.Destination)
	}
}

// mention reads which destinations the packet names.
func (d *decoder) mention(u *unit) {
	v := &u.view
	if v.Fragment || v.Upper >= v.End {
		return
	}
	if list := infer.AppendMentions(nil, u.proto, u.block.Data[v.Upper:v.End]); len(list) > 0 {
		u.mentions = room(&u.chunk.mentions, len(u.chunk.units))
		*u.mentions = list
	}
}

// readTCP reads the segment of the innermost packet, which v views, from its upper-layer
// bytes.
func (u *unit) readTCP(v *packet.View, upper []byte) {
	if v.Partial {
		u.unread = packet.Fragmented
		return
	}
	if !packet.ParseTCP(&u.seg, upper, v.UpperLen) {
		u.unread = packet.CutOff
		return
	}
	u.isTCP = true
	u.sport, u.dport, _ = packet.Ports(upper)
	u.seg.Frame, u.seg.IPID, u.seg.HasIPID = u.block.Frame, v.IPID, v.Version == 4
	u.seg.Stamp, _ = u.recorded()
}

// direction is what the record itself says: SLL packet type 4, or the direction
// bits of epb_flags.
func (u *unit) direction() tcp.Side {
	if u.view.Outgoing {
		return tcp.Out
	}
	flags, _ := u.block.Flags()
	return [4]tcp.Side{1: tcp.In, 2: tcp.Out}[flags&3]
}
