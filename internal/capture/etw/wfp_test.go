package etw

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// wfpData is the user data of an event of the WFP for a recorded IP packet, and the event.
func wfpData(ip []byte, flow bool) (id uint16, data []byte, ok bool) {
	from, start, ok := addressesOf(ip)
	transport := ip[start:]
	id = wfpPacket4
	if from.source.Is6() {
		id = wfpPacket6
	}
	if flow {
		return id + 1, fields(from.source, from.destination, from.protocol, uint64(77), uint16(len(transport)), transport), ok
	}
	return id, fields(from.source, from.destination, from.protocol, uint16(len(transport)), transport), ok
}

// wfpEvents makes an event of each recorded packet, sent or received in turns.
func wfpEvents(t *testing.T, name string, n int) (events []Event, packets [][]byte) {
	t.Helper()
	for i, p := range recorded(t, name, n) {
		id, data, ok := wfpData(p.data, i%3 == 0)
		if !ok {
			continue
		}
		packets = append(packets, p.data)
		keyword := []uint64{keywordSend, keywordReceive}[i%2]
		events = append(events, Event{Provider: WFP, ID: id, Keyword: keyword | whole, Time: int64(i) * 1000, Data: data})
	}
	if len(packets) < 100 {
		t.Fatalf("%s has only %d packets for this", name, len(packets))
	}
	return events, packets
}

// samePackets compares addresses, protocol and all above IP.
func samePackets(t *testing.T, got []Packet, want [][]byte) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("packets: got %d, want %d", len(got), len(want))
	}
	for i, p := range got {
		from, start, _ := addressesOf(p.Data)
		wantFrom, wantStart, _ := addressesOf(want[i])
		if from != wantFrom || !bytes.Equal(p.Data[start:], want[i][wantStart:]) || p.Original != len(p.Data) || p.Truncated {
			t.Fatalf("packet %d: got %x, want %x", i, p.Data, want[i])
		}
		if !strings.Contains(string(p.Made), "as stated; made up") {
			t.Fatalf("packet %d: what was made up is not told: %q", i, p.Made)
		}
	}
}

// Packets of the WFP get a header of IP around them.
func TestWFP(t *testing.T) {
	for _, name := range []string{"many-flows", "v4-many-flows"} {
		events, want := wfpEvents(t, name, 2000)
		got, choice, s := read(t, events, Options{})
		samePackets(t, got, want)
		for i, p := range got {
			if p.Direction != directionOf(events[i].Keyword) {
				t.Fatalf("packet %d: got direction %d", i, p.Direction)
			}
		}
		if len(choice.Interfaces) != 1 || choice.Interfaces[0].Name != "wfp" || choice.Interfaces[0].LinkType != LinkRaw {
			t.Errorf("interfaces: got %+v", choice.Interfaces)
		}
		if f := s.Facts(); f.Malformed+f.Incomplete != 0 {
			t.Errorf("malformed %d, incomplete %d", f.Malformed, f.Incomplete)
		}
	}
}

// A length of 0 means up to the end, one beyond the end that the packet was cut.
func TestWFPLength(t *testing.T) {
	source, destination := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	for _, test := range []struct{ length, there, original, captured int }{
		{0, 10, 50, 50}, {10, 10, 50, 50}, {8, 10, 48, 48}, {1000, 10, 1040, 50}, {0, 0, 40, 40}, {65535, 10, 65575, 50},
	} {
		data := fields(source, destination, uint8(6), uint16(test.length), make([]byte, test.there))
		got, _, _ := read(t, []Event{{Provider: WFP, ID: wfpPacket6, Data: data}}, Options{})
		if len(got) != 1 || got[0].Original != test.original || len(got[0].Data) != test.captured || got[0].Truncated != (test.original > test.captured) {
			t.Errorf("length %d with %d bytes: got %+v", test.length, test.there, got)
		}
	}
}

// A length that IPv4 can't state is 0, as of a large send; the checksum is right all the same.
func TestWFPLarge(t *testing.T) {
	a := netip.MustParseAddr("192.0.2.1")
	for _, test := range []struct{ length, stated int }{{65515, 65535}, {65516, 0}, {65535, 0}} {
		packet, original, _, err := AppendWFP([]byte("before"), wfpPacket4, fields(a, a, uint8(6), uint16(test.length), make([]byte, test.length)))
		header := packet[len("before"):][:ipv4Header]
		if err != nil || original != ipv4Header+test.length || ipLength(4, header) != test.stated || fold(sum16(header)) != 0xFFFF {
			t.Errorf("%d bytes: got header %x, length %d (%v)", test.length, header, original, err)
		}
	}
	if packet, _, made, err := AppendWFP(nil, wfpConnection4, nil); packet != nil || made != nil || err != nil {
		t.Errorf("a connection gave packet %x (%v)", packet, err)
	}
}

