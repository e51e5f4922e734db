package netmon

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/capture/etw"
	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// TestProcessesOfASample has its truth from the bytes of the file: 42 ff fe a9 is
// 169.254.255.66 the other way round, be ce is port 52926 and bb 01 443.
func TestProcessesOfASample(t *testing.T) {
	f, all, s := readAll(t, sample(t, "iphttps.cap"), Options{})
	undamaged(t, s)
	local := netip.MustParseAddr("169.254.255.66")
	remote := netip.MustParseAddr("169.254.100.98")
	want := []Process{
		{968, `C:\Windows\system32\svchost.exe`, netip.AddrPortFrom(local, 52926), netip.AddrPortFrom(remote, 443)},
		{4, "System", netip.AddrPortFrom(local, 137), netip.AddrPortFrom(netip.IPv4Unspecified(), 0)},
		{4, "System", netip.AddrPortFrom(local, 52917), netip.AddrPortFrom(remote, 445)},
	}
	if !slices.Equal(f.Processes, want) {
		t.Errorf("got %+v, want %+v", f.Processes, want)
	}
	// What frames of a process carry agrees with its ports.
	counts := map[int]int{}
	for i := range all {
		fr := &all[i]
		counts[fr.Process]++
		if fr.Process < 0 {
			continue
		}
		p := fr.Data[14:]
		if p[0] != 0x45 || p[9] != 6 && p[9] != 17 {
			t.Errorf("frame %d of process %d: not of UDP or TCP over IPv4: % x", fr.Number, fr.Process, p[:20])
			continue
		}
		if ports := []uint16{be.Uint16(p[20:]), be.Uint16(p[22:])}; !slices.Contains(ports, want[fr.Process].Local.Port()) {
			t.Errorf("frame %d of process %d: ports %d", fr.Number, fr.Process, ports)
		}
	}
	if counts[0] == 0 {
		t.Errorf("no frame is of process 0: %v", counts)
	}
	if f.Start != fileTime(time.Date(2010, 2, 10, 2, 36, 14, 591_000_000, time.UTC))+3583 || !f.ZoneStated {
		t.Errorf("got start %d", f.Start)
	}
}

// TestAdaptersOfASample has its truth from tshark -V.
func TestAdaptersOfASample(t *testing.T) {
	_, all, _ := readAll(t, sample(t, "iphttps.cap"), Options{})
	if computer, _, ok := all[0].Adapters(); ok || computer != "" {
		t.Error("a frame of another media type has adapters")
	}
	_, got, ok := all[1].Adapters()
	want := []Adapter{{
		Name: "Local Area Connection", Description: "Broadcom NetXtreme 57xx Gigabit Controller", GUID: "{333D2FB0-07CF-4871-A2E5-0940B63CBE5F}",
		Media: 6, Speed: 1e9, MAC: [6]byte{0, 0x12, 0x3f, 0x97, 0x92, 1},
		IPv4: []netip.Prefix{netip.MustParsePrefix("169.254.255.66/16")},
		IPv6: []netip.Addr{netip.MustParseAddr("fe80::9c09:b416:768:ff42")},
		DNS:  []netip.Addr{netip.MustParseAddr("fec0:0:0:ffff::1"), netip.MustParseAddr("fec0:0:0:ffff::2"), netip.MustParseAddr("fec0:0:0:ffff::3")},
	}}
	if !ok || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v, %v\nwant %v", got, ok, want)
	}
	for n := range all[1].Data { // cut anywhere, it gives no more than was there
		fr := Frame{Media: MediaNetworkInfoEx, Data: all[1].Data[:n]}
		if _, some, ok := fr.Adapters(); ok || len(some) > 0 {
			t.Fatalf("cut to %d bytes: got %v, %v", n, some, ok)
		}
	}
}

// eventFrame is an event as a frame, with one extended item.
func eventFrame(flags uint16, together byte, data string) []byte {
	p := make([]byte, eventFixed)
	copy(p[4:], put(nil, flags))
	copy(p[8:], put(put(nil, uint32(11)), uint32(22)))
	copy(p[16:], put(nil, uint64(fileTime(begun))))
	copy(p[24:], "0123456789abcdef")
	copy(p[40:], put(nil, uint16(1001)))
	copy(p[42:], []byte{1, 2, 3, 4})
	copy(p[46:], put(put(nil, uint16(5)), uint64(1<<63|6)))
	copy(p[80:], []byte{3, 1})
	copy(p[84:], put(put(nil, uint16(1)), uint16(4)))
	p[88] = together
	p = append(p, 0, 0, 1, 0, 0, 0, 3, 0, 'x', 'x', 'x')
	return append(p, data...)
}

func TestEvents(t *testing.T) {
	want := etw.Event{Provider: etw.GUID([]byte("0123456789abcdef")), ID: 1001, Version: 1, Channel: 2, Level: 3, Opcode: 4, Task: 5, Keyword: 1<<63 | 6,
		TID: 11, PID: 22, CPU: 3, Time: fileTime(begun), Offset: 99}
	for _, c := range []struct {
		flags    uint16
		together byte
		data     string
		want     string
		change   func(e *etw.Event)
	}{
		{0x40, 0, "data", "data", func(e *etw.Event) {}},
		{0x40, 0, "data and more", "data", func(e *etw.Event) {}},
		{0x40, 1, "data and more", "data and more", func(e *etw.Event) {}},
		{0x20, 0, "data", "data", func(e *etw.Event) { e.Narrow = true }},
		{0x100, 0, "data", "data", func(e *etw.Event) { e.Classic = true }},
		{0x200, 0, "data", "data", func(e *etw.Event) { e.CPU = 0x103 }},
	} {
		fr := Frame{Media: MediaEvent, Offset: 99, Data: eventFrame(c.flags, c.together, c.data)}
		var got etw.Event
		w := want
		c.change(&w)
		w.Data = []byte(c.want)
		if ok := fr.Event(&got); !ok || fmt.Sprint(got) != fmt.Sprint(w) {
			t.Errorf("flags %#x: got  %+v, %v\nwant %+v", c.flags, got, ok, w)
		}
		if fr.Media = MediaEthernet; fr.Event(&got) {
			t.Error("a frame of another media type is an event")
		}
	}
	whole := eventFrame(0x40, 0, "data")
	for n := range whole {
		fr := Frame{Media: MediaEvent, Data: whole[:n]}
		if fr.Event(new(etw.Event)) {
			t.Fatalf("an event of %d bytes is read from %d", len(whole), n)
		}
	}
}

