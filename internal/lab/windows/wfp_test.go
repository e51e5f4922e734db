package windows

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// plain are frames whose packets have neither options nor extension headers: the Windows
// Filtering Platform shows nothing of these.
func plain(list []Frame) []Frame {
	return slices.DeleteFunc(list, func(f Frame) bool { _, ok := transport(f.IP()); return !ok || len(f.Data) > 1500 })
}

// wantTransport compares packets whose IP header was made up: addresses, protocol, length
// and all above are those of the frames.
func (m *mended) wantTransport(t *testing.T, list []Frame) {
	t.Helper()
	if len(m.packets) != len(list) {
		t.Fatalf("got %d packets, want %d", len(m.packets), len(list))
	}
	for i := range list {
		p, f := &m.packets[i], &list[i]
		got, want := []byte(p.Data), f.IP()
		upper, addresses := 20, 12
		if isV6(want) {
			upper, addresses = 40, 8
		}
		if len(got) != len(want) || got[0]>>4 != want[0]>>4 || got[upperProtocol(want)] != want[upperProtocol(want)] ||
			!bytes.Equal(got[addresses:upper], want[addresses:upper]) || !bytes.Equal(got[upper:], want[upper:]) {
			t.Fatalf("packet %d: got % x, want % x", i+1, got[:min(len(got), 70)], want[:min(len(want), 70)])
		}
		if w := of(f, nil); p.Time != w.Time || p.Way != w.Way {
			t.Fatalf("packet %d: got time %d and way %d, want %d and %d", i+1, p.Time, p.Way, w.Time, w.Way)
		}
		if !slices.ContainsFunc(m.comments[i], func(c string) bool { return strings.Contains(c, "made up") }) {
			t.Fatalf("packet %d: got comments %q, want what was made up", i+1, m.comments[i])
		}
	}
}

// Packets of the Windows Filtering Platform come after IP headers that state what the
// event did; with the flow's id or without, and in pieces that lie between each other.
func TestWFPPackets(t *testing.T) {
	list, start := mixed(t, 250)
	list = plain(list)
	for name, event := range map[string]func(f *Frame, i int) []Event{
		"packets":   func(f *Frame, i int) []Event { return []Event{WFP{}.Message(f, i, i%4)} },
		"of a flow": func(f *Frame, i int) []Event { return []Event{WFP{Flow: true}.Message(f, i, i%4)} },
		"in pieces": func(f *Frame, i int) []Event {
			return WFP{Flow: i%2 == 0}.Pieces(f, i, i%4, 1+i%4, uint32(i), list[max(0, i-3)].Time)
		},
	} {
		t.Run(name, func(t *testing.T) {
			var events []Event
			for i := range list {
				events = append(events, event(&list[i], i)...)
			}
			data, _ := write(t, Log{Processors: 4, Start: start, BufferSize: 16 << 10, Compressed: true}, events)
			m := mend(t, put(t, "trace.etl", data), repair.Options{})
			m.wantTransport(t, list)
			if m.names[0] != "wfp" || m.report.Order.Moved != 0 {
				t.Errorf("got interface %q and %d packets moved, want wfp and none", m.names[0], m.report.Order.Moved)
			}
		})
	}
}

// A packet between two sockets of the host is shown when it is sent and when it is
// received: it leaves once, and of all layers twice.
func TestWFPLoopback(t *testing.T) {
	list, start := frames(t, "v4-loopback", 400, Clock{})
	list = apart(plain(list))
	var events []Event
	for i := range list {
		sent, received := list[i], list[i]
		sent.Out, received.Out = true, false
		received.Time += 3
		list[i].Out = true
		events = append(events, WFP{}.Message(&sent, i, 0), WFP{}.Message(&received, i, 1))
	}
	if len(list) < 100 {
		t.Fatalf("%d packets: this tests nothing", len(list))
	}
	data, _ := write(t, Log{Processors: 2, Start: start}, events)
	path := put(t, "trace.etl", data)
	m := mend(t, path, repair.Options{})
	m.wantTransport(t, list)
	every := mend(t, path, repair.Options{AllLayers: true})
	if got, want := len(every.packets), 2*len(list); got != want {
		t.Errorf("all layers: got %d packets, want %d", got, want)
	}
}

