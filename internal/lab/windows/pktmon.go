package windows

import "slices"

var pktmonProvider = guid("4d4f80d9-c8bd-4d73-bb5b-19c90402c5ac")

// Events of Microsoft-Windows-PktMon.
const (
	pktmonComponent    = 20
	pktmonProperty     = 30
	pktmonLocal4       = 65
	pktmonLocal6       = 66
	pktmonHardware     = 70
	pktmonPacket       = 160
	pktmonDrop         = 170
	pktmonData4        = 200
	pktmonData6        = 220
	pktmonDropAgain    = 240
	pktmonKeyword      = 0x10
	pktmonDropOfHeader = 10 // that makes of 200 and 220 what was dropped
)

// The components of the stack that PktMon makes of a host with one network card.
const (
	PktMonCard   = 10 // the miniport
	PktMonFilter = 12 // wfplwf.sys
	PktMonIPv4   = 14 // tcpip.sys
	PktMonIPv6   = 15 // tcpip.sys
)

// PktMon makes PktMon's events of a host with one network card.
type PktMon struct {
	// Ungrouped makes them as Windows 11 24H2 does: each appearance of a packet has a
	// group of its own.
	Ungrouped bool
	groups    [64]uint64 // how many packets each processor has begun
}

func (m *PktMon) event(id uint16, time int64, processor int, data []byte) Event {
	return Event{Provider: pktmonProvider, ID: id, Keyword: pktmonKeyword, PID: 4, TID: 88, Processor: processor, Time: time, Data: data, Packet: -1}
}

// Components are the events that describe the stack, with the host's addresses: 4 or 16
// bytes each.
func (m *PktMon) Components(time int64, local ...[]byte) []Event {
	const card, filter, protocol = 2, 3, 4
	const ifIndex, miniportIfIndex, addresses, hardware = 1, 2, 13, 6
	var list []Event
	add := func(id uint16, parts ...[]byte) { list = append(list, m.event(id, time, 0, slices.Concat(parts...))) }
	u16 := func(v uint16) []byte { return le.AppendUint16(nil, v) }
	u32 := func(v uint32) []byte { return le.AppendUint32(nil, v) }
	for _, c := range []struct {
		id, kind          uint16
		name, description string
		property          uint16
	}{
		{PktMonCard, card, "lab.sys", "Ethernet card of the lab", ifIndex},
		{PktMonFilter, filter, "wfplwf.sys", "WFP Native MAC Layer LightWeight Filter", miniportIfIndex},
		{PktMonIPv4, protocol, "tcpip.sys", "TCPIP", miniportIfIndex},
		{PktMonIPv6, protocol, "tcpip.sys", "TCPIP6", miniportIfIndex},
	} {
		add(pktmonComponent, u16(c.id), u16(c.kind), text(c.name), text(c.description))
		add(pktmonProperty, u16(c.id), u16(c.property), u32(4))
	}
	for _, a := range local {
		if len(a) == 4 {
			add(pktmonLocal4, u16(PktMonIPv4), u16(addresses), a)
		} else {
			add(pktmonLocal6, u16(PktMonIPv6), u16(addresses), a)
		}
	}
	add(pktmonHardware, u16(PktMonCard), u16(hardware), u32(6), hostMAC)
	return list
}

// Appearances are the events of a frame at all components that it passes, 100 ns after
// each other.
func (m *PktMon) Appearances(f *Frame, packet, processor int) []Event {
	protocol := uint16(PktMonIPv4)
	if isV6(f.IP()) {
		protocol = PktMonIPv6
	}
	passes := []uint16{PktMonCard, PktMonFilter, protocol}
	if f.Out {
		slices.Reverse(passes)
	}
	var list []Event
	group := m.group(processor)
	for i, component := range passes {
		count := i + 1
		if m.Ungrouped {
			count = 0
			if i > 0 {
				group = m.group(processor)
			}
		}
		e := m.event(pktmonPacket, f.Time+int64(i), processor, m.packet(f, group, count, component, 0))
		e.Packet = packet
		list = append(list, e)
	}
	return list
}

// Dropped are the events of a frame that the filter dropped for a reason; the second
// tells of the same drop again.
func (m *PktMon) Dropped(f *Frame, packet, processor int, reason uint32) []Event {
	data := m.packet(f, m.group(processor), 1, PktMonFilter, reason)
	first, second := m.event(pktmonDrop, f.Time, processor, data), m.event(pktmonDropAgain, f.Time+1, processor, data)
	first.Packet, second.Packet = packet, packet
	return []Event{first, second}
}

// group is that of the processor's next packet.
func (m *PktMon) group(processor int) uint64 {
	m.groups[processor]++
	return uint64(processor)<<48 | m.groups[processor]
}

// tag is PktMon's word for a direction: received or sent.
func tag(out bool) uint16 {
	if out {
		return 4
	}
	return 3
}

// packet is the user data of an event with a packet.
func (m *PktMon) packet(f *Frame, group uint64, appearance int, component uint16, reason uint32) []byte {
	const number, ethernet, edge, filter = 1, 1, 1, 0
	b := le.AppendUint64(nil, group)
	for _, v := range []uint16{number, uint16(appearance), tag(f.Out), ethernet, component, edge, filter} {
		b = le.AppendUint16(b, v)
	}
	b = le.AppendUint32(b, reason)
	b = le.AppendUint32(b, 0xE000_4001) // location of the drop
	b = le.AppendUint16(b, uint16(len(f.Data)))
	b = le.AppendUint16(b, uint16(len(f.Data)))
	return append(b, f.Data...)
}

// Headless is the event of what a UDP datagram or TCP segment over IP without options
// carries, of which the headers are left out.
func (m *PktMon) Headless(f *Frame, packet, processor int, dropped bool) Event {
	const none, component, edge, filter = 0, 40, 1, 0
	ip := f.IP()
	id, protocol, from, to, upper := uint16(pktmonData4), ip[9], ip[12:16], ip[16:20], ip[20:]
	if isV6(ip) {
		id, protocol, from, to, upper = pktmonData6, ip[6], ip[8:24], ip[24:40], ip[40:]
	}
	if dropped {
		id += pktmonDropOfHeader
	}
	var b []byte
	for _, v := range []uint16{tag(f.Out), none, component, edge, filter} {
		b = le.AppendUint16(b, v)
	}
	b = append(b, make([]byte, 8)...) // reason and location of a drop
	b = append(append(append(b, to...), from...), protocol)
	b = le.AppendUint16(b, be.Uint16(upper[2:]))
	b = le.AppendUint16(b, be.Uint16(upper))
	data := upper[8:]
	if protocol == 6 {
		data = upper[upper[12]>>4*4:]
	}
	b = le.AppendUint16(b, uint16(len(data)))
	b = le.AppendUint16(b, uint16(len(data)))
	e := m.event(id, f.Time, processor, append(b, data...))
	e.Packet = packet
	return e
}