func TestEventsAsTshark(t *testing.T) {
	notShort(t)
	number := func(cell string) int64 {
		n, err := strconv.ParseInt(cell, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	compared := 0
	for _, path := range samples(t) {
		fields := []string{"frame.number", "netmon_event.provider_id", "netmon_event.event_desc.id", "netmon_event.thread_id", "netmon_event.process_id",
			"netmon_event.processor_number", "netmon_event.event_desc.opcode", "netmon_event.user_data_length", "netmon_event.event_desc.keyword"}
		_, all, s := readAll(t, sample(t, filepath.Base(path)), Options{})
		if s.Media()[MediaEvent] == 0 {
			continue // as tshark says of the whole file elsewhere
		}
		rows := tshark.Rows(t, path, fields, "-Y", "netmon_event")
		for i := range all {
			var e etw.Event
			if !all[i].Event(&e) {
				continue
			}
			if len(rows) == 0 {
				t.Fatalf("%s, frame %d: tshark has no more events", filepath.Base(path), all[i].Number)
			}
			w := rows[0]
			rows = rows[1:]
			if all[i].Number != number(w[0]) || !strings.EqualFold(e.Provider.String(), w[1]) || int64(e.ID) != number(w[2]) || int64(e.TID) != number(w[3]) ||
				int64(e.PID) != number(w[4]) || int64(e.CPU) != number(w[5]) || int64(e.Opcode) != number(w[6]) || int64(len(e.Data)) != number(w[7]) || fmt.Sprintf("0x%016x", e.Keyword) != w[8] {
				t.Errorf("%s, frame %d: got %+v, want %q", filepath.Base(path), all[i].Number, e, w)
			}
			compared++
			if off := e.Time - all[i].Time; off < -10_000 || off > 10_000 {
				t.Errorf("frame %d: the event's time differs by %d from the frame's", all[i].Number, off)
			}
		}
		if len(rows) > 0 {
			t.Errorf("%s: %d events are missing", filepath.Base(path), len(rows))
		}
	}
	t.Logf("%d events are tshark's", compared)
}

func TestDescriptionsOfSamplesAreText(t *testing.T) {
	comments := 0
	for _, path := range samples(t) {
		_, all, _ := readAll(t, sample(t, filepath.Base(path)), Options{})
		for i := range all {
			for _, c := range all[i].Comments {
				comments++
				if c.Title == "" || c.Description == "" || c.Cut || strings.ContainsAny(c.Description, "\\{}\r\x00\uFFFD") {
					t.Errorf("%s, frame %d: %q, %q", filepath.Base(path), all[i].Number, c.Title, c.Description)
				}
			}
		}
	}
	if comments != 88 {
		t.Errorf("got %d comments, want 88", comments)
	}
	_, all, _ := readAll(t, sample(t, "netmon-adod13.cap"), Options{})
	want := "Step\t\t1\nType\t\tDomain Client sends SRV Query request\nRoles\t\tDomain Client -> Domain Controller\nFrame\t\t2\nMessage ID\t[RFC2782]: DNS SRV Query"
	if got := all[1].Comments[0].Description; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestZones(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for minor := range 4 {
		p, _ := ordered(minor, 2).file()
		for zone, hours := range map[*time.Location]int64{nil: 0, time.UTC: 0, time.FixedZone("", -5*3600): 5, berlin: -2} {
			f, all, _ := readAll(t, p, Options{Zone: zone})
			start, exact := fileTime(begun.Truncate(time.Millisecond))+hours*3600*perSecond, int64(0)
			if minor == 3 {
				start = fileTime(begun)
			}
			if f.Start != start+exact || all[1].Time != start+15_000 {
				t.Errorf("2.%d, %v: got start %d, frame %d, want %d", minor, zone, f.Start, all[1].Time, start)
			}
		}
	}
}

func TestMetadataOf80211(t *testing.T) {
	for length, want := range map[uint16]int{0: -1, 2: -1, 3: 3, 32: 32, 50: 50, 51: -1, 65535: -1} {
		p := make([]byte, 50)
		copy(p[1:], put(nil, length))
		m := ordered(3, 3)
		m.frames[1].data, m.frames[1].media = p, MediaWiFi
		file, _ := m.file()
		_, all, s := readAll(t, file, Options{})
		fr := &all[1]
		if fr.HasLinkType != (want >= 0) || want >= 0 && len(fr.Metadata) != want || hex.EncodeToString(append(fr.Metadata, fr.Data...)) != hex.EncodeToString(p) {
			t.Errorf("length %d: got %d bytes before %d, link type %v", length, len(fr.Metadata), len(fr.Data), fr.HasLinkType)
		}
		if (s.Damages().Total > 0) != (want < 0) {
			t.Errorf("length %d: got damage %+v", length, s.Damages())
		}
	}
}
