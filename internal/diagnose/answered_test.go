package diagnose

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/report"
)

// A D-SACK tells of what came just now. If that was recorded after it, or the capture
// missed it, what came long before is not spurious on its account: what came twice is
// answered at once (RFC 2883, section 4).
func TestDSACKRecordedBeforeItsReason(t *testing.T) {
	for _, c := range []struct {
		name  string
		told  int64 // when the D-SACK comes, ms; what is sent again is there at 110
		later int64 // ms after the D-SACK
		want  report.Verdict
	}{
		{"recorded after it", 140, 1, report.Genuine},
		{"the capture missed it", 140, 30, report.Genuine},
		{"it is the reason itself", 112, 30, report.Spurious},
	} {
		steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 1, ""), data(51, peer, 2, ""))
		for at := int64(52); at < 56; at++ { // the stack did not take the second one
			steps = append(steps, data(at, peer, int(at)-49, ""), acks(at, host, 1, 2, int(at)-48))
		}
		again := len(steps)
		steps = append(steps, data(110, peer, 1, ""), acks(110, host, 7), acks(c.told, host, 7, 1, 2), data(c.told+c.later, peer, 1, ""))
		for i := range steps {
			steps[i] = steps[i].stamped(uint32(7 + steps[i].at))
		}
		wantVerdict(t, c.name, ticking(segments(steps), 0), int64(again+1), c.want)
	}
}

// The ACK of a segment that was sent again may be recorded before it: that it echoes its
// very timestamp tells which of the two arrived (RFC 7323, section 4.3).
func TestAnswerRecordedBeforeWhatIsSentAgain(t *testing.T) {
	for _, c := range []struct {
		name string
		echo uint32
		want report.Verdict
	}{
		{"its own timestamp", 120, report.Genuine},
		{"that of the first", 51, report.Spurious},
	} {
		steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 1, ""), data(51, peer, 2, ""))
		for at := int64(52); at < 56; at++ {
			steps = append(steps, data(at, peer, int(at)-49, ""), acks(at, host, 1, 2, int(at)-48))
		}
		answer := len(steps)
		steps = append(steps, acks(119, host, 7), data(120, peer, 1, ""))
		for i := range steps {
			steps[i] = steps[i].stamped(uint32(steps[i].at) + 1)
			if steps[i].dir == host {
				steps[i] = steps[i].echoes(uint32(steps[i].at))
			}
		}
		steps[answer+1].ts, steps[answer].echo = 120, c.echo
		wantVerdict(t, c.name, ticking(segments(steps), 0), int64(answer+2), c.want)
	}
}
