package windows

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/repair"
)

// made is a test of a kind of event: the events of frames, and what they are to become.
type made struct {
	events []Event
	want   []packet
	names  []string // of the interfaces, all that there are
	notes  []string
}

// check writes the events into traces with several processors, compressed and not, and
// wants what they are to become.
func (k *made) check(t *testing.T, start int64, o repair.Options) (m mended) {
	t.Helper()
	for _, packed := range []bool{false, true} {
		data, _ := write(t, Log{Processors: 16, BufferSize: 16 << 10, Compressed: packed, Start: start, Items: 2, Others: 5}, k.events)
		m = mend(t, put(t, "trace.etl", data), o)
		m.want(t, k.want)
		names := slices.Compact(slices.Sorted(slices.Values(m.names)))
		if !slices.Equal(names, k.names) {
			t.Errorf("got interfaces %q, want %q", names, k.names)
		}
		for _, words := range k.notes {
			m.said(t, words)
		}
		if t.Failed() {
			t.Fatalf("compressed: %t", packed)
		}
	}
	return m
}

// Until Windows 8 a packet could be several events. Those of packets that were written at
// the same time lie between each other: what belongs together has one miniport, thread
// and processor.
func TestFragmentsOfWindows7(t *testing.T) {
	list, start := frames(t, "lossy", 600, Clock{})
	var k made
	for i := range list {
		f := &list[i]
		// Five packets are always under way; of eight keys, two each differ by the thread
		// alone, the processor alone and the miniport alone.
		n, key := NDIS{Miniport: 4, Lower: 4, PID: 4, TID: 904}, i%8
		processor := 2 * (key / 4)
		switch key % 4 {
		case 1:
			n.TID = 1200
		case 2:
			processor++
		case 3:
			n.Miniport, n.Lower = 5, 5
		}
		first := list[max(0, i-5)].Time
		k.events = append(k.events, n.Pieces(f, i, processor, 1+i%4, first)...)
		k.want = append(k.want, of(f, f.Data))
	}
	k.names = []string{"eth:4:0", "eth:5:0"}
	k.check(t, start, repair.Options{})
}

// A packet of which a piece is missing is left out, and the report says so.
func TestMissingFragments(t *testing.T) {
	list, start := frames(t, "lossy", 200, Clock{})
	var k made
	for i := range list {
		f, n := &list[i], NDIS{Miniport: 4, Lower: 4, PID: 4, TID: uint32(i)}
		pieces := n.Pieces(f, i, 0, 3, f.Time)
		switch i % 50 {
		case 20: // the start
			pieces = pieces[1:]
		case 30: // the end
			pieces = pieces[:2]
		default:
			k.want = append(k.want, of(f, f.Data))
		}
		k.events = append(k.events, pieces...)
	}
	k.names = []string{"eth:4:0"}
	k.notes = []string{"8 packets of several events lack one, and are left out"}
	k.check(t, start, repair.Options{})
}

// A packet that was cut says how long it was, and its payload is not called damaged.
func TestTruncatedPackets(t *testing.T) {
	list, start := frames(t, "v4-lossy", 300, Clock{})
	var k made
	for i := range list {
		f, length := &list[i], min(len(list[i].Data), 96)
		k.events = append(k.events, NDIS{Miniport: 4, Lower: 4}.Cut(f, i, i%3, length))
		p := of(f, f.Data[:length])
		p.Original = len(f.Data)
		k.want = append(k.want, p)
	}
	k.names = []string{"eth:4:0"}
	k.check(t, start, repair.Options{})
}

// Frames of 802.11 were recorded after decryption: the Protected bit goes, and the
// comment says what the card told.
func TestWirelessFrames(t *testing.T) {
	list, start := frames(t, "many-flows", 300, Clock{})
	var k made
	for i := range list {
		f := &list[i]
		k.events = append(k.events, NDIS{Miniport: 9, Lower: 9, PID: 4, TID: 60}.Wireless(f, i, i%4)...)
		k.want = append(k.want, of(f, Wireless(f.IP(), f.Out, false)))
	}
	k.names = []string{"wifi:9"}
	m := k.check(t, start, repair.Options{})
	for i := range list {
		told := slices.ContainsFunc(m.comments[i], func(c string) bool {
			return strings.HasPrefix(c, "PID=4 TID=60 Packet Metadata: ReceiveFlags:0x0, PhyType:802.11n, CenterCh:5180, NumMPDUsReceived:1, RSSI:-52, DataRate:108")
		})
		if told == list[i].Out {
			t.Fatalf("packet %d, sent %t: got comments %q", i+1, list[i].Out, m.comments[i])
		}
	}
}

