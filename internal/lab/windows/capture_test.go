package windows

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/capture/netmon"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/repair"
)

// clockOf is the clock of a version: microseconds before 2.3, and then 100 ns.
func clockOf(minor int) Clock {
	if minor < 3 {
		return Clock{Frequency: 1_000_000}
	}
	return Clock{}
}

// captured are frames as Network Monitor records them; it tells no direction.
func captured(list []Frame) (cap []CaptureFrame, want []packet) {
	for i := range list {
		f := &list[i]
		c := CaptureFrame{Time: f.Time, Media: MediaEthernet, Process: -1, Data: f.Data}
		if i%10 == 3 {
			c.Title = fmt.Sprintf("frame %d", i+1)
			c.Description = "of the lab"
		}
		cap = append(cap, c)
		want = append(want, packet{f.Time, 0, string(f.Data), len(f.Data)})
	}
	return cap, want
}

// Captures of all versions give the packets that were recorded, wherever they lie in the
// file, with the comments and the programs that they are of.
func TestCapturesOfNetworkMonitor(t *testing.T) {
	for minor := range 4 {
		for _, backward := range []bool{false, true} {
			t.Run(fmt.Sprintf("2.%d, backward %t", minor, backward), func(t *testing.T) {
				list, start := frames(t, "v4-lossy", 400, clockOf(minor))
				recorded, want := captured(list)
				c := Capture{Minor: minor, Start: start, Zone: 330 * time.Minute, Frames: recorded, Backward: backward, HeaderLen: 72 + 56*(minor%2),
					Processes: []Process{{PID: 4711, Path: `C:\lab.exe`, Local: endpoint("192.0.2.1:80"), Remote: endpoint("192.0.2.2:81")}}}
				for i := range c.Frames {
					if i%2 == 0 {
						c.Frames[i].Process = 0
					}
				}
				o := repair.Options{CaptureZone: 330 * time.Minute}
				file, _ := c.Bytes()
				m := mend(t, put(t, "file.cap", file), o)
				m.want(t, want)
				if minor >= 2 {
					wantProcesses(t, file, c.Processes)
				}
				if got, want := m.report.Capture.Format, fmt.Sprintf("netmon 2.%d", minor); got != want {
					t.Errorf("got format %q, want %q", got, want)
				}
				for i := range list {
					told := slices.Contains(m.comments[i], `PID=4711 C:\lab.exe`)
					titled := slices.Contains(m.comments[i], fmt.Sprintf("frame %d", i+1)) && slices.Contains(m.comments[i], "of the lab")
					if told != (minor >= 2 && i%2 == 0) || titled != (minor >= 2 && i%10 == 3) {
						t.Fatalf("packet %d: got comments %q", i+1, m.comments[i])
					}
				}
			})
		}
	}
}

// Frames of media types that are no packets, known and unknown ones, are counted by
// type, and the packets between them stay what they were.
func TestOtherMediaTypesAreCounted(t *testing.T) {
	list, start := frames(t, "v4-lossy", 400, clockOf(3))
	recorded, want := captured(list)
	others := map[uint16]int{4: 3, 0xE082: 2, 0xFFFD: 4, 0xD001: 1} // ATM, Fiddler, network information, none that is known
	var all []CaptureFrame
	for i := range recorded {
		for media, n := range others {
			if i < n {
				all = append(all, CaptureFrame{Time: recorded[i].Time, Media: media, Process: -1, Data: make([]byte, 60)})
			}
		}
		all = append(all, recorded[i])
	}
	file, _ := Capture{Minor: 3, Start: start, Frames: all}.Bytes()
	m := mend(t, put(t, "file.cap", file), repair.Options{})
	m.want(t, want)
	for media, n := range others {
		words := fmt.Sprintf("%d frames of media type 0x%04X: no packets", n, media)
		if n == 1 {
			words = fmt.Sprintf("1 frame of media type 0x%04X: no packets", media)
		}
		m.said(t, words)
	}
}

