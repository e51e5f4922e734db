package diagnose

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

const (
	// fastAsks is how many duplicate ACKs make a sender retransmit at once (RFC
	// 5681, section 3.2).
	fastAsks = 3
	// leastRTO is the shortest retransmission timeout of common stacks,
	// nanoseconds (Linux; Windows 300 ms; RFC 6298 asks for a second).
	leastRTO = int64(200e6)
)

// recovery tells how the sender found out.
func (v *view) recovery() string {
	silence := v.silent
	switch {
	case v.seg.Bits.Has(tcp.SYN):
		return report.Timeout
	case v.shown.times >= fastAsks:
		return report.FastRetransmission
	case v.before.detail != "" && v.time-v.before.time < v.roundTrip && silence < v.roundTrip:
		return v.before.detail // of the same recovery
	case silence >= max(leastRTO, 3*v.roundTrip):
		return report.Timeout
	case v.roundTrip > 0 && silence >= v.roundTrip+v.roundTrip/2 && v.last:
		return report.TailLossProbe
	}
	return report.TimeBased
}

// lostBy says what speaks for a loss of which its sender found out so.
func (v *view) lostBy(detail string) sentence {
	from := v.hole.by.frame
	if v.seen {
		from = v.copied.Frame
	}
	switch {
	case from == 0 && v.shown.times == 0:
		return verdict(Loss, "sent again, and acknowledged then; its first copy is too far back to compare, or before the capture")
	case from == 0:
		return verdict(Loss, "from frame %d on %d ACKs ask for it, and it is sent again; its first copy is too far back to compare, or before the capture", v.shown.frame, int64(v.shown.times))
	case detail == report.FastRetransmission:
		return verdict(Loss, "open since frame %d; from frame %d on %d ACKs ask for it", from, v.shown.frame, int64(v.shown.times))
	case detail == report.Timeout || detail == report.TailLossProbe:
		return verdict(Loss, "open since frame %d; sent again after %s of silence", from, v.silent)
	case v.shown.times > 0:
		return verdict(Loss, "open since frame %d; frame %d asks for it, and it is sent again without waiting for three", from, v.shown.frame)
	}
	return verdict(Loss, "open since frame %d, and sent again", from)
}
