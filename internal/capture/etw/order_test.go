package etw

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// shuffled puts fields in another order, in which a length is before its bytes.
func shuffled(r *rand.Rand, list []property) []property {
	list = slices.Clone(list)
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for i, p := range list {
		if at := slices.IndexFunc(list, func(o property) bool { return o.name == p.by }); at > i {
			list[i], list[at] = list[at], list[i]
		}
	}
	return list
}

// Each event that tells of order, with its fields in the order of its manifest: what it is
// read as by the published layout, and where the trace states another order.
func TestEventsOfOrder(t *testing.T) {
	local, remote := sockaddr6("2001:db8::1", 700), sockaddr6("2001:db8::2", 900)
	here, there := netip.MustParseAddrPort("[2001:db8::1]:700"), netip.MustParseAddrPort("[2001:db8::2]:900")
	number := func(name string, n uint32) property { return property{name, 8, "", fields(n)} }
	pointer := func(name string, n uint64) property { return property{name, 16, "", fields(n)} }
	passage := func(taken bool) []property {
		list := []property{number("EnterExit", 1), number("Location", 3), pointer("Process", 5), pointer("Endpoint", 6)}
		if taken {
			list = append(list, number("BufferCount", 1))
		}
		list = append(list, pointer("Buffer", 7), number("BufferLength", 60))
		if taken {
			list = append(list, number("Status", 0))
		}
		return append(list, number("AddressLen", uint32(len(remote))), property{"Address", 14, "AddressLen", remote})
	}
	raw := func(taken bool) *RawPacket {
		return &RawPacket{Socket: 1, Source: there.Addr(), Length: 60, Taken: taken, Time: 5}
	}
	sent := &LoggedSegment{Source: here, Destination: there, Seq: 1000, Length: 300, Time: 5}
	tests := []struct {
		provider GUID
		id       uint16
		fields   []property
		segment  *LoggedSegment
		raw      *RawPacket
	}{
		{TCPIP, 1074, []property{pointer("Tcb", 9), number("NumBytes", 300), number("SeqNo", 1000)},
			&LoggedSegment{Source: there, Destination: here, Seq: 1000, Length: 300, Time: 5}, nil},
		{TCPIP, 1601, []property{pointer("Tcb", 9), number("State", 4), number("FastPath", 1), pointer("Nbl", 8), number("ThSeq", 1000), number("ThAck", 77),
			{"ThFlags", 4, "", []byte{0x10}}, number("Rsc", 0), {"CoalescedSegCount", 6, "", fields(uint16(1))}},
			&LoggedSegment{Source: there, Destination: here, Seq: 1000, Ack: 77, HasAck: true, Time: 5}, nil},
		{TCPIP, 1073, []property{pointer("Tcb", 9), number("Cwnd", 1), number("SSThresh", 2), number("RttSample", 3), number("NumBytes", 300), number("SeqNo", 1000),
			number("SndUna", 4), number("Round", 5), number("SRTT", 6), number("RTO", 7), number("DWnd", 8), number("BaseRtt", 9), number("DupAckCount", 10)}, sent, nil},
		{TCPIP, 1332, []property{pointer("Tcb", 9), number("Cwnd", 1), number("SndWnd", 2), number("BytesSent", 300), number("SeqNo", 1000),
			number("SRtt", 4), number("RttVar", 5), number("RTO", 6)}, sent, nil},
		{TCPIP, 1333, []property{pointer("Tcb", 9), number("Cwnd", 1), number("SndWnd", 2), number("BytesSent", 300), number("SeqNo", 1000),
			number("SRtt", 4), number("RttVar", 5), number("RTO", 6)}, sent, nil},
		{WinsockAFD, 3004, passage(false), nil, raw(false)},
		{WinsockAFD, 1009, passage(true), nil, raw(true)},
		{WinsockAFD, 1015, passage(true), nil, raw(true)},
	}
	rundown := Event{Provider: TCPIP, ID: 1300, Data: fields(uint64(9), uint32(28), local, uint32(28), remote, uint32(4), uint32(44))}
	r := rand.New(rand.NewPCG(3, 4))
	for _, test := range tests {
		for round := range 50 {
			list, s, version := test.fields, NewSurvey(), uint8(0)
			if round > 0 {
				list, version = shuffled(r, test.fields), uint8(round%4)
				s.Add(&Event{Provider: eventMetadata, Opcode: 32, Data: eventInfo(test.provider, test.id, version, list)})
			}
			var data []byte
			for _, p := range list {
				data = append(data, p.data...)
			}
			w := NewWitness(s.Layouts())
			w.Add(&Event{Provider: test.provider, ID: test.id, Version: version, Time: 5, Data: data})
			w.Add(&rundown)
			var segments []LoggedSegment
			var packets []RawPacket
			if test.segment != nil {
				segments = append(segments, *test.segment)
			} else {
				packets = append(packets, *test.raw)
			}
			if !slices.Equal(w.Segments(), segments) || !slices.Equal(w.Raw(), packets) || w.Malformed != 0 {
				t.Fatalf("event %d, round %d: got %+v and %+v, %d malformed; want %+v and %+v", test.id, round, w.Segments(), w.Raw(), w.Malformed, segments, packets)
			}
		}
	}
}

