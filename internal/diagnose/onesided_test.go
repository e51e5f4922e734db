package diagnose

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// oneDirection is a connection of which only what the host sent was recorded;
// it acknowledges data that was never seen, with a hole and a retransmission of
// its own.
func oneDirection() (list []tcp.Segment) {
	steps := []step{open[0], open[2]}
	for i := range 30 {
		at := int64(50 + 10*i)
		steps = append(steps, step{at: at, dir: host, bits: ack, seq: 1, ack: 1 + 100*(i/3*3)})
	}
	steps = append(steps, data(400, host, 0, ""), data(700, host, 0, ""), data(710, host, 2, ""))
	return segments(steps)
}

func TestOneDirectionIsSaidOnce(t *testing.T) {
	var all []Finding
	d := New(func(f *Finding) { all = append(all, *f) })
	feed(d, oneDirection())
	d.Finish()
	if len(all) != 1 || all[0].Verdict != NotCaptured || all[0].Flag() != "" || all[0].Frame != 1 {
		t.Errorf("got %+v, want one finding of the whole connection", all)
	}
	for _, one := range d.Loss().Directions {
		if one.MissedBytes != 0 || one.NoEstimate == "" {
			t.Errorf("%s: got %+v, want no estimate", one.Direction, one)
		}
		if want := int64(0); one.Direction == "in" && one.OneSided != 1 || one.Direction == "out" && one.OneSided != want {
			t.Errorf("%s: got %d one-sided connections", one.Direction, one.OneSided)
		}
	}
}

// TestUnansweredIsNotOneSided: a SYN that nobody answers shows no packets that
// the capture lacks, nor does one of which the other direction comes late.
func TestUnansweredIsNotOneSided(t *testing.T) {
	syns := segments([]step{open[0], {at: 1000, dir: host, bits: tcp.SYN}, {at: 3000, dir: host, bits: tcp.SYN}})
	said, all := verdicts(syns)
	if len(all) != 2 || len(said[2]) != 1 || said[2][0] != "retransmission="+string(report.Undecided) {
		t.Errorf("a SYN that nobody answers: got %v, want the two retransmissions undecided", said)
	}
	late := append(oneDirection(), segments(append(append([]step{}, open...), acks(800, peer, 3)))[3])
	late[len(late)-1].Frame = 99
	if said, all = verdicts(late); len(all) < 10 {
		t.Errorf("the other direction comes late: got %d findings, want those that were held back", len(all))
	}
	if len(said[99]) > 1 {
		t.Errorf("the first packet of the other direction: got %v", said[99])
	}
}
