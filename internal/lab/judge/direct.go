package judge

import (
	"net/netip"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// Direct judges order alone, without files and without tshark: packets with
// their true headers go through a Survey and an Orderer, and the flags are those
// of internal/tcp, which tests hold against tshark. It takes milliseconds.
func (t Trial) Direct() (Score, error) {
	o, err := t.direct()
	if err != nil {
		return Score{}, err
	}
	s := Compare(o.truth, o.baseline, o.repaired)
	for i := range o.truth.rows {
		s.Floor += pairs(o.timed.rows[i].Flags &^ o.truth.rows[i].Flags)
	}
	s.Swaps = t.Case.swaps(o.packets, o.degraded)
	s.TrueReadings, s.Readings = t.Case.readings(t.Case.survivors(o.degraded)), t.Case.readings(o.packets)
	s.Times, s.Held = t.Case.held(o.placed, o.degraded)
	s.Counted = t.Case.counted(o.placed, o.degraded)
	s.ByKind = t.Case.kinds(&o)
	return s, nil
}

// outcome is what became of the packets in memory.
type outcome struct {
	degraded []lab.Packet
	placed   []reorder.Placement
	packets  []lab.Packet // in repaired order
	// timed is the true order with the latest times that the sniffer's allow.
	truth, baseline, repaired, timed *File
}

func (t Trial) direct() (o outcome, err error) {
	o.degraded = t.degraded()
	if o.placed, err = t.place(o.degraded); err != nil {
		return o, err
	}
	o.packets = make([]lab.Packet, len(o.placed))
	for i, p := range o.placed {
		o.packets[i] = o.degraded[p.Index]
		o.packets[i].Stamp = p.Stamp
	}
	kept := t.Case.survivors(o.degraded)
	analysed := func(packets []lab.Packet) *File { return t.counted(t.Case.analysed(packets)) }
	o.truth, o.baseline = analysed(kept), analysed(o.degraded)
	o.repaired, o.timed = analysed(o.packets), analysed(latestTimes(kept, o.degraded))
	return o, nil
}

// place has the degraded packets put in order.
func (t Trial) place(degraded []lab.Packet) ([]reorder.Placement, error) {
	o := reorder.Options{Without: t.Options.Without}
	survey, err := reorder.NewSurvey(o)
	if err != nil {
		return nil, err
	}
	packets := make([]reorder.Packet, len(degraded))
	segments := make([]tcp.Segment, len(degraded))
	for i, p := range degraded {
		packets[i].Stamp = p.Stamp
		if known := t.Case.table[p.Index].known; known.ok {
			segments[i] = known.Segment
			segments[i].Stamp, segments[i].Frame = p.Stamp, int64(i+1)
			packets[i].Segment = (*reorder.Segment)(&segments[i])
		}
		survey.Push(&packets[i])
	}
	profile := survey.Profile()
	if again := survey.Again(); again != nil && profile.Broken() {
		for i := range packets {
			again.Push(&packets[i])
		}
		profile = again.Profile()
	}
	placed := make([]reorder.Placement, 0, len(degraded))
	orderer, err := reorder.NewOrderer(profile, o, func(p reorder.Placement) { placed = append(placed, p) })
	if err != nil {
		return nil, err
	}
	for i := range packets {
		orderer.Push(&packets[i])
	}
	orderer.Barrier()
	return placed, nil
}

// analysed is what the judge would see of a file with these packets.
func (c *Case) analysed(packets []lab.Packet) *File {
	f := &File{rows: make([]Row, len(packets)), ids: make([]identity, len(packets)),
		flows: make([]lab.Flow, len(packets)), stamps: make([]int64, len(packets))}
	analyser := tcp.NewAnalyser()
	for i, p := range packets {
		known := c.table[p.Index]
		f.rows[i] = Row{Len: len(p.Data), NextHeader: -1, ID: -1}
		f.ids[i], f.flows[i], f.stamps[i] = known.id, known.flow, p.Stamp
		if known.known.ok {
			s := known.known.Segment
			s.Stamp, s.Frame = p.Stamp, int64(i+1)
			f.rows[i].Flags = analyser.Add(&s)
		}
	}
	return f
}

// latestTimes gives the packets, in true order, the latest times that rise and
// are nowhere later than the sniffer's stamps: no repair of times can do better.
func latestTimes(kept, degraded []lab.Packet) []lab.Packet {
	stamps := make(map[int]int64, len(degraded))
	for _, p := range degraded {
		stamps[p.Index] = p.Stamp
	}
	out := make([]lab.Packet, len(kept))
	for i := len(kept) - 1; i >= 0; i-- {
		out[i] = kept[i]
		out[i].Stamp = stamps[kept[i].Index]
		if i+1 < len(kept) {
			out[i].Stamp = min(out[i].Stamp, out[i+1].Stamp)
		}
	}
	return out
}

// swaps counts the inbound segments that are swapped among repaired packets, and those
// of which the degraded ones leave little to tell.
func (c *Case) swaps(repaired, degraded []lab.Packet) (s Swaps) {
	stamps := make(map[int]int64, len(degraded))
	for _, p := range degraded {
		stamps[p.Index] = p.Stamp
	}
	position := make(map[int]int, len(repaired))
	for i, p := range repaired {
		position[p.Index] = i
	}
	type arrival struct {
		position, acks int
		seq            tcp.Seq
		stamp          int64
	}
	last, acks := map[lab.Flow]arrival{}, map[lab.Flow]int{}
	for _, p := range c.truth {
		known := c.table[p.Index]
		at, there := position[p.Index]
		switch seg := known.known; {
		case !there || !seg.ok:
		case seg.Outbound == tcp.Out && seg.Span() == 0 && seg.HasAck():
			acks[known.flow]++
		case seg.Outbound == tcp.In && seg.Len > 0:
			before, any := last[known.flow]
			if any && before.acks == acks[known.flow] && seg.Seq.Less(before.seq) {
				if stamps[p.Index] < before.stamp {
					s.Hopeless++
				} else {
					s.Contested++
				}
			}
			switch {
			case !any || before.position < at:
			case before.acks < acks[known.flow]:
				s.Apart++
			default:
				s.Together++
			}
			last[known.flow] = arrival{at, acks[known.flow], seg.Seq, stamps[p.Index]}
		}
	}
	return s
}

// held counts the intervals, and those in which the packet's true time lies.
func (c *Case) held(placed []reorder.Placement, degraded []lab.Packet) (times, held int) {
	for _, p := range placed {
		at := c.truth[c.table[degraded[p.Index].Index].place].Stamp
		times++
		if p.Earliest <= at && at <= p.Latest {
			held++
		}
	}
	return times, held
}

// segment is a packet as order and analysis see it; ok is false of what is not
// TCP.
type segment struct {
	tcp.Segment
	ok bool
}

// flowNumbers numbers connections densely by their lower end.
type flowNumbers map[[2]netip.AddrPort]uint64

// segment reads the packet with its true header.
func (f flowNumbers) segment(p lab.Packet) (s segment) {
	var v packet.View
	packet.Decode(&v, packet.Raw, p.Data, len(p.Data), packet.Layout(0))
	if v.Form == packet.NoIP || v.Proto != packet.ProtoTCP || v.Partial || v.Fragment ||
		!packet.ParseTCP(&s.Segment, p.Data[v.Upper:v.End], v.UpperLen) {
		return s
	}
	s.ok, s.IPID, s.HasIPID, s.Outbound = true, v.IPID, v.Version == 4, tcp.In
	switch {
	case p.Local:
		s.Outbound = tcp.Both
	case p.Out:
		s.Outbound = tcp.Out
	}
	source, destination, _ := packet.Ports(p.Data[v.Upper:v.End])
	from, to := netip.AddrPortFrom(v.Src.Netip(), source), netip.AddrPortFrom(v.Dst.Netip(), destination)
	s.Flow, s.Dir = f.place(from, to)
	return s
}

func (f flowNumbers) place(from, to netip.AddrPort) (flow uint64, dir uint8) {
	if to.Compare(from) < 0 {
		from, to, dir = to, from, 1
	}
	flow, ok := f[[2]netip.AddrPort{from, to}]
	if !ok {
		flow = uint64(len(f))
		f[[2]netip.AddrPort{from, to}] = flow
	}
	return flow, dir
}