// Packets of a mobile network have no link layer.
func TestRawPackets(t *testing.T) {
	list, start := frames(t, "lossy", 300, Clock{})
	var k made
	for i := range list {
		k.events = append(k.events, NDIS{Miniport: 30, Lower: 30}.Raw(&list[i], i, i%4))
		k.want = append(k.want, of(&list[i], list[i].IP()))
	}
	k.names = []string{"mbb:30"}
	k.check(t, start, repair.Options{})
}

// layered records each frame at the miniport and at two filters above it, 100 ns apart.
func layered(list []Frame) (k made) {
	for i := range list {
		f := list[i]
		lowers := []uint32{4, 13, 14}
		if f.Out {
			slices.Reverse(lowers)
		}
		for j, lower := range lowers {
			at := f
			at.Time += int64(j)
			k.events = append(k.events, NDIS{Miniport: 4, Lower: lower, PID: 4, TID: 904}.Whole(&at, i, i%5))
			if lower == 4 {
				k.want = append(k.want, of(&at, f.Data))
			}
		}
	}
	k.names = []string{"eth:4:0"}
	k.notes = []string{"packets of interface 4 were captured at 3 layers; taken: eth:4:0 (300)"}
	return k
}

// apart puts frames at least a microsecond apart, for several layers to fit between two.
func apart(list []Frame) []Frame {
	for i := 1; i < len(list); i++ {
		list[i].Time = max(list[i].Time, list[i-1].Time+10)
	}
	return list
}

// Of several filter layers one is taken, or all that there are.
func TestFilterLayers(t *testing.T) {
	list, start := frames(t, "v4-lossy", 300, Clock{})
	k := layered(apart(list))
	one := k.check(t, start, repair.Options{})
	k.want, k.notes = nil, nil
	for i := range k.events {
		f := list[k.events[i].Packet]
		f.Time = k.events[i].Time
		k.want = append(k.want, of(&f, f.Data))
	}
	k.names = []string{"eth:13:0", "eth:14:0", "eth:4:0"}
	every := k.check(t, start, repair.Options{AllLayers: true})
	if len(every.packets) != 3*len(one.packets) {
		t.Errorf("got %d packets of all layers, want 3 times %d", len(every.packets), len(one.packets))
	}
}

// A VM switch tells ports and VLANs apart; what leaves it at several ports was seen as it
// came in.
func TestSwitch(t *testing.T) {
	list, start := frames(t, "lossy", 300, Clock{})
	for _, narrow := range []bool{false, true} {
		t.Run(fmt.Sprintf("pointers of 32 bits: %t", narrow), func(t *testing.T) {
			var k made
			for i := range list {
				f := &list[i]
				n := NDIS{Miniport: 20, Lower: 20, PID: 4, TID: 5}
				k.events = append(k.events, n.Switch(f, i, i%4, uint32(1+i%2), uint16(100+i%2), i%2, narrow))
				k.want = append(k.want, of(f, f.Data))
			}
			k.names = []string{"vNIC:Synthetic:port-guid:20:100", "vNIC:Synthetic:port-guid:20:101"}
			k.checkSwitch(t, start)
		})
	}
}

// checkSwitch wants all packets of all layers: those that come in and those that leave
// are of two.
func (k *made) checkSwitch(t *testing.T, start int64) {
	t.Helper()
	m := k.check(t, start, repair.Options{AllLayers: true})
	for i, comments := range m.comments {
		want := fmt.Sprintf("PID=4 TID=5 VlanId=%d SrcPortId=%d SrcNicType=Synthetic SrcNicName=Network Adapter SrcPortName=port-guid", 100+i%2, 1+i%2)
		if !slices.ContainsFunc(comments, func(c string) bool { return strings.HasPrefix(c, want) && strings.HasSuffix(c, "HashValue=cafef00d") }) {
			t.Fatalf("packet %d: got comments %q, want %q", i+1, comments, want)
		}
	}
}

// Frames of a tunnel that ends at the host.
func TestTunnels(t *testing.T) {
	list, start := frames(t, "v4-lossy", 300, Clock{})
	var k made
	for i := range list {
		k.events = append(k.events, Ras(&list[i], i, i%4))
		k.want = append(k.want, of(&list[i], list[i].Data))
	}
	k.names = []string{`Rras:0:{00000000-0000-0000-0000-000000000000}:LAB\user`}
	k.check(t, start, repair.Options{})
}
