package etw

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"unicode/utf16"
)

// property is a field as a test describes it: the number of tdh.h for its type, and for
// bytes which other field has their length.
type property struct {
	name string
	in   uint16
	by   string
	data []byte
}

// eventInfo writes TRACE_EVENT_INFO as tdh.h has it: the properties, then the names.
func eventInfo(provider GUID, id uint16, version uint8, list []property) []byte {
	b := fields(provider[:], make([]byte, 16), id, version, make([]byte, 13), make([]byte, 52),
		uint32(len(list)), uint32(len(list)), uint32(0))
	names := len(b) + 24*len(list)
	for _, p := range list {
		flags, length := uint32(0), uint16(0)
		if p.by != "" {
			flags, length = 2, uint16(slices.IndexFunc(list, func(o property) bool { return o.name == p.by }))
		}
		b = append(b, fields(flags, uint32(names), p.in, uint16(0), uint32(0), uint16(1), length, uint32(0))...)
		names += 2 * (len(utf16.Encode([]rune(p.name))) + 1)
	}
	for _, p := range list {
		b = append(b, fields(p.name)...)
	}
	return b
}

// sockaddr6 writes SOCKADDR_IN6.
func sockaddr6(a string, port uint16) []byte {
	return fields(uint16(23), []byte{byte(port >> 8), byte(port)}, uint32(0), netip.MustParseAddr(a), uint32(0))
}

// Where the trace says how its events lie, that counts: whatever the order of the fields,
// and whatever else is between them.
func TestLayoutsAreTheTracesOwn(t *testing.T) {
	local, remote := sockaddr6("2001:db8::1", 7), sockaddr6("2001:db8::2", 9)
	whole := []property{
		{"Endpoint", 16, "", fields(uint64(0xffff8000_00001111))},
		{"IpProtocol", 8, "", fields(uint32(58))},
		{"NumMessages", 8, "", fields(uint32(1))},
		{"NumBytes", 8, "", fields(uint32(1234))},
		{"LocalSockAddrLength", 8, "", fields(uint32(len(local)))},
		{"LocalSockAddr", 14, "LocalSockAddrLength", local},
		{"RemoteSockAddrLength", 8, "", fields(uint32(len(remote)))},
		{"RemoteSockAddr", 14, "RemoteSockAddrLength", remote},
		{"Reason", 1, "", fields("a text")},
		{"Small", 4, "", []byte{9}},
		{"Activity", 15, "", make([]byte, 16)},
	}
	want := RawPacket{Socket: 0xffff8000_00001111, Source: netip.MustParseAddr("2001:db8::2"),
		Destination: netip.MustParseAddr("2001:db8::1"), Length: 1234, Protocol: 58, Time: 5}
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		r.Shuffle(len(whole), func(i, j int) { whole[i], whole[j] = whole[j], whole[i] })
		for i, p := range whole { // a length comes before its bytes: else nobody could read them
			if at := slices.IndexFunc(whole, func(o property) bool { return o.name == p.by }); at > i {
				whole[i], whole[at] = whole[at], whole[i]
			}
		}
		var data []byte
		for _, p := range whole {
			data = append(data, p.data...)
		}
		s := NewSurvey()
		version := uint8(round % 4)
		s.Add(&Event{Provider: eventMetadata, Opcode: 32, Data: eventInfo(TCPIP, 1529, version, whole)})
		w := NewWitness(s.Layouts())
		w.Add(&Event{Provider: TCPIP, ID: 1529, Version: version, Time: 5, Data: data})
		if s.malformed != 0 || w.Malformed != 0 || !slices.Equal(w.Raw(), []RawPacket{want}) {
			t.Fatalf("round %d: got %+v, %d and %d malformed, want %+v", round, w.Raw(), s.malformed, w.Malformed, want)
		}
	}
}

// Without a layout in the trace the published one holds, in both widths of pointers, and
// for versions that no manifest knows: those append fields.
func TestPublishedLayouts(t *testing.T) {
	local, remote := sockaddr6("2001:db8::1", 7), sockaddr6("2001:db8::2", 9)
	raw := func(tcb any) []byte {
		return fields(tcb, uint32(17), uint32(1), uint32(99), uint32(28), local, uint32(28), remote, []byte("appended"))
	}
	w := NewWitness(NewSurvey().Layouts())
	w.Add(&Event{Provider: TCPIP, ID: 1529, Version: 7, Data: raw(uint64(3))})
	w.Add(&Event{Provider: TCPIP, ID: 1528, Narrow: true, Data: raw(uint32(3))})
	w.Add(&Event{Provider: TCPIP, ID: 1529, Data: raw(uint64(3))[:60]})
	for _, p := range w.Raw() {
		if p.Protocol != 17 || p.Length != 99 || p.Socket != 3 || p.Sent != (p.Source == netip.MustParseAddr("2001:db8::1")) {
			t.Errorf("got %+v", p)
		}
	}
	if len(w.Raw()) != 2 || w.Malformed != 1 {
		t.Errorf("got %d packets and %d malformed events, want 2 and 1", len(w.Raw()), w.Malformed)
	}
}

