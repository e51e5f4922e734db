package headers

import (
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/lab"
)

// Condition says what is taken away from what inference knows.
type Condition struct {
	// Tables are the rows of the host's network tables: "all", "half", "none", or
	// "no connections": all but those of connections.
	Tables  string
	Snap    int    // bytes kept of each packet, its header's 40 included; 0 = all
	Offload string // of what the host sends: "" as it is, "partial" or "no length"
	Zones   bool   // link-local sources come with their interface
	Only    string // "out" or "in": one direction alone; "" = both
}

// String names a condition as the table does.
func (c Condition) String() string {
	name := "tables " + c.Tables
	if c.Snap > 0 {
		name += fmt.Sprintf(", cut to %d", c.Snap)
	}
	if c.Offload != "" {
		name += ", offload " + c.Offload
	}
	if c.Zones {
		name += ", zones"
	}
	if c.Only != "" {
		name += ", " + c.Only + "bound only"
	}
	return name
}

// zone is the interface of link-local sources.
const zone = 4

// Run has the engine answer every packet of c under a condition.
func Run(c *Case, under Condition, seed uint64) (ours, plain Score, err error) {
	tables, err := under.snapshot(c, seed)
	if err != nil {
		return ours, plain, err
	}
	packets, truth := under.packets(c), under.truth(c)
	answers := engineAnswers(tables, packets)
	judge := newJudge(c, under)
	other := newJudge(c, under)
	p := newPlain(tables)
	for i, s := range truth {
		if s.summed(&packets[i]) {
			judge.flows[s.flow].summed = true
			other.flows[s.flow].summed = true
		}
	}
	for i, list := range p.fits(packets, truth) {
		if v := &judge.flows[truth[i].flow]; len(list) > len(v.fits) {
			v.fits = list
			other.flows[truth[i].flow].fits = list
		}
	}
	for i, s := range truth {
		judge.add(s, &answers[i])
		guess := p.answer(&packets[i])
		other.add(s, &guess)
	}
	return judge.score(), other.score(), nil
}

// truth lists the packets that are in the capture.
func (u Condition) truth(c *Case) (kept []*sample) {
	for i := range c.samples {
		if s := &c.samples[i]; u.Only == "" || s.out == (u.Only == "out") {
			kept = append(kept, s)
		}
	}
	return kept
}

// packets are those of truth as a raw socket delivers them.
func (u Condition) packets(c *Case) (delivered []infer.Packet) {
	for _, s := range u.truth(c) {
		delivered = append(delivered, u.packet(s))
	}
	return delivered
}

func engineAnswers(tables *infer.Snapshot, packets []infer.Packet) []infer.Answer {
	engine := infer.New(infer.Options{Snapshot: tables})
	for i := range packets {
		facts := infer.Examine(&packets[i])
		engine.Observe(&facts)
		for _, m := range infer.AppendMentions(nil, packets[i].NextHeader, packets[i].Data) {
			engine.ObserveMention(m, packets[i].Zone, packets[i].Stamp)
		}
	}
	concluded := engine.Conclude()
	answers := make([]infer.Answer, len(packets))
	var sheet infer.Sheet
	sheet.Clear(len(packets))
	for i := range packets {
		answers[i] = *concluded.InferObserved(&packets[i], &sheet)
	}
	return answers
}

func (u Condition) snapshot(c *Case, seed uint64) (*infer.Snapshot, error) {
	s := lab.SnapshotOf(c.packets)
	switch u.Tables {
	case "all":
	case "no connections":
		s.TCPConnections, s.UDPEndpoints = nil, nil
	case "half":
		s = lab.HalfOf(s, seed)
	case "none":
		return nil, nil
	default:
		return nil, fmt.Errorf("unknown choice of tables %q", u.Tables)
	}
	return &s, nil
}