// User data in pieces is the same event, also where those of several alternate.
func TestWFPPieces(t *testing.T) {
	events, want := wfpEvents(t, "many-flows", 300)
	random := rand.New(rand.NewPCG(3, 4))
	var pieces []Event
	var waiting [][]Event
	for i, e := range events {
		var of []Event
		for left, first := e.Data, true; first || len(left) > 0; first = false {
			n := min(len(left), 1+random.IntN(40))
			p := Event{Provider: WFP, ID: wfpPiece, Keyword: e.Keyword &^ whole, Time: e.Time,
				Data: fields(e.ID, uint32(i), uint32(n), left[:n])}
			if first {
				p.Keyword |= keywordStart
			}
			if left = left[n:]; len(left) == 0 {
				p.Keyword |= keywordEnd
			}
			of = append(of, p)
		}
		waiting = append(waiting, of)
	}
	for len(waiting) > 0 { // the first of two is always done before the second
		of := &waiting[0]
		if len(waiting) > 1 && len((*of)) > 1 && len(waiting[1]) > 1 && random.IntN(2) == 0 {
			of = &waiting[1]
		}
		pieces = append(pieces, (*of)[0])
		if *of = (*of)[1:]; len(waiting[0]) == 0 {
			waiting = waiting[1:]
		}
	}
	got, _, s := read(t, pieces, Options{})
	samePackets(t, got, want)
	if s.Facts().Incomplete != 0 {
		t.Errorf("incomplete: got %d, want 0", s.Facts().Incomplete)
	}
}

// A packet between two sockets of the host is shown outbound and inbound. The checksum may
// be filled in between; a retransmission is another packet.
func TestLoopbackTwice(t *testing.T) {
	for _, name := range []string{"loopback", "v4-loopback"} {
		random := rand.New(rand.NewPCG(5, 6))
		var events []Event
		var want [][]byte
		for i, p := range recorded(t, name, 1000) {
			id, data, ok := wfpData(p.data, false)
			if !ok {
				continue
			}
			e := Event{Provider: WFP, ID: id, Keyword: keywordSend | whole, Time: int64(i) * 1000, Data: data}
			again := e
			again.Keyword, again.Time = keywordReceive|whole, e.Time+int64(random.IntN(2500))
			if from, start, _ := addressesOf(p.data); from.protocol == protocolTCP {
				again.Data = slices.Clone(data)
				again.Data[len(data)-len(p.data)+start+16] ^= 0x55
			}
			events = append(events, e, again)
			want = append(want, p.data)
		}
		slices.SortStableFunc(events, func(a, b Event) int { return int(a.Time - b.Time) })
		got, choice, _ := read(t, events, Options{})
		samePackets(t, got, want)
		if got[1].Number == 2 && got[2].Number == 3 && got[3].Number == 4 {
			t.Error("the numbers don't count what was left out")
		}
		all, _, _ := read(t, events, Options{AllLayers: true})
		if len(all) != 2*len(want) {
			t.Errorf("all layers: got %d packets, want %d", len(all), 2*len(want))
		}
		r := NewPackets(choice)
		for i := range events {
			if _, err := r.Read(&events[i]); err != nil {
				t.Fatal(err)
			}
		}
		if r.Again() != int64(len(want)) {
			t.Errorf("left out: got %d, want %d", r.Again(), len(want))
		}
	}
	// What is received long after it was sent was not looped back.
	_, data, _ := wfpData(recorded(t, "loopback", 1)[0].data, false)
	late := []Event{
		{Provider: WFP, ID: wfpPacket6, Keyword: keywordSend, Data: data},
		{Provider: WFP, ID: wfpPacket6, Keyword: keywordReceive, Time: sendMemory + 1, Data: data},
		{Provider: WFP, ID: wfpPacket6, Keyword: keywordReceive, Time: sendMemory + 2, Data: data},
	}
	if got, _, _ := read(t, late, Options{}); len(got) != 3 {
		t.Errorf("late packets: got %d, want 3", len(got))
	}
	// What is received twice was sent once more elsewhere.
	late[1].Time, late[2].Time = 1, 2
	if got, _, _ := read(t, late, Options{}); len(got) != 2 || got[1].Number != 3 {
		t.Errorf("packets received twice: got %d, want 2", len(got))
	}
}

// Connections and discards are facts, and no packets.
func TestConnections(t *testing.T) {
	source, destination := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.7")
	const path = `\device\harddiskvolume2\windows\system32\svchost.exe`
	connection := func(id uint16, source, destination netip.Addr, inbound uint8) Event {
		text := fields(path)
		return Event{Provider: WFP, ID: id, Time: 99, Data: fields(source, destination, uint16(443), uint16(50000), uint64(6), inbound,
			uint8(6), uint64(12), uint64(1234), uint16(len(text)), text)}
	}
	source6, destination6 := netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2")
	events := []Event{
		connection(wfpConnection4, source, destination, 0),
		connection(wfpConnection6, source6, destination6, 1),
		{Provider: WFP, ID: wfpDiscard, Data: fields(uint8(1), uint32(13), uint64(5))},
		{Provider: WFP, ID: wfpDiscard, Data: fields(uint8(1), uint32(13), uint64(6))},
		{Provider: WFP, ID: wfpDiscard, Data: fields(uint8(0), uint32(2), uint64(6))},
		{Provider: WFP, ID: 10001},
	}
	packets, _, s := read(t, events, Options{})
	f := s.Facts()
	if len(packets) != 0 || len(f.Connections) != 2 || f.Malformed != 0 {
		t.Fatalf("got %d packets, %d connections, %d malformed", len(packets), len(f.Connections), f.Malformed)
	}
	want := Connection{netip.AddrPortFrom(source, 443), netip.AddrPortFrom(destination, 50000), 6, Out, 1234, path, 99}
	if got := f.Connections[0]; got != want || got.Local() != want.Source || got.Remote() != want.Destination {
		t.Errorf("connection: got %+v, want %+v", got, want)
	}
	want = Connection{netip.AddrPortFrom(source6, 443), netip.AddrPortFrom(destination6, 50000), 6, In, 1234, path, 99}
	if got := f.Connections[1]; got != want || got.Local() != want.Destination || got.Remote() != want.Source {
		t.Errorf("connection: got %+v, want %+v", got, want)
	}
	if want := []Discard{{0, 2, 1}, {1, 13, 2}}; !slices.Equal(f.Discards, want) {
		t.Errorf("discards: got %v, want %v", f.Discards, want)
	}
}

// The media types of Network Monitor are those of the events.
func TestWFPEvent(t *testing.T) {
	for media, want := range map[uint16]uint16{0xE083: 60011, 0xE084: 60021, 0xE085: 60012, 0xE086: 60022, 0xE087: 60031, 0xE088: 60041, 0xE089: 0, 1: 0} {
		if got, ok := WFPEvent(media); got != want || ok != (want != 0) {
			t.Errorf("media type %#x: got event %d, want %d", media, got, want)
		}
	}
}

// What the WFP saw of packets that were captured at an interface as well is left out; what
// only it saw, loopback above all, is taken.
func TestWFPBesideNDIS(t *testing.T) {
	var events []Event
	for _, p := range recorded(t, "v4-many-flows", 1000) {
		id, data, ok := wfpData(p.data, false)
		if !ok {
			continue
		}
		events = append(events, Event{Provider: WFP, ID: id, Keyword: keywordSend, Data: data},
			ndisEvent(ndisFragment, whole|keywordSend, fragment(3, 3, ethernet(p.data))))
	}
	packets, choice, _ := read(t, events, Options{})
	if len(packets) != len(events)/2 || len(choice.Interfaces) != 1 || choice.Interfaces[0].Name != "eth:3:0" || len(choice.Left) != 1 || len(choice.Words) != 1 {
		t.Errorf("got %d packets of %v, %q", len(packets), lines(choice.Interfaces), choice.Words)
	}
	alone, _ := wfpEvents(t, "v4-loopback", 1000)
	packets, choice, _ = read(t, append(events, alone...), Options{})
	if len(choice.Interfaces) != 2 || len(packets) != len(events)+len(alone) {
		t.Errorf("got %d packets of %v, want those of both", len(packets), lines(choice.Interfaces))
	}
}
