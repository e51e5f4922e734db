package windows

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// recording is the beginning of a recording as it was on the wire.
func recording(t testing.TB, name string, most int) []lab.Packet {
	t.Helper()
	r, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", name+".pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return r.Packets[:min(len(r.Packets), most)]
}

// startOf is when a log of packets was begun, a whole millisecond.
func startOf(packets []lab.Packet) int64 {
	const millisecond = 10_000
	t := FileTime(packets[0].Stamp)
	return t - t%millisecond
}

// frames are those of the beginning of a recording, by a clock.
func frames(t testing.TB, name string, most int, c Clock) (list []Frame, start int64) {
	packets := recording(t, name, most)
	start = startOf(packets)
	return Frames(packets, c, start), start
}

// memory is a file.
type memory []byte

func (m *memory) WriteAt(b []byte, at int64) (int, error) {
	if missing := int(at) + len(b) - len(*m); missing > 0 {
		*m = append(*m, make([]byte, missing)...)
	}
	return copy((*m)[at:], b), nil
}

// write writes a log of events, which it sorts by time.
func write(t testing.TB, l Log, events []Event) ([]byte, []Stored) {
	t.Helper()
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	var m memory
	w := NewLogWriter(&m, l)
	for i := range sorted {
		w.Add(&sorted[i])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return m, w.Buffers()
}

// whole are the events of frames that are whole, spread over processors.
func whole(list []Frame, processors int) []Event {
	spread, layer := NewSpread(processors, 7), NDIS{Miniport: 4, Lower: 4, PID: 4, TID: 904}
	var events []Event
	for i := range list {
		layer.GFT = i%2 == 0
		e := layer.Whole(&list[i], i, spread.Next())
		e.Narrow = i%7 == 3 // of a program with 32 bits
		events = append(events, e)
	}
	return events
}

// packet is one as it leaves.
type packet struct {
	Time     int64 // FILETIME
	Way      uint32
	Data     string
	Original int
}

func (p packet) String() string {
	return fmt.Sprintf("%d, way %d, %d bytes of %d %s", p.Time, p.Way, len(p.Data), p.Original, hex.EncodeToString([]byte(p.Data[:min(len(p.Data), 60)])))
}

// of is the packet that a frame is to leave as, or with other data.
func of(f *Frame, data []byte) packet {
	way := uint32(lab.Inbound)
	if f.Out {
		way = lab.Outbound
	}
	return packet{f.Time, way, string(data), len(data)}
}

// all are the packets of frames.
func all(list []Frame) (packets []packet) {
	for i := range list {
		packets = append(packets, of(&list[i], list[i].Data))
	}
	return packets
}

// put writes a file.
func put(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mended is what a repair gives.
type mended struct {
	file     []byte
	packets  []packet
	comments [][]string // of each packet
	names    []string   // of the interfaces of each packet
	report   report.Report
}

// mend repairs a file.
func mend(t testing.TB, path string, o repair.Options) (m mended) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.pcapng")
	var err error
	if m.report, err = repair.File(context.Background(), path, out, o); err != nil {
		t.Fatalf("repair %s: %v", filepath.Base(path), err)
	}
	if m.file, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	m.read(t)
	return m
}

// read reads the packets of the file.
func (m *mended) read(t testing.TB) {
	t.Helper()
	err := lab.EachPacket(bytes.NewReader(m.file), func(b *capture.Block) error {
		flags, _ := b.Flags()
		m.packets = append(m.packets, packet{epoch + b.Interface.Nanos(b.Ticks)/100, flags & 3, string(b.Data), int(b.OrigLen)})
		m.comments = append(m.comments, slices.Clone(b.Comments()))
		m.names = append(m.names, b.Interface.Name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// want compares packets, and wants that none moved.
func (m *mended) want(t testing.TB, packets []packet) {
	t.Helper()
	compare(t, m.packets, packets)
	if m.report.Order.Moved != 0 {
		t.Errorf("got %d packets moved by %v, want none", m.report.Order.Moved, m.report.Order.ByLaw)
	}
	if len(m.report.Damage) > 0 {
		t.Errorf("got damage %v, want none", m.report.Damage)
	}
}

func compare(t testing.TB, got, want []packet) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d packets, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("packet %d: got %v, want %v", i+1, got[i], want[i])
		}
	}
}

// notes joins the report's.
func (m *mended) said(t testing.TB, words string) {
	t.Helper()
	if !slices.ContainsFunc(m.report.Notes, func(n string) bool { return bytes.Contains([]byte(n), []byte(words)) }) {
		t.Errorf("notes %q: got none with %q", m.report.Notes, words)
	}
}

// endpoint reads an address and a port.
func endpoint(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }
