package etw

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// read makes both passes over events and gives copies of the packets.
func read(t testing.TB, events []Event, opts Options) ([]Packet, *Choice, *Survey) {
	t.Helper()
	s := NewSurvey()
	for i := range events {
		s.Add(&events[i])
	}
	c := s.Choose(opts)
	var packets []Packet
	for r, i := NewPackets(c), 0; i < len(events); i++ {
		p, err := r.Read(&events[i])
		if err != nil {
			t.Fatal(err)
		}
		if p != nil {
			packets = append(packets, clonePacket(p))
		}
	}
	counted := make([]int64, len(c.Interfaces))
	for _, p := range packets {
		counted[p.Interface]++
	}
	for i, n := range counted {
		if n != c.Interfaces[i].Packets {
			t.Errorf("%s: got %d packets, the first pass counted %d", c.Interfaces[i].Name, n, c.Interfaces[i].Packets)
		}
	}
	return packets, c, s
}

func clonePacket(p *Packet) Packet {
	q := *p
	q.Data, q.Comment, q.Made = slices.Clone(p.Data), slices.Clone(p.Comment), slices.Clone(p.Made)
	return q
}

// unixEpoch is 1970 as a FILETIME.
const unixEpoch = 116444736000000000

func lines(list []Interface) (s []string) {
	for _, i := range list {
		s = append(s, fmt.Sprintf("%s|%s|%d|%d", i.Name, i.Description, i.LinkType, i.Packets))
	}
	return s
}

