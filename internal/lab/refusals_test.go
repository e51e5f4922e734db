package lab

import "testing"

// The made-up recording is one as a recorder would have made it: in the order of
// time, with right checksums, and events that name the packets that were lost.
func TestRefusals(t *testing.T) {
	r := Refusals()
	syns, refused := 0, 0
	for i, p := range r.Packets {
		if right, ok := verified(p.Data); !right || !ok {
			t.Errorf("packet %d: got a wrong checksum", i+1)
		}
		if p.Index != i || i > 0 && p.Stamp < r.Packets[i-1].Stamp {
			t.Errorf("packet %d: got index %d and a time before that of the last one", i+1, p.Index)
		}
		switch p.Data[33] {
		case 0x02:
			syns++
		case 0x14:
			refused++
		}
	}
	if syns != 360 || refused+len(r.Events) != 360-30 {
		t.Errorf("got %d SYNs, %d refused and %d lost, want 360, of which 30 are answered otherwise", syns, refused, len(r.Events))
	}
	for _, e := range r.Events {
		if p := r.Packets[e.Frame-1]; p.Data[33] != 0x02 || !p.Out {
			t.Errorf("event of frame %d: got another packet than a SYN", e.Frame)
		}
	}
}
