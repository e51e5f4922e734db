package judge

import (
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Readings are what the host's bare ACKs say of inbound data, and how many of them the
// order breaks: data is before an ACK that says that it had not arrived.
type Readings struct {
	All       int // bare ACKs
	NotYet    int // that ask for a byte which is before them
	NotSacked int // that have room in their option, and leave out data that is before them
	// FirstBlock are those whose first block (RFC 2018, section 4: the latest arrival)
	// shows for the first time what is before the bare ACK before.
	FirstBlock int
}

func (r *Readings) add(o Readings) {
	r.All, r.NotYet = r.All+o.All, r.NotYet+o.NotYet
	r.NotSacked, r.FirstBlock = r.NotSacked+o.NotSacked, r.FirstBlock+o.FirstBlock
}

// Broken counts the readings that the order breaks.
func (r Readings) Broken() int { return r.NotYet + r.NotSacked + r.FirstBlock }

// receiver follows one flow as the host's ACKs tell of it.
type receiver struct {
	sacks bool
	open  []arrivedData // beyond the last ACK
	acks  int           // bare ACKs so far
}

// arrivedData is inbound data with how many bare ACKs stand before it.
type arrivedData struct {
	bytes tcp.Range
	acks  int
	shown bool
}

// readings reads the host's ACKs in an order of the packets.
func (c *Case) readings(packets []lab.Packet) (r Readings) {
	flows := map[uint64]*receiver{}
	for _, p := range packets {
		seg := c.table[p.Index].known
		if !seg.ok || seg.Bits.Has(tcp.RST) || seg.Bits.Has(tcp.SYN) || seg.Outbound == tcp.Both {
			continue
		}
		f := flows[seg.Flow]
		if f == nil {
			f = &receiver{}
			flows[seg.Flow] = f
		}
		f.sacks = f.sacks || seg.SACKs > 0
		switch {
		case seg.Outbound == tcp.In && seg.Len > 0:
			f.open = append(f.open, arrivedData{tcp.Range{Left: seg.Seq, Right: seg.End()}, f.acks, false})
		case seg.Outbound == tcp.Out && seg.Span() == 0 && seg.HasAck():
			f.read(&seg.Segment, &r)
		}
	}
	return r
}

// read sets one bare ACK beside what is before it.
func (f *receiver) read(seg *tcp.Segment, r *Readings) {
	f.open = slices.DeleteFunc(f.open, func(a arrivedData) bool { return a.bytes.Right.AtMost(seg.Ack) })
	all := seg.SACK[:seg.SACKs]
	if seg.DSACK() {
		all = all[1:]
	}
	room := 4
	if seg.HasTS {
		room = 3
	}
	var notYet, notSacked, firstBlock bool
	for i := range f.open {
		a := &f.open[i]
		at := slices.IndexFunc(all, func(b tcp.Range) bool { return b.Left.AtMost(a.bytes.Left) && a.bytes.Right.AtMost(b.Right) })
		switch {
		case a.bytes.Left.AtMost(seg.Ack):
			notYet = true
		case at < 0 && !a.shown && f.sacks && int(seg.SACKs) < room:
			notSacked = true
		case at == 0 && !a.shown && a.acks < f.acks:
			firstBlock = true
		}
		a.shown = a.shown || at >= 0
	}
	f.acks++
	r.All++
	for _, broken := range [...]struct {
		is    bool
		count *int
	}{{notYet, &r.NotYet}, {notSacked, &r.NotSacked}, {firstBlock, &r.FirstBlock}} {
		if broken.is {
			*broken.count++
		}
	}
}
