package pipeline_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/pipeline"
	"github.com/mendcap/mendcap/report"
)

// block is a pcapng block of a type with a body of whole words.
func block(kind uint32, body ...[]byte) []byte {
	var b []byte
	for _, part := range body {
		b = append(b, part...)
	}
	le, n := binary.LittleEndian, uint32(12+len(b))
	return le.AppendUint32(append(le.AppendUint32(le.AppendUint32(nil, kind), n), b...), n)
}

func words(list ...uint32) (b []byte) {
	for _, w := range list {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

// count is an option of eight bytes.
func count(code uint16, n uint64) []byte {
	b := binary.LittleEndian.AppendUint16(nil, code)
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint16(b, 8), n)
}

// TestDeclaredDrops reads the counts of two interfaces in two sections; of the
// statistics the last ones hold, those of packets add up.
func TestDeclaredDrops(t *testing.T) {
	section := block(0x0A0D0D0A, words(0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF))
	iface := block(1, words(101, 0))
	packet := func(dropped uint64) []byte {
		return block(6, words(0, 0, 1000, 4, 4, 0xFFFFFF45), count(4, dropped), words(0))
	}
	statistics := func(ifDrop, osDrop uint64) []byte {
		return block(5, words(0, 0, 2000), count(5, ifDrop), count(7, osDrop), words(0))
	}
	file := bytes.Join([][]byte{
		section, iface, packet(2), packet(0), packet(5), statistics(1, 4), statistics(3, 9),
		section, iface, packet(0), block(5, words(0, 0, 3000), count(5, 11), words(0)), block(5, words(7, 0, 0), count(5, 1), words(0)),
	}, nil)
	in := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(in, file, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := pipeline.File(context.Background(), in, "", pipeline.Options{})
	if err != nil || len(r.Damage) > 0 {
		t.Fatalf("got %v, %v", err, r.Damage)
	}
	want := []report.DropCount{
		{Interface: 0, Source: "isb_ifdrop", Packets: 3}, {Interface: 0, Source: "isb_osdrop", Packets: 9},
		{Interface: 0, Source: "epb_dropcount", Packets: 7}, {Interface: 1, Source: "isb_ifdrop", Packets: 11},
	}
	if diff := cmp.Diff(want, r.CaptureLoss.DropCounts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestOnlyOneDirection hides all that the host received, as a firewall does:
// one finding a connection, no drops, no estimate.
func TestOnlyOneDirection(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "testdata", "recordings", "lossy.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	var sent []lab.Packet
	flows := map[lab.Flow]bool{}
	for _, p := range lab.Delivered(recording.Packets) {
		if p.Out {
			sent = append(sent, p)
			flows[lab.FlowOf(p.Data)] = flows[lab.FlowOf(p.Data)] || p.Data[6] == 6 // TCP
		}
	}
	maps.DeleteFunc(flows, func(_ lab.Flow, tcp bool) bool { return !tcp })
	var file bytes.Buffer
	if err := lab.WriteForm(&file, sent, lab.WithHeaders, lab.Pcapng); err != nil {
		t.Fatal(err)
	}
	in := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(in, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := pipeline.File(context.Background(), in, "", pipeline.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[report.Verdict]int64{report.NotCaptured: int64(len(flows))}, r.Findings.ByVerdict); diff != "" {
		t.Errorf("findings of %d connections (-want +got):\n%s", len(flows), diff)
	}
	for _, d := range r.CaptureLoss.Directions {
		if d.MissedBytes > 0 || d.NoEstimate == "" {
			t.Errorf("%s: got %+v, want no estimate", d.Direction, d)
		}
	}
}
