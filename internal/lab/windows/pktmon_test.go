package windows

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// localOf are the addresses of the host that sent packets of frames.
func localOf(list []Frame) (local [][]byte) {
	for i := range list {
		if f := &list[i]; f.Out {
			from := f.IP()[12:16]
			if isV6(f.IP()) {
				from = f.IP()[8:24]
			}
			if !slices.ContainsFunc(local, func(a []byte) bool { return bytes.Equal(a, from) }) {
				local = append(local, slices.Clone(from))
			}
		}
	}
	return local
}

// mixed are frames of both versions of IP.
func mixed(t *testing.T, most int) ([]Frame, int64) {
	six, four := recording(t, "many-flows", most), recording(t, "v4-many-flows", most)
	shift := six[0].Stamp - four[0].Stamp
	all := slices.Clone(six)
	for _, p := range four {
		p.Stamp += shift
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b lab.Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	start := startOf(all)
	return apart(Frames(all, Clock{}, start)), start
}

// A packet that PktMon shows at three components leaves once, as its card saw it; with
// groups, and as Windows 11 24H2 writes them.
func TestPktMonAppearances(t *testing.T) {
	list, start := mixed(t, 200)
	for _, ungrouped := range []bool{false, true} {
		t.Run(fmt.Sprintf("ungrouped: %t", ungrouped), func(t *testing.T) {
			m := PktMon{Ungrouped: ungrouped}
			k := made{events: m.Components(start, localOf(list)...)}
			var every []packet
			for i := range list {
				for _, e := range m.Appearances(&list[i], i, i%6) {
					f := list[i]
					f.Time = e.Time
					every = append(every, of(&f, f.Data))
					if le.Uint16(e.Data[16:]) == PktMonCard {
						k.want = append(k.want, every[len(every)-1])
					}
					k.events = append(k.events, e)
				}
			}
			k.names = []string{"eth:10"}
			k.notes = []string{"packets of interface 4 were captured at 3 layers; taken: eth:10 (400)"}
			k.check(t, start, repair.Options{})
			k.want, k.names, k.notes = every, []string{"eth:10", "eth:12", "eth:14", "eth:15"}, nil
			k.check(t, start, repair.Options{AllLayers: true})
		})
	}
}

// What was dropped is on an interface of its own, once, and the report counts it.
func TestPktMonDrops(t *testing.T) {
	list, start := mixed(t, 100)
	var m PktMon
	k := made{events: m.Components(start)}
	drops := 0
	for i := range list {
		f := &list[i]
		if i%10 == 3 {
			drops++
			k.events = append(k.events, m.Dropped(f, i, i%4, 8)...)
			k.want = append(k.want, of(f, f.Data))
			continue
		}
		e := m.Appearances(f, i, i%4)
		card := slices.IndexFunc(e, func(e Event) bool { return le.Uint16(e.Data[16:]) == PktMonCard })
		at := *f
		at.Time = e[card].Time
		k.events, k.want = append(k.events, e...), append(k.want, of(&at, f.Data))
	}
	k.names = []string{"drop:12", "eth:10"}
	k.notes = []string{fmt.Sprintf("%d packets dropped by wfplwf.sys, WFP Native MAC Layer LightWeight Filter: Filtered", drops)}
	got := k.check(t, start, repair.Options{})
	for i, name := range got.names {
		told := slices.ContainsFunc(got.comments[i], func(c string) bool {
			return strings.Contains(c, "Drop: Filtered (DropReason=8 DropLocation=0xe0004001)")
		})
		if told != (name == "drop:12") {
			t.Errorf("packet %d of %s: got comments %q", i+1, name, got.comments[i])
		}
	}
}

// Data without headers come after headers of which addresses and protocol are right.
func TestPktMonData(t *testing.T) {
	list, start := mixed(t, 300)
	list = slices.DeleteFunc(list, func(f Frame) bool { _, ok := transport(f.IP()); return !ok })
	var m PktMon
	var events []Event
	for i := range list {
		events = append(events, m.Headless(&list[i], i, i%4, i%5 == 0))
	}
	data, _ := write(t, Log{Processors: 4, Start: start}, events)
	got := mend(t, put(t, "trace.etl", data), repair.Options{})
	if len(got.packets) != len(list) {
		t.Fatalf("got %d packets, want %d", len(got.packets), len(list))
	}
	udp := 0
	for i, p := range got.packets {
		ip, want := []byte(p.Data), list[i].IP()
		addresses, protocol, upper := []byte(nil), byte(0), 20
		if isV6(want) {
			addresses, protocol, upper = want[8:40], ip[6], 40
		} else {
			addresses, protocol = want[12:20], ip[9]
		}
		from, _ := transport(want)
		payload := ip[upper:]
		switch wanted := want[upperProtocol(want)]; wanted {
		case 17:
			udp++
			if protocol != 17 || !bytes.Equal(payload[:6], want[upper:upper+6]) {
				t.Fatalf("packet %d: got protocol %d and % x, want UDP with % x", i+1, protocol, payload[:6], want[upper:upper+6])
			}
			payload = payload[8:]
		case 6:
			if protocol != 253 {
				t.Fatalf("packet %d: got protocol %d, want 253: the numbers of TCP are not there", i+1, protocol)
			}
		}
		if !bytes.Equal(ip[upper-len(addresses):upper], addresses) || !bytes.Equal(payload, want[from:]) || p.Time != list[i].Time {
			t.Fatalf("packet %d: got %v, want that of % x", i+1, p, want[:60])
		}
		if made := strings.Join(got.comments[i], "; "); !strings.Contains(made, "made up") {
			t.Fatalf("packet %d: got comments %q, want what was made up", i+1, made)
		}
	}
	if udp < 20 {
		t.Errorf("%d datagrams: this tests nothing of UDP", udp)
	}
}

// upperProtocol is where an IP packet has its protocol or Next Header.
func upperProtocol(ip []byte) int {
	if isV6(ip) {
		return 6
	}
	return 9
}

// transport is where in a packet of UDP or TCP the payload begins, if it has neither
// options nor extension headers.
func transport(ip []byte) (payload int, ok bool) {
	upper := 20
	if isV6(ip) {
		upper = 40
	} else if ip[0] != 0x45 || be.Uint16(ip[6:])&0x3FFF != 0 {
		return 0, false
	}
	switch ip[upperProtocol(ip)] {
	case 17:
		return upper + 8, true
	case 6:
		return upper + int(ip[upper+12]>>4)*4, true
	}
	return 0, false
}
