package etw

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Windows 7 wrote a packet as several events. Packets of four threads on two processors,
// of which each runs on both, are cut into up to five pieces; the pieces of different
// threads alternate.
func TestFragmentsOfWindows7(t *testing.T) {
	frames := recorded(t, "offload", 400)
	random := rand.New(rand.NewPCG(1, 2))
	queues := make([][]Event, 4)
	owner := make(map[int]int) // queue by packet
	for i, f := range frames {
		queue := random.IntN(len(queues))
		owner[i] = queue
		for left, n, first := f.data, 1+random.IntN(5), true; ; n, first = n-1, false {
			size := len(left)
			keyword := uint64(keywordSend)
			if n > 1 && size > 0 {
				size = random.IntN(size)
			} else {
				keyword |= keywordEnd
			}
			if first {
				keyword |= keywordStart
			}
			e := ndisEvent(ndisFragment, keyword, fragment(3, 3, left[:size]))
			e.CPU, e.TID, e.PID = uint16(queue&1), uint32(queue>>1), uint32(i)
			queues[queue] = append(queues[queue], e)
			if left = left[size:]; keyword&keywordEnd != 0 {
				break
			}
		}
	}
	var events []Event
	for len(queues[0])+len(queues[1])+len(queues[2])+len(queues[3]) > 0 {
		if q := &queues[random.IntN(len(queues))]; len(*q) > 0 {
			events = append(events, (*q)[0])
			*q = (*q)[1:]
		}
	}
	packets, _, s := read(t, events, Options{})
	if len(packets) != len(frames) || s.Facts().Incomplete != 0 {
		t.Fatalf("packets: got %d, %d incomplete, want %d", len(packets), s.Facts().Incomplete, len(frames))
	}
	for _, p := range packets {
		i := int(p.PID)
		if want := frames[i].data; !bytes.Equal(p.Data, want) || int(p.CPU) != owner[i]&1 || p.Direction != Out {
			t.Errorf("packet %d: got %d bytes of processor %d, want %d of %d", i, len(p.Data), p.CPU, len(want), owner[i]&1)
		}
	}
}

// A packet of which an event is lost is counted and not put together with the next.
func TestLostFragments(t *testing.T) {
	piece := func(keyword uint64, b string) Event {
		return ndisEvent(ndisFragment, keyword, fragment(3, 3, []byte(b)))
	}
	const start, middle, end = keywordStart, 0, keywordEnd
	for _, test := range []struct {
		name       string
		events     []Event
		want       []string
		incomplete int64
	}{
		{"none", []Event{piece(start, "ab"), piece(middle, "cd"), piece(end, "ef")}, []string{"abcdef"}, 0},
		{"end", []Event{piece(start, "ab"), piece(start, "cd"), piece(end, "ef")}, []string{"cdef"}, 1},
		{"end before a whole one", []Event{piece(start, "ab"), piece(whole, "cd")}, []string{"cd"}, 1},
		{"start", []Event{piece(middle, "ab"), piece(end, "cd"), piece(whole, "ef")}, []string{"ef"}, 1},
		{"end at the end", []Event{piece(whole, "ab"), piece(start, "cd")}, []string{"ab"}, 1},
	} {
		packets, _, s := read(t, test.events, Options{})
		var got []string
		for _, p := range packets {
			got = append(got, string(p.Data))
		}
		if !slices.Equal(got, test.want) || s.Facts().Incomplete != test.incomplete {
			t.Errorf("lost %s: got %q and %d incomplete, want %q and %d", test.name, got, s.Facts().Incomplete, test.want, test.incomplete)
		}
	}
}

// What is held of packets that don't end is bounded, and the newest are kept.
func TestFragmentsAreBounded(t *testing.T) {
	var r reader
	piece := make([]byte, 60<<10)
	for i := range uint32(2000) {
		e := ndisEvent(ndisFragment, keywordStart, fragment(3, 3, piece))
		e.TID = i
		if p, err := r.read(&e); p != nil || err != nil {
			t.Fatal(p, err)
		}
		if n := len(r.fragments.open); n > maxOpen || r.fragments.held > maxHeld {
			t.Fatalf("after %d packets %d are held, %d bytes", i+1, n, r.fragments.held)
		}
	}
	e := ndisEvent(ndisFragment, keywordEnd, fragment(3, 3, []byte("x")))
	e.TID = 1999
	p, err := r.read(&e)
	if err != nil || p == nil || len(p.Data) != len(piece)+1 {
		t.Errorf("the newest packet was not kept: %v", err)
	}
	for range maxPacket/len(piece) + 1 {
		e = ndisEvent(ndisFragment, 0, fragment(3, 3, piece))
		e.TID = 1998
		_, _ = r.read(&e)
	}
	e.Keyword = keywordEnd
	before := r.fragments.lost
	if p, _ := r.read(&e); p != nil || r.fragments.lost != before+1 {
		t.Errorf("a packet of more than %d bytes was put together", maxPacket)
	}
}

// wifiFrame puts an IP packet into an 802.11 data frame that is marked as encrypted.
func wifiFrame(ip []byte, qos bool) []byte {
	header := make([]byte, 24, 26)
	header[0], header[1] = 0x08, 0x42
	if qos {
		header[0] = 0x88
		header = header[:26]
	}
	return append(append(header, 0xAA, 0xAA, 3, 0, 0, 0), ethernet(ip)[12:]...)
}

// An 802.11 frame has what the card said of it in the event before, and was decrypted.
func TestWireless(t *testing.T) {
	ip := recorded(t, "v4-many-flows", 1)[0].data
	for _, qos := range []bool{false, true} {
		frame := wifiFrame(ip, qos)
		metadata := fields([]byte{0x80, 1, 48, 0}, uint32(0x10), uint32(7), uint32(2412), uint16(3), uint16(0), int32(-58), uint8(130), make([]byte, 23))
		other := ndisEvent(ndisFragment, keyword80211|whole|keywordReceive, fragment(3, 5, frame))
		other.CPU = 1
		events := []Event{
			ndisEvent(ndisMetadata, keyword80211|whole|keywordReceive, fragment(3, 5, metadata)),
			ndisEvent(ndisMetadata, keyword80211|whole|keywordReceive, fragment(3, 5, metadata[:24])),
			other,
			ndisEvent(ndisFragment, keyword80211|whole|keywordReceive, fragment(3, 5, frame)),
			ndisEvent(ndisFragment, keyword80211|whole|keywordReceive, fragment(3, 5, frame)),
		}
		packets, choice, _ := read(t, events, Options{})
		if len(packets) != 3 {
			t.Fatalf("packets: got %d, want 3", len(packets))
		}
		if got, want := lines(choice.Interfaces), []string{"wifi:5|LWF over IfIndex 3|105|3"}; !slices.Equal(got, want) {
			t.Errorf("interfaces: got %q, want %q", got, want)
		}
		want := slices.Clone(frame)
		want[1] = 0x02
		comments := []string{
			"PID=4 TID=904",
			"PID=4 TID=904 Packet Metadata: ReceiveFlags:0x10, PhyType:802.11n, CenterCh:2412, NumMPDUsReceived:3, RSSI:-58, DataRate:130",
			"PID=4 TID=904",
		}
		for i, p := range packets {
			if !bytes.Equal(p.Data, want) || !strings.Contains(string(p.Made), "Protected bit cleared") || p.Original != len(frame) || p.Direction != In {
				t.Errorf("packet %d: got %x of %d (%s), want %x", i, p.Data, p.Original, p.Made, want)
			}
			if string(p.Comment) != comments[i] {
				t.Errorf("packet %d: got comment %q, want %q", i, p.Comment, comments[i])
			}
		}
		if events[3].Data[13] != frame[1] {
			t.Error("the event itself was changed")
		}
	}
}

