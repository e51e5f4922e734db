package lab

import (
	"testing"
)

func TestRecordingsLoad(t *testing.T) {
	for name, want := range map[string]int{"clean": 3740, "offload": 2105, "v4-many-flows": 3119} {
		rec := recording(t, name)
		if rec.Name != name || len(rec.Packets) != want {
			t.Errorf("got %s with %d packets, want %s with %d", rec.Name, len(rec.Packets), name, want)
		}
		out, last := 0, int64(0)
		for i, p := range rec.Packets {
			if _, ok := parseIP(p.Data); !ok {
				t.Fatalf("%s, packet %d: no IP packet", name, i+1)
			}
			if p.Stamp < last {
				t.Fatalf("%s, packet %d: the stamp falls", name, i+1)
			}
			last = p.Stamp
			if p.Out {
				out++
			}
		}
		if out < want/5 || out > want*4/5 {
			t.Errorf("%s: %d of %d packets are outbound, want some in both directions", name, out, want)
		}
	}
}

func TestMergeLetsRecordingsStartTogether(t *testing.T) {
	a := []Packet{{Stamp: 100, Data: []byte{1}}, {Stamp: 300, Data: []byte{2}}}
	b := []Packet{{Stamp: 5000, Data: []byte{3}}, {Stamp: 5100, Data: []byte{4}}}
	got := Merge(a, nil, b)
	for i, want := range []Packet{{Index: 0, Stamp: 100, Data: []byte{1}}, {Index: 1, Stamp: 100, Data: []byte{3}},
		{Index: 2, Stamp: 200, Data: []byte{4}}, {Index: 3, Stamp: 300, Data: []byte{2}}} {
		if got[i].Index != want.Index || got[i].Stamp != want.Stamp || got[i].Data[0] != want.Data[0] {
			t.Errorf("packet %d: got %v, want %v", i, got[i], want)
		}
	}
	if len(Merge()) != 0 {
		t.Error("nothing merged is not nothing")
	}
}

func TestParseIPSurvivesCutPackets(t *testing.T) {
	for _, name := range []string{"offload", "many-flows"} {
		for i, p := range recording(t, name).Packets {
			if i%20 != 0 {
				continue
			}
			for n := range min(len(p.Data), 90) {
				cut := p.Data[:n]
				if h, ok := parseIP(cut); ok && h.upper > n {
					t.Fatalf("%s, packet %d cut to %d bytes: upper layer at %d", name, i+1, n, h.upper)
				}
				FlowOf(cut)
			}
		}
	}
}

func TestFindHostByTheAddressOfMostPackets(t *testing.T) {
	packet := func(src, dst byte) Packet {
		data := make([]byte, 20)
		data[0], data[3], data[9], data[15], data[19] = 0x45, 20, protoTCP, src, dst
		return Packet{Data: data}
	}
	packets := []Packet{packet(2, 1), packet(1, 2), packet(1, 3), packet(3, 1), {Data: []byte{1}}}
	FindHost(packets)
	for i, want := range []bool{false, true, true, false, false} {
		if packets[i].Out != want {
			t.Errorf("packet %d: got out %v, want %v", i, packets[i].Out, want)
		}
	}
}