// Of AFD's events only those tell of a packet of a raw socket that name its source, that
// have not failed, and whose socket is not one of TCP or UDP. Where one packet has several
// events, at several places of AFD, those of each place are counted as of another socket.
func TestPassagesOfRawSockets(t *testing.T) {
	from := sockaddr6("2001:db8::2", 0)
	taken := func(enter, location uint32, endpoint uint64, status uint32, address []byte) *Event {
		return &Event{Provider: WinsockAFD, ID: 1009, Data: fields(enter, location, uint64(2), endpoint, uint32(1), uint64(0), uint32(60), status, uint32(len(address)), address)}
	}
	w := NewWitness(&Layouts{})
	w.Add(&Event{Provider: WinsockAFD, ID: 1000, Data: fields(uint32(1), uint32(1), uint64(2), uint64(8), uint32(23), uint32(2), uint32(17), uint64(44), uint32(0))})
	for _, e := range []*Event{
		taken(0, 1, 7, 0, nil),           // a call begins
		taken(1, 2, 7, 0xc0000120, from), // one is cancelled
		taken(1, 2, 8, 0, from),          // of a socket for UDP
		taken(1, 2, 7, 0, from),
		taken(1, 3, 7, 0, from), // at another place
		taken(1, 2, 7, 0, from),
	} {
		w.Add(e)
	}
	var sockets []uint64
	for _, p := range w.Raw() {
		sockets = append(sockets, p.Socket)
	}
	if !slices.Equal(sockets, []uint64{1, 2, 1}) || w.Malformed != 0 {
		t.Errorf("got packets of the sockets %v, %d malformed; want 1, 2, 1", sockets, w.Malformed)
	}
}

// Events that name ends are read as the trace states that their fields lie, in any order.
func TestEndsInAnyOrder(t *testing.T) {
	local, remote := sockaddr6("2001:db8::1", 700), sockaddr6("2001:db8::2", 900)
	here, there := netip.MustParseAddrPort("[2001:db8::1]:700"), netip.MustParseAddrPort("[2001:db8::2]:900")
	number := func(name string, n uint32) property { return property{name, 8, "", fields(n)} }
	pointer := func(name string, n uint64) property { return property{name, 16, "", fields(n)} }
	with := func(what string, more ...property) []property {
		return append(more, number("Local"+what+"Length", uint32(len(local))), property{"Local" + what, 14, "Local" + what + "Length", local},
			number("Remote"+what+"Length", uint32(len(remote))), property{"Remote" + what, 14, "Remote" + what + "Length", remote})
	}
	tests := []struct {
		provider GUID
		id       uint16
		fields   []property
		want     Row
	}{
		{TCPIP, 1002, with("Address", pointer("Tcb", 9), number("NewState", 4), number("RexmitCount", 0)), Row{Protocol: 6}},
		{TCPIP, 1017, with("Address", number("Status", 0), number("ProcessId", 44), number("Compartment", 1), pointer("Tcb", 9)), Row{Protocol: 6, PID: 44}},
		{TCPIP, 1033, with("Address", number("Status", 0), number("ProcessId", 44), number("Compartment", 1), pointer("Tcb", 9)), Row{Protocol: 6, PID: 44}},
		{TCPIP, 1300, with("Address", pointer("Tcb", 9), number("State", 4), number("Pid", 44)), Row{Protocol: 6, PID: 44}},
		{TCPIP, 1477, with("Address", pointer("Tcb", 9), pointer("DataBytesOut", 1000), number("FastRetran", 3)), Row{Protocol: 6}},
		{TCPIP, 1170, with("SockAddr", pointer("Endpoint", 9), number("NumMessages", 1), number("NumBytes", 9), number("Pid", 44)), Row{Protocol: 17, PID: 44}},
		{WinsockAFD, 1030, []property{number("EnterExit", 1), number("Location", 1), pointer("Process", 2), pointer("Endpoint", 3), number("Status", 0),
			number("AddressLen", uint32(len(local))), {"Address", 14, "AddressLen", local}}, Row{Protocol: 17}},
	}
	r := rand.New(rand.NewPCG(5, 6))
	for _, test := range tests {
		for round := range 50 {
			list, version, s := shuffled(r, test.fields), uint8(round%4), NewSurvey()
			s.Add(&Event{Provider: eventMetadata, Opcode: 32, Data: eventInfo(test.provider, test.id, version, list)})
			var data []byte
			for _, p := range list {
				data = append(data, p.data...)
			}
			w := NewWitness(s.Layouts())
			want := test.want
			want.Local, want.Remote, want.First, want.Last = here, there, 5, 5
			if test.provider == WinsockAFD {
				want.Remote = netip.AddrPort{}
				w.Add(&Event{Provider: WinsockAFD, ID: 1000, Data: fields(uint32(1), uint32(1), uint64(2), uint64(3), uint32(23), uint32(2), uint32(17), uint64(44), uint32(0))})
			}
			w.Add(&Event{Provider: test.provider, ID: test.id, Version: version, Time: 5, Data: data})
			if rows, _, _ := w.Rows(); len(rows) != 1 || rows[0] != want || w.Malformed != 0 {
				t.Fatalf("event %d, round %d: got %+v, %d malformed; want %+v", test.id, round, rows, w.Malformed, want)
			}
		}
	}
}
