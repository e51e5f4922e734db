package pipeline

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/report"
)

// fault returns the path of a small input on which repairs have failed; the
// project must not hold it itself.
func fault(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skipf("MENDCAP_SAMPLES is not set: %s is not tested", name)
	}
	return filepath.Join(dir, "faults", name)
}

// tcp4 is an IPv4 packet with TCP, without checksums. The host is 192.0.2.1; a
// peer's number is in its address.
func tcp4(out bool, peer uint16, seq, ack uint32, bits byte, length int) []byte {
	host, other := []byte{192, 0, 2, 1}, []byte{198, 51, byte(peer >> 8), byte(peer)}
	ports := []byte{0xC3, 0x50, 0x01, 0xBB}
	ttl := byte(64)
	if !out {
		host, other, ttl = other, host, 57
		ports = []byte{0x01, 0xBB, 0xC3, 0x50}
	}
	b := []byte{0x45, 0, 0, byte(40 + length), 0, 0, 0x40, 0, ttl, 6, 0, 0}
	b = slices.Concat(b, host, other, ports)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 0x50, bits, 0x20, 0, 0, 0, 0, 0)
	return append(b, make([]byte, length)...)
}

// writePackets writes IP packets, a millisecond apart, and returns the file.
func writePackets(t *testing.T, packets [][]byte) string {
	t.Helper()
	list := make([]lab.Packet, len(packets))
	for i, data := range packets {
		list[i] = lab.Packet{Index: i, Stamp: 1_700_000_000e9 + int64(i)*1e6, Data: data}
	}
	var file bytes.Buffer
	if err := lab.WriteForm(&file, list, lab.WithHeaders, lab.Pcap); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "in.pcap")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// More connections than are followed at once, all begun before the capture but
// for the first, which comes back at the end: relative numbers are counted as
// Wireshark does, from the connection's own SYN or first packet, whatever id
// the flow was given.
func TestRelativeNumbersOfManyConnections(t *testing.T) {
	const connections = 20_000
	packets := [][]byte{tcp4(true, 0, 4_000_000_000, 0, 2, 0), tcp4(false, 0, 777, 4_000_000_001, 18, 0)}
	for n := range uint16(connections) {
		seq, ack := 1000*uint32(n)+7, 1+3_000_000*uint32(n)
		packets = append(packets, tcp4(true, n+1, seq, ack, 24, 10), tcp4(false, n+1, ack, seq+10, 24, 20))
	}
	packets = append(packets, tcp4(true, 0, 4_000_000_001, 778, 24, 5))
	last := int64(len(packets))
	frames := []int64{1, 3, 4, 20_003, 20_004, 39_001, 39_002, last - 2, last - 1, last}
	x, err := Explain(context.Background(), writePackets(t, packets), frames, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range x.Frames {
		want, ack := report.Range{Left: 1, Right: 11}, uint32(1)
		switch {
		case e.Frame == 1:
			want, ack = report.Range{Left: 0, Right: 1}, 0
		case e.Frame == last:
			want = report.Range{Left: 1, Right: 6}
		case e.Frame%2 == 0:
			want, ack = report.Range{Left: 1, Right: 21}, 11
		}
		if e.Frame != frames[i] || e.Segment == nil || e.Segment.Relative != want || e.Segment.RelativeAck != ack {
			t.Errorf("frame %d: got %+v, want relative numbers %v and ACK number %d", frames[i], e.Segment, want, ack)
		}
	}
}

// Of a connection with one direction every flag is named, and why it is not
// judged.
func TestExplainOneDirection(t *testing.T) {
	packets := [][]byte{tcp4(true, 1, 99, 0, 2, 0), tcp4(true, 1, 100, 1000, 16, 0)}
	for i := range uint32(10) {
		packets = append(packets, tcp4(true, 1, 100+50*i, 1000+200*i, 24, 50))
	}
	for range 12 {
		packets = append(packets, tcp4(true, 1, 550, 2800, 24, 50))
	}
	wantOneDirection(t, writePackets(t, packets), 13)
}

func TestExplainOneDirectionOfASample(t *testing.T) {
	wantOneDirection(t, fault(t, "X1-explain.pcap"), 28)
}

// wantOneDirection checks that a capture's only connection is said to lack a
// direction, with the flags that it has from the first flagged frame on.
func wantOneDirection(t *testing.T, in string, first int64) {
	t.Helper()
	r, err := File(context.Background(), in, filepath.Join(t.TempDir(), "out.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings.List) != 1 || r.Findings.List[0].Verdict != report.NotCaptured {
		t.Fatalf("findings: got %+v, want one, that a direction was not recorded", r.Findings.List)
	}
	flags, named := map[string]int64{}, r.Findings.List[0].Evidence
	for frame, e := range explainAll(t, in, r.Capture.Packets, Options{}) {
		for _, f := range e.Flags {
			if f.Flag == "" {
				continue
			}
			flags[f.Flag]++
			if f.Verdict != report.NotCaptured || !f.Before || !f.After || !strings.Contains(f.Evidence, "one direction") || frame < first {
				t.Errorf("frame %d: got %+v, want it not judged for lack of a direction", frame, f)
			}
			if !strings.Contains(named, f.Flag) {
				t.Errorf("the finding says %q, want %s named", named, f.Flag)
			}
		}
	}
	for name, n := range r.Analysis.Before {
		if flags[name] != n {
			t.Errorf("%s: got %d flags explained, want %d", name, flags[name], n)
		}
		if n == 0 && strings.Contains(named, name) {
			t.Errorf("the finding says %q, want no %s named", named, name)
		}
	}
	if len(flags) == 0 {
		t.Error("flags: got none, want some")
	}
}