// The header of an 802.11 data frame is as long as its flags say.
func TestSnapAt(t *testing.T) {
	snap := []byte{0xAA, 0xAA, 3, 0, 0, 0, 8, 0}
	for _, test := range []struct {
		control, flags byte
		want           int
	}{{0x08, 0, 24}, {0x08, 1, 24}, {0x08, 3, 30}, {0x88, 0, 26}, {0x88, 3, 32}, {0x88, 0x80, 30}, {0x88, 0x83, 36}, {0x08, 0x80, 24}} {
		frame := append(make([]byte, test.want), snap...)
		frame[0], frame[1] = test.control, test.flags
		if got, ok := snapAt(frame); got != test.want || !ok {
			t.Errorf("control %#x, flags %#x: got %d, want %d", test.control, test.flags, got, test.want)
		}
		if _, ok := snapAt(frame[:len(frame)-1]); ok {
			t.Errorf("control %#x, flags %#x: a cut header was found", test.control, test.flags)
		}
		frame[0] ^= 4 // no data frame any more
		if _, ok := snapAt(frame); ok {
			t.Errorf("control %#x, flags %#x: a header was found in no data frame", test.control, test.flags)
		}
	}
}

// A truncated packet's length is that of its IP header, whatever the link.
func TestOriginalLength(t *testing.T) {
	v4, v6 := recorded(t, "v4-many-flows", 1)[0].data, recorded(t, "many-flows", 1)[0].data
	tagged := slices.Concat(ethernet(v6)[:12], []byte{0x81, 0, 0, 7}, ethernet(v6)[12:])
	for _, test := range []struct {
		name    string
		keyword uint64
		frame   []byte
		link    int
	}{
		{"Ethernet, IPv4", 1, ethernet(v4), 14}, {"Ethernet, IPv6", 1, ethernet(v6), 14}, {"VLAN", 1, tagged, 18},
		{"WWAN, IPv4", keywordWWAN, v4, 0}, {"WWAN, IPv6", keywordWWAN, v6, 0},
		{"802.11", keyword80211, wifiFrame(v6, false), 32}, {"802.11 with QoS", keyword80211, wifiFrame(v4, true), 34},
	} {
		cut := test.frame[:test.link+ipv6Header]
		packets, choice, _ := read(t, []Event{
			ndisEvent(ndisFragment, test.keyword|whole|keywordTruncated, fragment(3, 3, cut)),
			ndisEvent(ndisFragment, test.keyword|whole, fragment(3, 3, test.frame)),
			ndisEvent(ndisFragment, test.keyword|whole|keywordTruncated, fragment(3, 3, test.frame[:5])),
		}, Options{})
		if len(packets) != 3 {
			t.Fatalf("%s: got %d packets, want 3", test.name, len(packets))
		}
		for i, want := range []struct {
			original  int
			truncated bool
		}{{len(test.frame), true}, {len(test.frame), false}, {5, true}} {
			if p := packets[i]; p.Original != want.original || p.Truncated != want.truncated {
				t.Errorf("%s, packet %d: got length %d, truncated %v, want %d, %v", test.name, i, p.Original, p.Truncated, want.original, want.truncated)
			}
		}
		if name := choice.Interfaces[0].Name; test.keyword == keywordWWAN && name != "mbb:3" {
			t.Errorf("%s: got interface %s, want mbb:3", test.name, name)
		}
	}
}

// Fields that later builds append are no part of the packet.
func TestAppendedFields(t *testing.T) {
	frame := recorded(t, "offload", 1)[0].data
	for _, appended := range []int{0, 16, 40} {
		data := append(fragment(3, 3, frame), make([]byte, appended)...)
		packets, _, _ := read(t, []Event{ndisEvent(ndisFragment, whole, data)}, Options{})
		if len(packets) != 1 || !bytes.Equal(packets[0].Data, frame) {
			t.Errorf("with %d bytes appended the packet is another", appended)
		}
	}
}

