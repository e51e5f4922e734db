package lab

import (
	"path/filepath"
	"testing"
)

// TestEventsAreOfTheirPackets: what an event says of a packet is what is in
// the frame that it names.
func TestEventsAreOfTheirPackets(t *testing.T) {
	for _, name := range []string{"heavy", "v4-lossy", "many-flows"} {
		path := filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz")
		events, err := LoadEvents(path)
		if err != nil {
			t.Fatal(err)
		}
		recording, err := Load(path)
		if err != nil {
			t.Fatal(err)
		}
		frames := map[int]*Packet{}
		for i := range recording.Packets {
			frames[recording.Packets[i].Index+1] = &recording.Packets[i]
		}
		held := 0
		for _, e := range events {
			if e.Inbound && e.Lost() || !e.TCP {
				continue
			}
			p := frames[e.Frame]
			if p == nil {
				t.Errorf("%s: no frame %d", name, e.Frame)
				continue
			}
			held++
			flow, from := flowFrom(p.Data)
			if want := (Flow{e.From, e.To, protoTCP}); from != e.From || flow != want && flow != (Flow{e.To, e.From, protoTCP}) || p.Out == e.Inbound {
				t.Errorf("%s, frame %d: got a packet from %v of %v, want %v > %v", name, e.Frame, from, flow, e.From, e.To)
			}
		}
		if held == 0 {
			t.Errorf("%s: no event was held against its packet", name)
		}
	}
}

func TestBadEventsAreRefused(t *testing.T) {
	for _, line := range []string{
		"", "1\tin\tlost", "x\tin\tlost\t?", "1\tin\tlost\t1.2.3.4.x > 1.2.3.4.5 seq 1 ack 2 len 3",
		"1\tin\tlost\t1.2.3.4.5 > nowhere seq 1 ack 2 len 3", "1\tin\tlost\t1.2.3.4.5 > 1.2.3.4.6 seq -1 ack 2 len 3",
	} {
		if e, err := parseEvent(line); err == nil {
			t.Errorf("%q: got %+v, want an error", line, e)
		}
	}
}
