package etw

import (
	"slices"
	"strings"
	"testing"
)

// pktmonTrace makes events of PktMon: each component's edge sees the packets from first to
// last, in a kind of frame, and the components are told at the end as Windows does.
type pktmonPoint struct {
	component, edge uint16
	kind            payloadType
	first, last     int
}

type pktmonComp struct {
	id         uint16
	kind       componentType
	name, text string
	properties map[uint16]uint32
}

func pktmonTrace(t *testing.T, points []pktmonPoint, components []pktmonComp) (events []Event) {
	t.Helper()
	for i, p := range recorded(t, "v4-many-flows", 500) {
		for _, at := range points {
			if i < at.first || i >= at.last {
				continue
			}
			frame := ethernet(p.data)
			if at.kind == payloadWiFi {
				frame = wifiFrame(p.data, false)
			}
			events = append(events, Event{Provider: PktMon, ID: pktmonPacket, Data: pktmonFrame(frame, at.kind, at.component, at.edge)})
		}
	}
	for _, c := range components {
		events = append(events, Event{Provider: PktMon, ID: pktmonComponent, Data: fields(c.id, uint16(c.kind), c.name, c.text)})
		for property, value := range c.properties {
			events = append(events, Event{Provider: PktMon, ID: pktmonNumber, Data: fields(c.id, property, value)})
		}
	}
	return events
}