// switched is the user data of event 1003 for a packet to n destinations.
func switched(frame []byte, n int, vlan uint32, narrow bool) []byte {
	b := fields(uint32(3), uint32(7), uint32(2), "switch", "{NIC}", "External", uint32(n))
	for i := range n {
		b = append(b, fields(uint32(10+i), "a", "bc", "")...)
	}
	b = append(b, fields(uint32(len(frame)), frame)...)
	width := 8
	if narrow {
		width = 4
	}
	oob := make([]byte, 24*width)
	binary.LittleEndian.PutUint32(oob[4*width:], 5|vlan<<4)
	binary.LittleEndian.PutUint32(oob[8*width:], 0xBEEF)
	return append(b, fields(uint32(len(oob)), oob)...)
}

// A VM switch's packet tells its port and VLAN.
func TestVMSwitch(t *testing.T) {
	frame := ethernet(recorded(t, "many-flows", 1)[0].data)
	for _, narrow := range []bool{false, true} {
		var events []Event
		for n, vlan := range []uint32{0, 4095, 4095} {
			e := ndisEvent(ndisSwitch, whole|keywordSend, switched(frame, n, vlan, narrow))
			e.Narrow = narrow
			events = append(events, e)
		}
		packets, choice, s := read(t, events, Options{AllLayers: true})
		if len(packets) != 3 || s.Facts().Malformed != 0 {
			t.Fatalf("packets: got %d, %d malformed", len(packets), s.Facts().Malformed)
		}
		comments := []string{
			"PID=4 TID=904 VlanId=0 SrcPortId=2 SrcNicType=External SrcNicName={NIC} SrcPortName=switch HashValue=0000beef",
			"PID=4 TID=904 VlanId=4095 SrcPortId=2 SrcNicType=External SrcNicName={NIC} SrcPortName=switch DstNicCount=1 HashValue=0000beef",
			"PID=4 TID=904 VlanId=4095 SrcPortId=2 SrcNicType=External SrcNicName={NIC} SrcPortName=switch DstNicCount=2 HashValue=0000beef",
		}
		for i, p := range packets {
			if !bytes.Equal(p.Data, frame) || string(p.Comment) != comments[i] {
				t.Errorf("packet %d: got %q, want %q", i, p.Comment, comments[i])
			}
		}
		want := []string{
			"vNIC:External:switch:7:0|LWF over IfIndex 3, VM switch port 2, {NIC}|1|1",
			"vNIC:External:switch:7:4095|LWF over IfIndex 3, VM switch port 2, {NIC}|1|2",
		}
		if got := lines(choice.Interfaces); !slices.Equal(got, want) {
			t.Errorf("interfaces: got %q, want %q", got, want)
		}
		events = append(events, events[0])
		taken, _, _ := read(t, events, Options{})
		if len(taken) != 2 || taken[0].Number != 1 || taken[1].Number != 4 {
			t.Errorf("by default: got %d packets, want the two that enter the switch", len(taken))
		}
	}
}

// The miniport is taken where filter layers above it saw the same, and another interface
// with packets of its own beside. What the card fills in later makes no other packet.
func TestFilterLayers(t *testing.T) {
	var events []Event
	for i, p := range recorded(t, "many-flows", 300) {
		frame := ethernet(p.data)
		if i%3 == 0 {
			events = append(events, ndisEvent(ndisFragment, whole|keywordSend, fragment(8, 8, frame)))
			continue
		}
		for _, lower := range []uint32{12, 11, 4} {
			events = append(events, ndisEvent(ndisFragment, whole|keywordSend, fragment(4, lower, frame)))
		}
		virtual := slices.Clone(frame) // above a virtual switch, with a checksum to be filled in
		from, start, _ := addressesOf(p.data)
		if at := ethernetHeader + start; from.protocol == protocolTCP {
			virtual[at+16], virtual[at+17] = 0, 0
		} else if from.protocol == protocolUDP {
			virtual[at+6], virtual[at+7] = 0, 0
		}
		events = append(events, ndisEvent(ndisFragment, whole|keywordSend, fragment(5, 5, virtual)))
	}
	packets, choice, _ := read(t, events, Options{})
	if got, want := lines(choice.Interfaces), []string{"eth:4:0||1|200", "eth:8:0||1|100"}; !slices.Equal(got, want) {
		t.Errorf("interfaces: got %q, want %q", got, want)
	}
	all, choice, _ := read(t, events, Options{AllLayers: true})
	sameAppearances(t, packets, all)
	want := []string{"eth:4:0||1|200", "eth:11:0|LWF over IfIndex 4|1|200", "eth:12:0|LWF over IfIndex 4|1|200", "eth:5:0||1|200", "eth:8:0||1|100"}
	if got := lines(choice.Interfaces); !slices.Equal(got, want) {
		t.Errorf("all interfaces: got %q, want %q", got, want)
	}
}