// What the platform discarded is counted in the report.
func TestWFPDiscards(t *testing.T) {
	list, start := frames(t, "v4-lossy", 50, Clock{})
	events := whole(list, 1)
	for i := range 3 {
		events = append(events, WFP{}.Discard(list[i].Time))
	}
	data, _ := write(t, Log{Start: start}, events)
	m := mend(t, put(t, "trace.etl", data), repair.Options{})
	m.want(t, all(list))
	m.said(t, "3 packets discarded by the Windows Filtering Platform: module 1, reason 12")
}

// connections are those of TCP of packets: the host's end and the other.
func connections(packets []lab.Packet) (list [][2]netip.AddrPort) {
	for _, p := range packets {
		h := p.Data
		if !isV6(h) || h[6] != 6 {
			continue
		}
		from := netip.AddrPortFrom(netip.AddrFrom16([16]byte(h[8:24])), be.Uint16(h[40:]))
		to := netip.AddrPortFrom(netip.AddrFrom16([16]byte(h[24:40])), be.Uint16(h[42:]))
		if !p.Out {
			from, to = to, from
		}
		if pair := [2]netip.AddrPort{from, to}; !slices.Contains(list, pair) {
			list = append(list, pair)
		}
	}
	return list
}

// headless is a raw-socket capture of packets, IPv6 after stub headers.
func headless(t *testing.T, packets []lab.Packet) string {
	t.Helper()
	var b bytes.Buffer
	if err := lab.WriteForm(&b, packets, lab.Stub, lab.Pcapng); err != nil {
		t.Fatal(err)
	}
	return put(t, "raw.pcapng", b.Bytes())
}

// outbound are the packets that the host sent: nothing else tells where they went.
func outbound(packets []lab.Packet) []lab.Packet {
	return slices.DeleteFunc(slices.Clone(packets), func(p lab.Packet) bool { return !p.Out })
}

// wantDestinations compares IP headers with the truth, and wants all of them proved.
func (m *mended) wantDestinations(t *testing.T, truth []lab.Packet) {
	t.Helper()
	if len(m.packets) != len(truth) {
		t.Fatalf("got %d packets, want %d", len(m.packets), len(truth))
	}
	for i := range truth {
		got, want := m.packets[i].Data, string(truth[i].Data)
		if got[24:40] != want[24:40] || got[6] != want[6] {
			t.Fatalf("packet %d: got destination % x and Next Header %d, want % x and %d", i+1, got[24:40], got[6], want[24:40], want[6])
		}
	}
}

// Connections that the platform authorised make the destinations of a raw-socket capture
// provable, which they are not without.
func TestWFPConnectionsAsTables(t *testing.T) {
	truth := lab.Delivered(recording(t, "lossy", 2000))
	list, start := frames(t, "lossy", 1, Clock{})
	var events []Event
	for i, c := range connections(truth) {
		events = append(events, WFP{}.Connection(list[0].Time, c[0], c[1], 6, i%2 == 1, 4711, `\device\harddiskvolume1\lab.exe`))
	}
	data, _ := write(t, Log{Start: start}, events)
	sent := outbound(truth)
	raw, trace := headless(t, sent), put(t, "trace.etl", data)
	without := mend(t, raw, repair.Options{}).report.Inference.Destination
	if without.Proved > 5 { // neighbor discovery, which states its own
		t.Errorf("without tables: got %d destinations proved of %d, want none of TCP's", without.Proved, len(sent))
	}
	with := mend(t, raw, repair.Options{Tables: []string{trace}})
	with.wantDestinations(t, sent)
	if got := with.report.Inference.Destination; got.Proved != int64(len(sent)) {
		t.Errorf("got %d destinations proved, want %d", got.Proved, len(sent))
	}
	// The trace has as many rows as the capture as it has as its tables.
	got, want := mend(t, trace, repair.Options{}).report.Tables, with.report.Tables
	if len(got) != 1 || len(want) != 1 || want[0].Rows == 0 || got[0].Rows != want[0].Rows || got[0].Addresses != want[0].Addresses {
		t.Errorf("as the capture: got %+v, want as of tables: %+v", got, want)
	}
}
