package etw

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
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
		// The type is what the component says; what the bytes show is tested elsewhere, and so
		// is the filter, which no packet has.
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
}

func TestDump(t *testing.T) {
	for _, name := range []string{"windows/pktmon-19042.etl", "pktmon.etl", "windows/ndis-vsod32-1.etl", "windows/ndis-fasod2-1903.etl", "windows/ndis-gpod4.etl"} {
		events := sampleEvents(t, name)
		packets, c, s := read(t, events, Options{})
		t.Log(name, len(packets), s.Packets())
		for _, n := range lines(c.Interfaces) {
			t.Log("  +", n)
		}
		for _, n := range lines(c.Left) {
			t.Log("  -", n)
		}
		for _, n := range c.Words {
			t.Log("  ", n)
		}
		f := s.Facts()
		for _, a := range f.Addresses {
			t.Log("  ", a)
		}
		for _, a := range f.Counters {
			if a.Packets != 0 || a.Logged != 0 {
				t.Log("  ", a)
			}
		}
		t.Log(s.Providers(), f.Malformed, f.Incomplete)
	}
}
