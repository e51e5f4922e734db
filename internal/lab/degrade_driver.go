package lab

import (
	"cmp"
	"slices"
	"time"
)

// DriverDegradations are what drivers and several observation points make of a
// capture. They leave the order of what the host sends, but for the copies.
func DriverDegradations() []Degradation {
	return []Degradation{
		{Name: "reversed", Reverse: 200 * time.Microsecond},
		{Name: "copies-8us", Copies: 8 * time.Microsecond},
		{Name: "copies-30us", Copies: 30 * time.Microsecond},
		{Name: "copies-1ms", Copies: time.Millisecond},
		{Name: "copies-drops", Copies: 40 * time.Microsecond, DropRate: .005, DropBurst: 4},
	}
}

// reverse turns round the runs of inbound packets that arrive within the
// driver's time.
func (s *sniffer) reverse(queue []queued) []queued {
	for from := 0; s.Reverse > 0 && from < len(queue); {
		to := from + 1
		for to < len(queue) && inbound(&queue[from]) && inbound(&queue[to]) && queue[to].at-queue[from].at <= int64(s.Reverse) {
			to++
		}
		burst := queue[from:to]
		for i := range burst {
			burst[i].at = queue[to-1].at
		}
		slices.Reverse(burst)
		from = to
	}
	return queue
}

func inbound(q *queued) bool { return !q.Out && !q.Local }

// recordTwice adds a copy of each packet, so much later, in the order of stamps.
func recordTwice(packets []Packet, later time.Duration) []Packet {
	if later == 0 {
		return packets
	}
	all := slices.Clone(packets)
	for _, p := range packets {
		p.Stamp += int64(later)
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	return all
}