func TestPktMonChoice(t *testing.T) {
	const ethernetKind, wifi = payloadEthernet, payloadWiFi
	card := pktmonComp{1, typeMiniport, "card.sys", "Card", map[uint16]uint32{propIfIndex: 7}}
	tcpip := pktmonComp{2, typeProtocol, "TCPIP.SYS", "TCPIP", map[uint16]uint32{propMiniportIfIndex: 7}}
	tcpip6 := pktmonComp{3, typeProtocol, "tcpip.sys", "TCPIP6", map[uint16]uint32{propMiniportIfIndex: 7}}
	filter := pktmonComp{4, 3, "filter.sys", "Filter", map[uint16]uint32{propIfIndex: 9, propMiniportIfIndex: 7, 3: 8}}
	other := pktmonComp{5, typeMiniport, "other.sys", "Other", map[uint16]uint32{propIfIndex: 20}}
	synthetic := pktmonComp{6, 9, "NetVsc.sys", "Synthetic", map[uint16]uint32{propIfIndex: 7, propLowestIfIndex: 20}}
	for _, test := range []struct {
		name       string
		points     []pktmonPoint
		components []pktmonComp
		want       []string
	}{
		{"the miniport of all", []pktmonPoint{{2, 1, ethernetKind, 0, 200}, {3, 1, ethernetKind, 200, 300}, {4, 1, ethernetKind, 0, 300}, {4, 2, ethernetKind, 0, 300}, {1, 1, ethernetKind, 0, 300}},
			[]pktmonComp{card, tcpip, tcpip6, filter}, []string{"eth:1"}},
		{"the miniport though a filter saw a little more", []pktmonPoint{{2, 1, ethernetKind, 0, 290}, {4, 1, ethernetKind, 0, 300}, {1, 1, ethernetKind, 0, 295}},
			[]pktmonComp{card, tcpip, filter}, []string{"eth:1"}},
		{"both IP protocols without a miniport", []pktmonPoint{{2, 1, ethernetKind, 0, 200}, {3, 1, ethernetKind, 200, 300}, {4, 1, ethernetKind, 0, 300}},
			[]pktmonComp{card, tcpip, tcpip6, filter}, []string{"eth:2", "eth:3"}},
		{"the filter where IP saw less", []pktmonPoint{{2, 1, ethernetKind, 0, 100}, {4, 1, ethernetKind, 0, 300}, {4, 2, ethernetKind, 0, 299}},
			[]pktmonComp{card, tcpip, filter}, []string{"eth:4"}},
		{"IP above Wi-Fi", []pktmonPoint{{1, 1, wifi, 0, 300}, {2, 1, ethernetKind, 0, 200}, {3, 1, ethernetKind, 200, 300}, {4, 1, ethernetKind, 0, 300}},
			[]pktmonComp{card, tcpip, tcpip6, filter}, []string{"eth:2", "eth:3"}},
		{"Wi-Fi where what is above saw half", []pktmonPoint{{1, 1, wifi, 0, 300}, {4, 1, ethernetKind, 0, 150}},
			[]pktmonComp{card, filter}, []string{"wifi:1"}},
		{"two interfaces", []pktmonPoint{{1, 1, ethernetKind, 0, 300}, {5, 1, ethernetKind, 300, 400}},
			[]pktmonComp{card, other}, []string{"eth:1", "eth:5"}},
		{"one below the other", []pktmonPoint{{1, 1, ethernetKind, 0, 300}, {5, 1, ethernetKind, 100, 400}},
			[]pktmonComp{card, other, synthetic}, []string{"eth:1"}},
		{"each below the other", []pktmonPoint{{1, 1, ethernetKind, 0, 300}, {5, 1, ethernetKind, 300, 400}},
			[]pktmonComp{card, other, synthetic, {7, 9, "a.sys", "A", map[uint16]uint32{propIfIndex: 20, propLowestIfIndex: 7}}}, []string{"eth:1"}},
		{"one below another that saw nothing", []pktmonPoint{{5, 1, ethernetKind, 100, 400}},
			[]pktmonComp{card, other, synthetic}, []string{"eth:5"}},
		{"the same packets at a second interface", []pktmonPoint{{1, 1, ethernetKind, 0, 300}, {5, 1, ethernetKind, 100, 300}},
			[]pktmonComp{card, other}, []string{"eth:1"}},
		{"without components", []pktmonPoint{{1, 1, wifi, 0, 300}, {2, 1, ethernetKind, 0, 200}, {4, 1, ethernetKind, 0, 300}, {5, 1, ethernetKind, 300, 400}},
			nil, []string{"eth:4", "eth:5"}},
	} {
		events := pktmonTrace(t, test.points, test.components)
		_, choice, _ := read(t, events, Options{})
		var got []string
		for _, i := range choice.Interfaces {
			got = append(got, i.Name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v (%q)", test.name, got, test.want, choice.Words)
		}
		// What is left out is named in what the report says.
		said := strings.Join(choice.Words, "\n")
		for _, i := range choice.Left {
			if !strings.Contains(said, i.Name) {
				t.Errorf("%s: that %s is left out is not said: %q", test.name, i.Name, choice.Words)
			}
		}
	}
}

// A router's two interfaces see the same packets with another hop limit: both are taken.
func TestRoutedPackets(t *testing.T) {
	var events []Event
	for _, p := range recorded(t, "many-flows", 300) {
		frame := ethernet(p.data)
		routed := slices.Clone(frame)
		routed[ethernetHeader+7]--
		events = append(events, ndisEvent(ndisFragment, whole|keywordReceive, fragment(3, 3, frame)), ndisEvent(ndisFragment, whole|keywordSend, fragment(4, 4, routed)))
	}
	if packets, choice, _ := read(t, events, Options{}); len(packets) != 600 || len(choice.Interfaces) != 2 {
		t.Errorf("got %d packets of %v, want 600 of two", len(packets), lines(choice.Interfaces))
	}
}

// A sample of hashes tells how much of one set is in another, whatever the order.
func TestSketch(t *testing.T) {
	h := func(i int) uint64 {
		x := newHash()
		x.add([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
		return x.sum()
	}
	var all, half, forward, backward sketch
	for i := range 20000 {
		all.add(h(i))
		if i%2 == 0 {
			half.add(h(i))
		}
		forward.add(h(i % 5000))
		backward.add(h(4999 - i%5000))
	}
	if !slices.Equal(forward, backward) || len(forward) != sketchSize || !slices.IsSorted(forward) {
		t.Error("the order of packets changes the sample")
	}
	if found, sampled := half.within(all); found != sampled || sampled < sketchSize/4 {
		t.Errorf("a half in the whole: got %d of %d", found, sampled)
	}
	if found, sampled := all.within(half); found < sampled*2/5 || found > sampled*3/5 || sampled < sketchSize/2 {
		t.Errorf("the whole in a half: got %d of %d, want about half", found, sampled)
	}
}

// More capture points than are believed cost packets, and that is said.
func TestTooManyPoints(t *testing.T) {
	s := NewSurvey()
	frame := ethernet(recorded(t, "many-flows", 1)[0].data)
	for i := range uint32(maxPoints + 10) {
		e := ndisEvent(ndisFragment, whole, fragment(i, i, frame))
		s.Add(&e)
	}
	c := s.Choose(Options{AllLayers: true})
	if len(c.Interfaces) != maxPoints || len(c.Words) != 1 || !strings.HasPrefix(c.Words[0], "10 packets are left out") {
		t.Errorf("got %d interfaces, %q", len(c.Interfaces), c.Words)
	}
}
