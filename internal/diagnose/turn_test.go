package diagnose

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// A sender that sends again does so in turn. What comes among that from far beyond, and
// had arrived, is the network's copy; a packet that only changed places with its
// neighbor is not.
func TestStrayAmongWhatIsSentAgain(t *testing.T) {
	again := func(order ...int) (steps []step) {
		steps = append(slices.Clone(open), data(50, host, 0, ""), step{at: 90, dir: peer, bits: ack, seq: 1, ack: 101})
		host := func(at int64, sack ...int) step {
			s := acks(at, host, 30, sack...)
			s.seq = 101
			return s
		}
		for n := range 30 {
			steps = append(steps, data(100, peer, n, ""))
		}
		steps = append(steps, host(101))
		for k, n := range order {
			at := 160 + 3*int64(k)
			steps = append(steps, data(at, peer, n, ""), host(at+1, n, n+1))
		}
		return steps
	}
	for _, c := range []struct {
		name  string
		order []int
		stray int // its place in order
		want  report.Verdict
	}{
		{"far", []int{0, 1, 20, 2, 3, 4, 5}, 2, report.Duplicate},
		{"neighbor", []int{0, 1, 3, 2, 4, 5, 6}, 2, report.Spurious},
		{"the end of what is sent again", []int{0, 1, 20, 2, 3}, 2, report.Spurious},
		{"in turn", []int{0, 1, 2, 3, 4, 5}, 2, report.Spurious},
	} {
		frame := int64(5 + 30 + 1 + 2*c.stray + 1)
		wantVerdict(t, c.name, ticking(withSACK(segments(again(c.order...))), 0), frame, c.want)
	}
}

// What comes before bytes that its receiver asks for, and once more in its turn, was not
// sent again the first time: its sender begins with what is asked for.
func TestOriginalBeforeWhatIsAskedFor(t *testing.T) {
	for _, c := range []struct {
		name  string
		first step // brings segment 1
		acked int  // by what comes while only segment 4 is missing
		want  report.Verdict
	}{
		{"asked for bytes before it", data(113, peer, 1, ""), 1, report.Reordering},
		{"asked for it", data(52, peer, 1, ""), 4, report.Loss},
	} {
		steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, ""), acks(51, host, 1, 2, 3),
			data(51, peer, 3, ""), acks(51, host, 1, 2, 4))
		if c.acked == 4 {
			steps = append(steps, c.first, acks(52, host, 4))
		}
		for n := 5; n < 9; n++ {
			steps = append(steps, data(53, peer, n, ""), acks(53, host, c.acked, 5, n+1))
		}
		late := len(steps)
		steps = append(steps, data(112, peer, 4, ""))
		if c.acked == 4 {
			steps = append(steps, acks(112, host, 9))
		} else {
			steps = append(steps, acks(112, host, 1, 2, 9), c.first, acks(113, host, 9))
		}
		steps = append(steps, data(120, peer, 4, ""), acks(120, host, 9, 4, 5))
		wantVerdict(t, c.name, ticking(segments(steps), 0), int64(late+1), c.want)
	}
}

// In a silence of two round trips a tail loss probe can have been sent, but without SACK
// there is none (RFC 8985, section 7.2): what comes after it twice within half a round
// trip, and was not asked for, was sent once.
func TestCopyAfterASilence(t *testing.T) {
	steps := append(slices.Clone(open), data(50, host, 0, ""), step{at: 90, dir: peer, bits: ack, seq: 1, ack: 101},
		data(180, peer, 0, ""), data(180, peer, 1, ""), data(195, peer, 1, ""), step{at: 195, dir: host, bits: ack, seq: 101, ack: 201})
	wantVerdict(t, "without SACK", ticking(segments(steps), 0), 8, report.Duplicate)
	wantVerdict(t, "with SACK", ticking(withSACK(segments(steps)), 0), 8, report.Spurious)
}

// A receiver with SACK has no reason to repeat blocks: it names what came last, and tells
// of what came twice (RFC 2018, section 4; RFC 2883). Without SACK it repeats its ACK for
// each segment.
func TestRepeatedBlocksAreACopy(t *testing.T) {
	steps := append(slices.Clone(open), data(50, host, 0, ""), data(50, host, 1, ""), data(50, host, 2, ""))
	asks := step{at: 90, dir: peer, bits: ack, seq: 1, ack: 1, sack: []int{101, 201}}
	again := asks
	again.at = 91
	steps = append(steps, asks, again)
	wantVerdict(t, "blocks", ticking(segments(steps), 0), 8, report.Duplicate)
	for i := range steps {
		steps[i] = steps[i].plain()
	}
	steps[6].win, steps[7].win = 1000, 1000
	wantVerdict(t, "none", ticking(segments(steps), 0), 8, report.Genuine)
}