// Frames of a tunnel that ends here have an interface for each user.
func TestRasNdisWan(t *testing.T) {
	frame := recorded(t, "offload", 1)[0].data
	var events []Event
	for i, user := range []string{"alice", "bob", "alice", "eve\n\u202e"} {
		data := fields("{11111111-2222-3333-4444-555555555555}", user, uint32(len(frame)), frame)
		events = append(events, Event{Provider: RasNdisWan, ID: rasSend + uint16(i%2), PID: 0xFFFFFFFF, TID: 8, Data: data})
	}
	packets, choice, _ := read(t, events, Options{AllLayers: true})
	names := make(map[string]int64)
	for _, i := range choice.Interfaces {
		names[i.Name] = i.Packets
	}
	const domain = "Rras:0:{11111111-2222-3333-4444-555555555555}:"
	if len(names) != 3 || names[domain+"alice"] != 2 || names[domain+"bob"] != 1 || names[domain+"eve\uFFFD\uFFFD"] != 1 {
		t.Errorf("interfaces: got %v", names)
	}
	for i, p := range packets {
		if want := []Direction{Out, In}[i%2]; !bytes.Equal(p.Data, frame) || p.Direction != want {
			t.Errorf("packet %d: got direction %d, want %d", i, p.Direction, want)
		}
	}
	if got, want := string(packets[1].Comment), "PID=-1 TID=8 RoutingDomainId={11111111-2222-3333-4444-555555555555} Username=bob"; got != want {
		t.Errorf("comment: got %q, want %q", got, want)
	}
}

// An event that ends early is told with its place, and the others are read.
func TestShortEvents(t *testing.T) {
	frame := ethernet(recorded(t, "v4-many-flows", 1)[0].data)
	good := ndisEvent(ndisFragment, whole, fragment(3, 3, frame))
	for _, full := range []Event{
		good,
		ndisEvent(ndisSwitch, whole, switched(frame, 2, 7, false)),
		{Provider: RasNdisWan, ID: rasSend, Data: fields("d", "u", uint32(len(frame)), frame)},
		{Provider: PktMon, ID: pktmonPacket, Data: pktmonFrame(frame, 1, 10, 1)},
		{Provider: WFP, ID: wfpPacket4, Data: make([]byte, 30)},
	} {
		header := len(full.Data) - len(frame)
		if full.Provider == WFP {
			header = 11
		}
		if full.ID == ndisSwitch {
			header = 100
		}
		for n := range header {
			bad := full
			bad.Data, bad.Offset = full.Data[:n], 4711
			s := NewSurvey()
			s.Add(&bad)
			s.Add(&good)
			r := NewPackets(s.Choose(Options{}))
			p, err := r.Read(&bad)
			if p != nil || err == nil || !strings.Contains(err.Error(), fmt.Sprintf("event %d of %s at byte 4711", bad.ID, ProviderName(bad.Provider))) {
				t.Fatalf("event %d of %d bytes: got %v, %v", full.ID, n, p, err)
			}
			if !errors.Is(err, ErrPacket) || !errors.Is(err, errShort) {
				t.Fatalf("error: got %v, want one of a damaged packet event", err)
			}
			if p, err := r.Read(&good); p == nil || err != nil || p.Number != 1 {
				t.Fatalf("after it: got %v, %v", p, err)
			}
			if s.Facts().Malformed != 1 {
				t.Fatalf("malformed: got %d, want 1", s.Facts().Malformed)
			}
		}
	}
}
