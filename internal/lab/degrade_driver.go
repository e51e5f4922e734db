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
		{Name: "copies-5us", Copies: 5 * time.Microsecond},
		{Name: "copies-30us", Copies: 30 * time.Microsecond},
		{Name: "copies-300us", Copies: 300 * time.Microsecond},
		{Name: "copies-1ms", Copies: time.Millisecond},
		{Name: "copies-50ms", Copies: 50 * time.Millisecond},
		{Name: "copies-drops", Copies: 40 * time.Microsecond, DropRate: .005, DropBurst: 4},
	}
}

// ClockDegradations are what a clock does to stamps that is set, or whose ticks are
// longer than packets take. Packets keep their order.
func ClockDegradations() []Degradation {
	return []Degradation{
		{Name: "clock-set-back", Late: 30 * time.Microsecond, SetBack: 1500 * time.Millisecond},
		{Name: "clock-jumps", Late: 30 * time.Microsecond, SetBack: 7600 * time.Millisecond, Jumps: 20},
		{Name: "clock-ticks-30us", Late: 30 * time.Microsecond, Tick: 30 * time.Microsecond},
		{Name: "clock-ticks-90us", Late: 30 * time.Microsecond, Tick: 90 * time.Microsecond, DropRate: .02, DropBurst: 2},
		{Name: "clock-small-jumps", Late: 30 * time.Microsecond, SetBack: 20 * time.Millisecond, Jumps: 20},
	}
}

// setBack takes from the stamps what the clock is behind.
func (s *sniffer) setBack(packets []Packet) {
	if s.SetBack == 0 || len(packets) == 0 {
		return
	}
	if s.Jumps == 0 {
		for i := len(packets) / 2; i < len(packets); i++ {
			packets[i].Stamp -= int64(s.SetBack)
		}
		return
	}
	for n := range s.Jumps {
		from := (n*len(packets) + s.rng.IntN(len(packets))) / s.Jumps
		to := min(from+1+s.rng.IntN(100), (n+1)*len(packets)/s.Jumps)
		for i := from; i < to; i++ {
			packets[i].Stamp -= int64(s.SetBack)
		}
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
