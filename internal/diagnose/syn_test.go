package diagnose

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// A sender's first SYN that was recorded after its data, and after the ACK for that, was
// not sent again: nothing of it was there before, however old its number is.
func TestSYNRecordedLate(t *testing.T) {
	var found []Finding
	d := New(func(f *Finding) { found = append(found, *f) })
	for i, s := range []tcp.Segment{
		{Bits: tcp.ACK, Seq: 1001, Ack: 5001, Len: 100, Outbound: tcp.Out},
		{Bits: tcp.ACK, Dir: 1, Seq: 5001, Ack: 1101, Outbound: tcp.In},
		{Bits: tcp.SYN, Seq: 1000, Outbound: tcp.Out},
	} {
		p := Packet{Frame: int64(i + 1), FrameAfter: int64(i + 1), Time: int64(i) * 1e6, Segment: &s}
		if s.Bits == tcp.SYN {
			p.Before, p.After, p.Left = tcp.Retransmission, tcp.Retransmission, true
		}
		d.Add(&p)
	}
	d.Finish()
	if len(found) != 1 || found[0].Frame != 3 || found[0].Verdict != Undecided {
		t.Fatalf("got %d findings, want one of frame 3, undecided: %v", len(found), found)
	}
}