// packet is what a raw socket delivers of s under the condition.
func (u Condition) packet(s *sample) infer.Packet {
	data := s.data
	if u.Offload != "" && s.out {
		data = offloaded(s, u.Offload == "no length")
	}
	p := infer.Packet{Source: s.src, NextHeader: infer.Unknown, Data: data, Length: len(data), Stamp: s.stamp}
	if u.Zones && s.src.IsLinkLocalUnicast() {
		p.Zone = zone
	}
	if u.Snap > 0 {
		p.Data = data[:min(len(data), u.Snap-40)]
	}
	return p
}

// offloaded returns the data with the sum of the pseudo-header in the
// checksum's place, as a host leaves it to its network card: with the length
// left out where the card is to cut segments (those of more than 1,000 bytes).
func offloaded(s *sample, lengthless bool) []byte {
	at, ok := sumAt[s.next]
	if !ok || s.next == protoICMPv6 || len(s.data) < at+2 {
		return s.data
	}
	data := append([]byte(nil), s.data...)
	length := len(data)
	if lengthless && length > 1000 {
		length = 0
	}
	binary.BigEndian.PutUint16(data[at:], fold(pseudoSum(s.src, s.dst, length, s.next)))
	return data
}

// plain is the plain method: UDP if length and sum fit, else TCP, else ICMPv6,
// with the first candidate that fits, from the tables and the sources so far.
type plain struct {
	first map[uint16]netip.Addr
	all   map[netip.Addr]uint16
}

// fits returns for each packet the addresses of the tables and of the sources that
// its checksum fits under its true protocol; none where it isn't whole.
func (p *plain) fits(packets []infer.Packet, truth []*sample) [][]netip.Addr {
	known := maps.Clone(p.all)
	for i := range packets {
		a := packets[i].Source.As16()
		known[packets[i].Source] = key(a[:])
	}
	of := map[uint16][]netip.Addr{}
	for a, k := range known {
		of[k] = append(of[k], a)
	}
	list := make([][]netip.Addr, len(packets))
	for i, s := range truth {
		if q := &packets[i]; len(q.Data) == q.Length && s.summed(q) {
			list[i] = of[need(q, s.next)]
		}
	}
	return list
}

// key is the sum of an address, of which zero is no other than all ones.
func key(address []byte) uint16 {
	if k := fold(sum(address)); k != 0 {
		return k
	}
	return 0xFFFF
}

// need is the sum that the checksum of q asks of its destination.
func need(q *infer.Packet, next uint8) uint16 {
	if n := ^fold(pseudoSum(q.Source, netip.IPv6Unspecified(), q.Length, next) + sum(q.Data)); n != 0 {
		return n
	}
	return 0xFFFF
}

func newPlain(tables *infer.Snapshot) *plain {
	p := &plain{map[uint16]netip.Addr{}, map[netip.Addr]uint16{}}
	if tables == nil {
		return p
	}
	for _, i := range tables.Interfaces {
		for _, a := range i.Addresses {
			p.add(a)
		}
	}
	for _, c := range tables.TCPConnections {
		p.add(c.Remote.Address)
	}
	for _, d := range tables.DestinationCache {
		p.add(d.Destination)
	}
	for _, n := range tables.Neighbors {
		p.add(n.Address)
	}
	return p
}

func (p *plain) add(a netip.Addr) {
	if !a.IsValid() || !a.Is6() || a.IsUnspecified() {
		return
	}
	raw := a.As16()
	k := key(raw[:])
	p.all[a] = k
	if _, ok := p.first[k]; !ok {
		p.first[k] = a
	}
}

func (p *plain) answer(q *infer.Packet) infer.Answer {
	p.add(q.Source)
	a := infer.Answer{NextHeader: infer.Unknown, Destination: netip.IPv6Unspecified()}
	if len(q.Data) < q.Length {
		return a
	}
	for _, next := range []uint8{protoUDP, protoTCP, protoICMPv6} {
		if next == protoUDP && (len(q.Data) < 8 || int(binary.BigEndian.Uint16(q.Data[4:])) != q.Length) {
			continue
		}
		if dst, ok := p.first[need(q, next)]; ok {
			a.NextHeader, a.Destination = next, dst
			return a
		}
	}
	return a
}