// Each event that names ends gives the row that its manifest says.
func TestEventsGiveRows(t *testing.T) {
	local, remote := sockaddr6("2001:db8::1", 700), sockaddr6("2001:db8::2", 900)
	ends := fields(uint32(28), local, uint32(28), remote)
	kernel := fields(uint32(44), uint32(10), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("2001:db8::1"), []byte{3, 0x84, 2, 0xbc}, uint32(0), uint64(0))
	afd := func(enter, status uint32) []byte {
		return fields(enter, uint32(1), uint64(2), uint64(3), status, uint32(28), local)
	}
	tests := []struct {
		event Event
		want  Row
	}{
		{Event{Provider: TCPIP, ID: 1002, Data: fields(uint64(1), ends, uint32(0), uint32(0))}, Row{Protocol: 6}},
		{Event{Provider: TCPIP, ID: 1033, Version: 1, Data: fields(ends, uint32(0), uint32(44), uint32(1), uint64(1), uint64(9))}, Row{Protocol: 6, PID: 44}},
		{Event{Provider: TCPIP, ID: 1017, Narrow: true, Data: fields(ends, uint32(0), uint32(44), uint32(1), uint32(1))}, Row{Protocol: 6, PID: 44}},
		{Event{Provider: TCPIP, ID: 1300, Version: 3, Data: fields(uint64(1), ends, uint32(4), uint32(44), uint64(9))}, Row{Protocol: 6, PID: 44}},
		{Event{Provider: TCPIP, ID: 1477, Data: fields(uint64(1), make([]byte, 6*8+12*4+8+8+8+8+8+8+7*4), ends, uint32(4))}, Row{Protocol: 6}},
		{Event{Provider: TCPIP, ID: 1170, Data: fields(uint64(1), uint32(1), uint32(9), ends, uint32(44))}, Row{Protocol: 17, PID: 44}},
		{Event{Provider: KernelNetwork, ID: 28, Data: kernel}, Row{Protocol: 6, PID: 44}},
		{Event{Provider: KernelNetwork, ID: 58, Data: kernel}, Row{Protocol: 17, PID: 44}},
		{Event{Provider: classTCP, Classic: true, Opcode: 27, Version: 2, Data: kernel}, Row{Protocol: 6, PID: 44}},
		{Event{Provider: classUDP, Classic: true, Opcode: 26, Version: 2, Data: kernel}, Row{Protocol: 17, PID: 44}},
	}
	for _, test := range tests {
		w := NewWitness(&Layouts{})
		e := test.event
		e.Time = 5
		w.Add(&e)
		e.Time = 8
		w.Add(&e)
		want := test.want
		want.Local, want.Remote = netip.MustParseAddrPort("[2001:db8::1]:700"), netip.MustParseAddrPort("[2001:db8::2]:900")
		want.First, want.Last = 5, 8
		if rows, _, _ := w.Rows(); len(rows) != 1 || rows[0] != want {
			t.Errorf("%s %d: got %+v, %d malformed, want %+v", ProviderName(e.Provider), e.ID, rows, w.Malformed, want)
		}
	}
	w := NewWitness(&Layouts{})
	w.Add(&Event{Provider: WinsockAFD, ID: 1000, Data: fields(uint32(1), uint32(1), uint64(2), uint64(3), uint32(23), uint32(2), uint32(17), uint64(44), uint32(0))})
	w.Add(&Event{Provider: WinsockAFD, ID: 1030, Data: afd(0, 0)})
	w.Add(&Event{Provider: WinsockAFD, ID: 1030, Data: afd(1, 0xc0000022)})
	if rows, _, _ := w.Rows(); len(rows) != 0 {
		t.Errorf("of a bind that was refused: got %+v, want none", rows)
	}
	w.Add(&Event{Provider: WinsockAFD, ID: 1030, Data: afd(1, 0), Time: 5})
	if rows, _, _ := w.Rows(); len(rows) != 1 || rows[0] != (Row{Protocol: 17, Local: netip.MustParseAddrPort("[2001:db8::1]:700"), First: 5, Last: 5}) {
		t.Errorf("of a bind: got %+v, want a socket for datagrams", rows)
	}
}

// Of a datagram to a group, the group is what it was sent to; of any other the remote end
// is where it came from, which daddr has. Where nothing tells, no row is made up.
func TestReceivedDatagrams(t *testing.T) {
	own, peer := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("10.1.2.99")
	event := func(id uint16, daddr, saddr netip.Addr, dport, sport byte) *Event {
		return &Event{Provider: KernelNetwork, ID: id, Data: fields(uint32(44), uint32(10), daddr, saddr, []byte{0, dport, 0, sport}, uint32(0), uint64(0))}
	}
	w := NewWitness(&Layouts{})
	w.Add(event(42, peer, own, 53, 200))                               // sent
	w.Add(event(43, peer, own, 53, 200))                               // its answer
	w.Add(event(43, netip.MustParseAddr("224.0.0.252"), peer, 55, 61)) // to a group
	w.Add(event(43, netip.MustParseAddr("10.1.2.255"), peer, 137, 62)) // to all
	w.Add(event(43, netip.MustParseAddr("10.9.9.9"), peer, 70, 63))    // either way round
	rows, groups, untold := w.Rows()
	var got []string
	for _, r := range rows {
		got = append(got, r.Local.String()+" "+r.Remote.String())
	}
	want := []string{"invalid AddrPort 10.1.2.99:61", "invalid AddrPort 10.1.2.99:62", "10.1.2.3:200 10.1.2.99:53"}
	if !slices.Equal(got, want) || len(groups) != 2 || untold != 1 {
		t.Errorf("got %q, %d groups, %d untold, want %q, 2 and 1", got, len(groups), untold, want)
	}
}