// What pktmon wrote as text of the same trace: all appearances in its order.
func TestPktMonText(t *testing.T) {
	events := sampleEvents(t, "windows/pktmon-19042.etl")
	packets, choice, _ := read(t, events, Options{AllLayers: true})
	f, err := os.Open(filepath.Join(os.Getenv("MENDCAP_SAMPLES"), "captures/windows/pktmon-19042.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text := bufio.NewScanner(f)
	n := 0
	for text.Scan() {
		if strings.HasPrefix(text.Text(), "#") {
			continue
		}
		if n == len(packets) {
			t.Fatalf("packets: got %d, want more", n)
		}
		p, want := packets[n], text.Text()
		n++
		way := map[Direction]string{In: "Rx", Out: "Tx"}[p.Direction]
		// The text is in local time, which the log says is 330 minutes east.
		stamp := time.Unix(0, 0).UTC().Add(time.Duration(p.Time-unixEpoch) * 100).Add(330 * time.Minute).Format("2006-01-02 15:04:05.000000000")
		cells := strings.Split(want, "\t")
		// The type is what the component says; what the bytes show is tested elsewhere,
		// and so is the filter, which no packet has.
		got := fmt.Sprintf("%02d\t%s\t%d\t%d\t%d\t%s\t%s\t%d\t%d\t%s\t%d\t%d", p.CPU, stamp, p.Group, p.Part, p.Appearance,
			way, cells[6], p.at.component, p.at.edge, cells[9], p.Original, len(p.Data))
		if got != want {
			t.Fatalf("appearance %d:\ngot  %s\nwant %s", n, got, want)
		}
		if p.Number != int64(n) || p.Truncated != (p.Original > len(p.Data)) {
			t.Fatalf("appearance %d: number %d, truncated %v", n, p.Number, p.Truncated)
		}
		if name := choice.Interfaces[p.Interface].Name; !strings.HasSuffix(name, ":"+strconv.Itoa(int(p.at.component))) {
			t.Fatalf("appearance %d of component %d is at %s", n, p.at.component, name)
		}
	}
	if err := text.Err(); err != nil || n != 2705 || n != len(packets) {
		t.Errorf("appearances: got %d, text %d, want 2705 (%v)", len(packets), n, err)
	}
	// The samples' README counts 683 that are cut, and 138 of IPv6 where the component says
	// Ethernet. That is 23 packets at six edges; seven others have them as Wi-Fi, of which one is
	// Ethernet in truth.
	cut, v6 := 0, 0
	for _, p := range packets {
		if p.Truncated {
			cut++
		}
		if _, version, ok := ipAt(choice.Interfaces[p.Interface].LinkType, p.Data); ok && version == 6 {
			v6++
		}
	}
	if cut != 683 || v6 != 23*(6+7) {
		t.Errorf("got %d cut packets and %d of IPv6, want 683 and 299", cut, v6)
	}
}

// By default each packet is there once. What is right of a Wi-Fi interface is what the IP
// protocols saw, as 802.11 can't be analysed; of others it is the miniport.
func TestPktMonDefault(t *testing.T) {
	events := sampleEvents(t, "windows/pktmon-19042.etl")
	packets, choice, s := read(t, events, Options{})
	want := []string{
		"eth:13|vmnetadapter.sys, VMware Virtual Ethernet Adapter for VMnet8, edge 1 (Upper)|1|12",
		"eth:15|tap0901.sys, TAP-Windows Adapter V9, edge 1 (Upper)|1|87",
		"eth:84|tcpip.sys, TCPIP, edge 1 (Lower)|1|138",
		"eth:85|tcpip.sys, TCPIP6, edge 1 (Lower)|1|23",
	}
	if got := lines(choice.Interfaces); !slices.Equal(got, want) {
		t.Errorf("interfaces: got %q, want %q", got, want)
	}
	onceEach(t, packets, 260)
	all, _, _ := read(t, events, Options{AllLayers: true})
	sameAppearances(t, packets, all)
	for _, c := range s.Facts().Counters {
		if int64(c.Packets) != c.Logged {
			t.Errorf("component %d, edge %d, direction %d: %d packets counted by PktMon, %d in the trace", c.Component, c.Edge, c.Direction, c.Packets, c.Logged)
		}
	}
	local := s.Facts().Addresses
	wifi := LocalAddress{16, "Realtek RTL8723BE 802.11 bgn Wi-Fi Adapter", netip.MustParseAddr("192.168.0.111")}
	if !slices.Contains(local, wifi) || len(local) != 16 {
		t.Errorf("local addresses: got %v, want 16 with %v", local, wifi)
	}
}

// onceEach holds packets to a number, and to no two appearances of one packet.
func onceEach(t *testing.T, packets []Packet, want int) {
	t.Helper()
	if len(packets) != want {
		t.Errorf("packets: got %d, want %d", len(packets), want)
	}
	type id struct {
		group uint64
		part  uint16
	}
	first := make(map[id]int64)
	for _, p := range packets {
		if n := first[id{p.Group, p.Part}]; n != 0 {
			t.Errorf("packet %d of group %d is there twice, as %d and %d", p.Part, p.Group, n, p.Number)
		}
		first[id{p.Group, p.Part}] = p.Number
	}
}

// sameAppearances holds what was chosen to what all layers have by the same numbers.
func sameAppearances(t *testing.T, chosen, all []Packet) {
	t.Helper()
	for _, p := range chosen {
		q := all[p.Number-1]
		if q.Number != p.Number || q.Time != p.Time || q.at != p.at || !bytes.Equal(p.Data, q.Data) || !bytes.Equal(p.Comment, q.Comment) {
			t.Errorf("packet %d is not that of all layers", p.Number)
		}
	}
}

// Windows 11 24H2 gives each appearance a group of its own and doesn't count them.
func TestPktMonWithoutGroups(t *testing.T) {
	events := sampleEvents(t, "windows/pktmon-19042.etl")
	want, _, _ := read(t, events, Options{})
	for i := range events {
		if e := &events[i]; e.ID == pktmonPacket {
			e.Data = slices.Clone(e.Data)
			binary.LittleEndian.PutUint64(e.Data, uint64(i)<<16)
			binary.LittleEndian.PutUint16(e.Data[8:], 1)
			binary.LittleEndian.PutUint16(e.Data[10:], 0)
		}
	}
	got, _, _ := read(t, events, Options{})
	onceEach(t, got, 260)
	same := func(a, b Packet) bool { return a.Number == b.Number && a.at == b.at && bytes.Equal(a.Data, b.Data) }
	if !slices.EqualFunc(got, want, same) {
		t.Error("without groups other packets were chosen")
	}
}

// A circular log may have lost the events about components, which are written last.
func TestPktMonWithoutComponents(t *testing.T) {
	events := sampleEvents(t, "windows/pktmon-19042.etl")
	events = slices.DeleteFunc(events, func(e Event) bool { return e.ID != pktmonPacket })
	packets, choice, _ := read(t, events, Options{})
	onceEach(t, packets, 260)
	for _, i := range choice.Interfaces {
		if i.LinkType != LinkEthernet {
			t.Errorf("%s has link type %d though the same packets are there as Ethernet", i.Name, i.LinkType)
		}
	}
}

// What Windows' own converter made of a trace.
func TestPktMonConverted(t *testing.T) {
	events := sampleEvents(t, "pktmon.etl")
	all, _, _ := read(t, events, Options{AllLayers: true})
	file, err := os.ReadFile(filepath.Join(os.Getenv("MENDCAP_SAMPLES"), "captures/pktmon-converted.pcapng"))
	if err != nil {
		t.Fatal(err)
	}
	want := readPcapng(file)
	if len(all) != 114 || len(want) != 114 {
		t.Fatalf("packets: got %d, converted %d, want 114", len(all), len(want))
	}
	for i, p := range all {
		micros := (p.Time - unixEpoch) / 10
		if !bytes.Equal(p.Data, want[i].data) || micros < want[i].stamp-1 || micros > want[i].stamp+1 {
			t.Errorf("packet %d: got %d %x, want %d %x", i+1, micros, p.Data, want[i].stamp, want[i].data)
		}
	}
	packets, choice, _ := read(t, events, Options{})
	onceEach(t, packets, 38)
	sameAppearances(t, packets, all)
	want1 := []string{"eth:59|netvsc.sys, Microsoft Hyper-V Network Adapter #3, edge 1 (Upper)|1|38"}
	if got := lines(choice.Interfaces); !slices.Equal(got, want1) {
		t.Errorf("interfaces: got %q, want %q", got, want1)
	}
}

// Frames above Npcap's filter are Ethernet though the component says Wi-Fi.
func TestPktMonTypeByContent(t *testing.T) {
	all, choice, _ := read(t, sampleEvents(t, "windows/pktmon-19042.etl"), Options{AllLayers: true})
	counts := make(map[string]int)
	for _, p := range all {
		link := choice.Interfaces[p.Interface].LinkType
		counts[fmt.Sprintf("%d edge %d link %d", p.at.component, p.at.edge, link)]++
		start, version, ok := ipAt(link, p.Data)
		if !ok && !(link == LinkEthernet && p.Data[12] == 8 && p.Data[13] == 6) {
			snap, _ := snapAt(p.Data)
			if link != LinkIEEE80211 || snap == 0 || p.Data[snap+6] != 8 || p.Data[snap+7] != 6 {
				t.Errorf("packet %d shows neither IP nor ARP as link type %d: %x", p.Number, link, p.Data)
			}
			continue
		}
		if ok && start+ipLength(version, p.Data[start:]) > p.Original {
			t.Errorf("packet %d of %d bytes states more", p.Number, p.Original)
		}
		if link == LinkIEEE80211 && p.Data[1]&protectedFrame != 0 {
			t.Errorf("packet %d is marked as encrypted", p.Number)
		}
	}
	for key, want := range map[string]int{"37 edge 1 link 1": 161, "37 edge 2 link 1": 161, "38 edge 1 link 1": 161, "38 edge 2 link 105": 161, "11 edge 1 link 105": 161} {
		if counts[key] != want {
			t.Errorf("component %s: got %d packets, want %d", key, counts[key], want)
		}
	}
}

// The .cap of the same capture, as tshark reads it.
func TestNDISCaptures(t *testing.T) {
	for _, test := range []struct {
		name    string
		packets int
		early   int64 // how much earlier a stamp may be, 100 ns: the clock ticks coarsely
	}{{"ndis-ccrod1", 184, 0}, {"ndis-wmod2", 209, 0}, {"ndis-wsusod6", 1421, 4}} {
		t.Run(test.name, func(t *testing.T) {
			got, _, _ := read(t, sampleEvents(t, "windows/"+test.name+".etl"), Options{})
			want := tsharkFrames(t, "windows/"+test.name+".cap")
			if len(got) != test.packets || len(want) != test.packets {
				t.Fatalf("packets: got %d, tshark %d, want %d", len(got), len(want), test.packets)
			}
			for i, p := range got {
				late := want[i].stamp - p.Time
				if !bytes.Equal(p.Data, want[i].data) || late < 0 || late > test.early || p.Number != int64(i)+1 {
					t.Errorf("packet %d (%d): got %d %x, want %d %x", i+1, p.Number, p.Time, p.Data, want[i].stamp, want[i].data)
				}
				if p.Original != want[i].length && p.Original <= len(p.Data) {
					t.Errorf("packet %d: got length %d, want %d", i+1, p.Original, want[i].length)
				}
			}
		})
	}
}

type frame struct {
	stamp  int64 // FILETIME
	length int
	data   []byte
}

// tsharkFrames has tshark read the frames with packets of a Network Monitor capture.
func tsharkFrames(t *testing.T, name string) (frames []frame) {
	t.Helper()
	tshark.Need(t)
	path := filepath.Join(os.Getenv("MENDCAP_SAMPLES"), "captures", name)
	out, err := exec.CommandContext(t.Context(), "tshark", "-r", path, "-T", "json", "-x", "-j", "frame").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Source struct {
			Layers struct {
				Raw   []any `json:"frame_raw"`
				Frame struct {
					Stamp  string `json:"frame.time_epoch"`
					Length string `json:"frame.len"`
					Encap  string `json:"frame.encap_type"`
				} `json:"frame"`
			} `json:"layers"`
		} `json:"_source"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	for _, l := range list {
		const netmonEvent = "187"
		if l.Source.Layers.Frame.Encap == netmonEvent {
			continue
		}
		data, err := hex.DecodeString(l.Source.Layers.Raw[0].(string))
		whole, part, _ := strings.Cut(l.Source.Layers.Frame.Stamp, ".")
		seconds, err1 := strconv.ParseInt(whole, 10, 64)
		ticks, err2 := strconv.ParseInt(part[:7], 10, 64)
		length, err3 := strconv.Atoi(l.Source.Layers.Frame.Length)
		if err := errors.Join(err, err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		frames = append(frames, frame{seconds*1e7 + ticks + unixEpoch, length, data})
	}
	return frames
}

// The counts are those of the samples' README.
func TestNDISLayers(t *testing.T) {
	for _, test := range []struct {
		name                    string
		events, switched, taken int
	}{{"ndis-gpod4", 1889, 0, 1889}, {"ndis-fasod2-1903", 599, 0, 599}, {"ndis-vsod32-1", 3271, 1635, 818}} {
		events := sampleEvents(t, "windows/"+test.name+".etl")
		all, choice, s := read(t, events, Options{AllLayers: true})
		switched := 0
		for i, p := range all {
			if p.at.layer == layerSwitch {
				switched++
			}
			// Each event is a packet, so its frame is found by hand: it is what the size
			// before it says, to the end but for 16 bytes or the out-of-band data.
			if d := events[i].Data; p.at.layer == layerNDIS && !bytes.Equal(p.Data, d[12:12+binary.LittleEndian.Uint32(d[8:])]) {
				t.Errorf("%s: packet %d has other bytes", test.name, p.Number)
			} else if !bytes.Contains(d, p.Data) || len(p.Data) < 42 {
				t.Errorf("%s: packet %d is none of the event", test.name, p.Number)
			}
			if _, _, ok := payloadAt(choice.Interfaces[p.Interface].LinkType, p.Data); !ok {
				t.Errorf("%s: packet %d is no frame: %x", test.name, p.Number, p.Data)
			}
		}
		taken, _, _ := read(t, events, Options{})
		sameAppearances(t, taken, all)
		if len(all) != test.events || switched != test.switched || len(taken) != test.taken || s.Facts().Malformed != 0 {
			t.Errorf("%s: got %d packets, %d of a VM switch, %d taken, %d malformed; want %d, %d, %d, 0", test.name,
				len(all), switched, len(taken), s.Facts().Malformed, test.events, test.switched, test.taken)
		}
	}
}

// What is left out of the VM switch's trace was there at the layer that is taken.
func TestNDISSamePackets(t *testing.T) {
	events := sampleEvents(t, "windows/ndis-vsod32-1.etl")
	all, _, _ := read(t, events, Options{AllLayers: true})
	taken, choice, _ := read(t, events, Options{})
	have := make(map[uint64]bool)
	for _, p := range taken {
		_, far := identify(LinkEthernet, p.Data)
		have[far] = true
	}
	// The last packet was on its way to there when the trace ended.
	for _, p := range all[:len(all)-1] {
		if _, far := identify(LinkEthernet, p.Data); !have[far] {
			t.Errorf("packet %d of %d is nowhere in what is taken: %x", p.Number, p.at.lower, p.Data[:min(len(p.Data), 60)])
		}
	}
	if len(choice.Words) != 2 {
		t.Errorf("what is left out is explained in %d lines, want 2: %q", len(choice.Words), choice.Words)
	}
}