// wantProcesses compares the process table of a file.
func wantProcesses(t *testing.T, file []byte, want []Process) {
	t.Helper()
	f, err := netmon.Open(bytes.NewReader(file), int64(len(file)), netmon.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []Process
	for _, p := range f.Processes {
		got = append(got, Process(p))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got processes %v, want %v", got, want)
	}
}

// What the lab writes is what Wireshark reads.
func TestCapturesInTshark(t *testing.T) {
	tshark.Need(t)
	t.Setenv("TZ", "UTC")
	for minor := range 4 {
		list, start := frames(t, "v4-lossy", 100, clockOf(minor))
		recorded, _ := captured(list)
		file, _ := Capture{Minor: minor, Start: start, Frames: recorded, Backward: minor%2 == 1}.Bytes()
		rows := tshark.Rows(t, put(t, "file.cap", file), []string{"frame.time_epoch", "frame.cap_len", "eth.type", "netmon_header.title_comment"})
		if len(rows) != len(list) {
			t.Errorf("2.%d: got %d frames, want %d", minor, len(rows), len(list))
			continue
		}
		for i, row := range rows {
			ns := (list[i].Time - epoch) * 100
			want := []string{fmt.Sprintf("%d.%09d", ns/1e9, ns%1e9), fmt.Sprint(len(list[i].Data)), fmt.Sprintf("0x%04x", etherType(list[i].IP())), ""}
			if minor >= 2 {
				want[3] = recorded[i].Title
			}
			if !slices.Equal(row, want) {
				t.Fatalf("2.%d, frame %d: got %q, want %q", minor, i+1, row, want)
			}
		}
	}
}

// A packet that is there as a frame and as an event leaves once, with the frame's number;
// events alone leave as those of a trace do.
func TestEventsInCaptures(t *testing.T) {
	list, start := frames(t, "lossy", 300, Clock{})
	var c Capture
	c.Minor, c.Start = 3, start
	var want []packet
	var numbers []int64
	for i := range list {
		f := &list[i]
		e := NDIS{Miniport: 4, Lower: 4, PID: 4, TID: 904}.Whole(f, i, i%4)
		event := CaptureFrame{Time: f.Time, Media: MediaEvent, Process: -1, Data: EventFrame(&e, i%3)}
		frame := CaptureFrame{Time: f.Time, Media: MediaEthernet, Process: -1, Data: f.Data}
		p := of(f, f.Data)
		numbers = append(numbers, int64(len(c.Frames)+1))
		switch i % 4 {
		case 0:
			c.Frames = append(c.Frames, event)
		case 1:
			c.Frames, p.Way = append(c.Frames, frame), 0
		case 2:
			c.Frames, p.Way = append(c.Frames, frame, event), 0
		case 3:
			c.Frames = append(c.Frames, event, frame)
		}
		want = append(want, p)
	}
	file, _ := c.Bytes()
	path := put(t, "file.cap", file)
	m := mend(t, path, repair.Options{})
	m.want(t, want)
	explained, err := repair.Explain(t.Context(), path, numbers, repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range explained.Frames {
		if e.Frame != numbers[i] || e.FrameAfter != int64(i+1) {
			t.Fatalf("packet %d: got frame %d, %d after, want %d, %d", i+1, e.Frame, e.FrameAfter, numbers[i], i+1)
		}
	}
}

// Frames of the Windows Filtering Platform are as its events are.
func TestWFPInCaptures(t *testing.T) {
	list, start := mixed(t, 200)
	list = plain(list)
	c := Capture{Minor: 3, Start: start}
	for i := range list {
		media, flow := uint16(MediaWFP4), i%2 == 0
		if isV6(list[i].IP()) {
			media++
		}
		if flow {
			media += 2
		}
		_, data := WFP{Flow: flow}.UserData(&list[i])
		c.Frames = append(c.Frames, CaptureFrame{Time: list[i].Time, Media: media, Process: -1, Data: data})
	}
	file, _ := c.Bytes()
	m := mend(t, put(t, "file.cap", file), repair.Options{})
	for i := range m.packets { // a frame tells no direction
		if m.packets[i].Way != 0 {
			t.Fatalf("packet %d: got way %d, want none", i+1, m.packets[i].Way)
		}
		m.packets[i].Way = of(&list[i], nil).Way
	}
	m.wantTransport(t, list)
}

// A process table makes the destinations of packets provable that have none.
func TestProcessTableAsTables(t *testing.T) {
	truth := lab.Delivered(recording(t, "lossy", 2000))
	sent := outbound(truth)
	start := startOf(truth)
	c := Capture{Minor: 2, Start: start}
	for _, p := range sent {
		c.Frames = append(c.Frames, CaptureFrame{Time: FileTime(p.Stamp) / 10 * 10, Media: MediaRaw, Process: -1, Data: lab.AppendStub(nil, p.Data)})
	}
	without, _ := c.Bytes()
	if got := mend(t, put(t, "file.cap", without), repair.Options{}).report.Inference.Destination; got.Proved > 5 {
		t.Errorf("without the table: got %d destinations proved of %d, want none of TCP's", got.Proved, len(sent))
	}
	for _, pair := range connections(truth) {
		c.Processes = append(c.Processes, Process{PID: 9, Path: `C:\lab.exe`, Local: pair[0], Remote: pair[1]})
	}
	with, _ := c.Bytes()
	m := mend(t, put(t, "file.cap", with), repair.Options{})
	m.wantDestinations(t, sent)
	if got := m.report.Inference.Destination; got.Proved != int64(len(sent)) {
		t.Errorf("got %d destinations proved, want %d", got.Proved, len(sent))
	}
}

// The frames of a process tell by which protocol its connection is: the table doesn't.
func TestFramesTellTheProtocolOfProcesses(t *testing.T) {
	start := int64(epoch + 1e9*10_000)
	over := func(protocol byte, from, to []byte) []byte {
		frame := segment(start, true, ack, 1, 1, 1, 0)
		ip := frame.IP()
		ip[9] = protocol
		copy(ip[12:], from)
		copy(ip[16:], to)
		return frame.Data
	}
	local, remote := netip.AddrFrom4([4]byte(ends[0])), netip.AddrFrom4([4]byte(ends[1]))
	other := []byte{203, 0, 113, 9}
	for _, test := range []struct {
		name     string
		frames   [][]byte
		tcp, udp int
	}{
		{"none", nil, 1, 1},
		{"TCP", [][]byte{over(6, ends[0], ends[1]), over(6, ends[1], ends[0])}, 1, 0},
		{"UDP", [][]byte{over(17, ends[1], ends[0])}, 0, 1},
		{"both", [][]byte{over(17, ends[1], ends[0]), over(6, ends[1], ends[0])}, 1, 1},
		{"of another connection", [][]byte{over(17, other, ends[0])}, 1, 1},
	} {
		c := Capture{Minor: 3, Start: start, Processes: []Process{{PID: 9, Path: "lab.exe", Local: netip.AddrPortFrom(local, 40000), Remote: netip.AddrPortFrom(remote, 443)}}}
		for _, frame := range test.frames {
			c.Frames = append(c.Frames, CaptureFrame{Time: start, Media: 1, Process: 0, Data: frame})
		}
		file, _ := c.Bytes()
		s, _, err := tables.Load(t.Context(), put(t, "file.cap", file))
		if err != nil {
			t.Fatal(err)
		}
		if tcp, udp := len(s.TCPConnections), len(s.UDPEndpoints); tcp != test.tcp || udp != test.udp {
			t.Errorf("frames of %s: got %d rows of TCP and %d of UDP, want %d and %d", test.name, tcp, udp, test.tcp, test.udp)
		}
	}
}

// Stamps before version 2.3 are local times: UTC is assumed and said, or what is stated,
// and never what the machine has.
func TestZones(t *testing.T) {
	defer func(l *time.Location) { time.Local = l }(time.Local)
	for minor := range 4 {
		list, start := frames(t, "v4-lossy", 100, clockOf(minor))
		recorded, want := captured(list)
		file, _ := Capture{Minor: minor, Start: start, Zone: -7 * time.Hour, Frames: recorded}.Bytes()
		path := put(t, "file.cap", file)
		var files []string
		for _, local := range []*time.Location{time.UTC, time.FixedZone("far east", 14*3600), time.FixedZone("west", -9*3600-1800)} {
			time.Local = local
			t.Setenv("TZ", "Asia/Tokyo")
			m := mend(t, path, repair.Options{CaptureZone: -7 * time.Hour})
			m.want(t, want)
			assumed := mend(t, path, repair.Options{})
			files = append(files, string(assumed.file))
			if assumed.file != nil && files[0] != string(assumed.file) {
				t.Errorf("2.%d: another file in the zone %v", minor, local)
			}
			shift := int64(0)
			if minor < 3 {
				shift = -7 * 3600 * second
				assumed.said(t, "UTC is assumed (--capture-zone)")
			} else if slices.ContainsFunc(assumed.report.Notes, func(n string) bool { return strings.Contains(n, "capture-zone") }) {
				t.Errorf("2.3: notes %q speak of a zone, which the file states", assumed.report.Notes)
			}
			for i := range want {
				if got, want := assumed.packets[i].Time, want[i].Time+shift; got != want {
					t.Fatalf("2.%d, packet %d: got time %d, want %d", minor, i+1, got, want)
				}
			}
		}
	}
}
