package lab

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Degradation says what a raw socket and its reader do to a true capture. The
// zero value changes nothing.
type Degradation struct {
	Name string
	// ResponseFirst is the share of inbound batches that the kernel queues to
	// the socket after the packets that the host sent meanwhile. Where it talks
	// to itself, these are the ones that go the other way in the first one's flow.
	ResponseFirst float64
	Batch         int           // inbound packets of a batch, at most; 0 counts as 1
	BatchSpan     time.Duration // a batch lasts at most this long
	Late          time.Duration // median time until a queued packet is stamped; the tail is heavy
	Stalls        float64       // stalls of the reader per second, 5 to 20 ms each
	// Threads is the number of threads at a completion port that stamp
	// and write in any order; 0 is one reader.
	Threads int
	// Scatter is the mean delay with which each packet is stamped independently of
	// all others, by a thread of its own: exponential, and for a share of Straggle
	// uniform up to a millisecond. 0 is readers that share their delays. The file is in
	// the order of stamps, or with Scrawl in that of writing, an exponential delay
	// with that mean later.
	Scatter   time.Duration
	Straggle  float64
	Scrawl    time.Duration
	Tick      time.Duration // of the clock
	DropRate  float64       // share of packets that found the socket's buffer full
	DropBurst int           // packets lost in a row, on average; 0 counts as 1
	// Reverse is for how long a driver collects inbound packets that it then hands
	// up at once and in reverse; 0 is a driver that does not.
	Reverse time.Duration
	// Copies is how much later each packet is recorded a second time; 0 is never.
	Copies time.Duration
	// SetBack is by how much the clock is set back: in the middle of the capture,
	// for good, or Jumps times, for up to a hundred packets each.
	SetBack time.Duration
	Jumps   int
}

// Degradations is the standard set.
func Degradations() []Degradation {
	const (
		us   = time.Microsecond
		ms   = time.Millisecond
		late = 30 * us

		scatter, scrawl = 12 * us, 8 * us
	)
	return []Degradation{
		{Name: "rawsocket", ResponseFirst: .5, Batch: 8, BatchSpan: ms, Late: late,
			Stalls: .5, Tick: ms, DropRate: .002, DropBurst: 6},
		{Name: "response-first", ResponseFirst: .5, BatchSpan: ms, Late: late},
		{Name: "batches", ResponseFirst: .5, Batch: 16, BatchSpan: ms, Late: late},
		{Name: "completion-port", Threads: 4, Late: late},
		{Name: "stalls", Stalls: 4, Late: late},
		{Name: "tick-1ms", ResponseFirst: .3, BatchSpan: ms, Late: late, Tick: ms},
		{Name: "tick-15.6ms", ResponseFirst: .3, BatchSpan: ms, Late: late, Tick: 15625 * us},
		{Name: "drops-0.1", DropRate: .001, DropBurst: 4, Late: late},
		{Name: "drops-2", DropRate: .02, DropBurst: 8, Late: late},
		{Name: "everything", ResponseFirst: .5, Batch: 8, BatchSpan: ms, Late: late,
			Threads: 4, Stalls: 1, Tick: ms, DropRate: .01, DropBurst: 6},
		{Name: "ports-stamped", Scatter: scatter, Straggle: .02},
		{Name: "ports-written", Scatter: scatter, Straggle: .02, Scrawl: scrawl},
		{Name: "ports-heavy", Scatter: scatter, Straggle: .02, ResponseFirst: .5, Batch: 8, BatchSpan: ms,
			Stalls: 2, DropRate: .002, DropBurst: 6},
		{Name: "ports-heavy-written", Scatter: scatter, Straggle: .02, Scrawl: scrawl, ResponseFirst: .5, Batch: 8, BatchSpan: ms,
			Stalls: 2, DropRate: .01, DropBurst: 6},
		{Name: "none"},
	}
}

// Disorders reports whether packets can change places: else nothing may move,
// whatever is dropped and however late the stamps are.
func (d Degradation) Disorders() bool {
	return d.ResponseFirst > 0 || d.Threads > 0 || d.Scatter > 0 || d.Reverse > 0
}

// maxDelay ends the tail of the reader's delays.
const maxDelay = time.Millisecond

// Degrade returns the packets in the order in which the sniffer wrote them,
// with the sniffer's stamps; Index still tells the truth. The same seed gives
// the same result. Data is shared with truth.
func Degrade(truth []Packet, d Degradation, seed uint64) []Packet {
	s := newSniffer(d, seed)
	queue := s.drop(s.reverse(s.enqueue(truth)))
	s.planStalls(truth)
	switch {
	case d.Scatter > 0:
		s.readApart(queue)
	case d.Threads > 0:
		queue = s.readByThreads(queue)
	default:
		s.readInTurn(queue)
	}
	out := make([]Packet, len(queue))
	for i, q := range queue {
		out[i] = q.Packet
		out[i].Stamp = floorTo(q.stamp, d.Tick)
	}
	s.setBack(out)
	return recordTwice(out, d.Copies)
}

// Socket returns what passes through the raw socket while the sniffer writes what Degrade
// returns for the same arguments: what the stack gives it, which drops find full, and
// what threads take out of it, in these orders and with the times.
func Socket(truth []Packet, d Degradation, seed uint64) (given, taken []Packet) {
	s := newSniffer(d, seed)
	queue := s.reverse(s.enqueue(truth))
	for _, q := range queue {
		q.Packet.Stamp = q.at
		given = append(given, q.Packet)
	}
	queue = s.drop(queue)
	s.planStalls(truth)
	for _, q := range queue {
		q.Packet.Stamp = s.awake(q.at)
		taken = append(taken, q.Packet)
	}
	return given, taken
}

// floorTo rounds a time down to the clock's tick.
func floorTo(t int64, tick time.Duration) int64 {
	if tick <= 0 {
		return t
	}
	return t - t%int64(tick)
}

// queued is a packet in the socket's queue. Times are nanoseconds.
type queued struct {
	Packet
	at      int64 // when it was put there
	stamp   int64 // when it was stamped, before the clock's tick
	written int64 // when it was written to the file
}

type sniffer struct {
	Degradation
	rng    *rand.Rand
	stalls []stall
}

func newSniffer(d Degradation, seed uint64) *sniffer {
	return &sniffer{Degradation: d, rng: rand.New(rand.NewPCG(seed, 0x6D656E64))}
}

type stall struct{ from, to int64 }

// enqueue puts the packets in the order in which the kernel queues them.
func (s *sniffer) enqueue(truth []Packet) []queued {
	queue := make([]queued, 0, len(truth))
	for i := 0; i < len(truth); {
		n := s.batch(truth[i:])
		queue = appendBatch(queue, truth[i:i+n])
		i += n
	}
	return queue
}

// batch is the number of packets, from the first one on, that are queued
// together: 1 where the true order holds.
func (s *sniffer) batch(truth []Packet) int {
	if truth[0].Out || s.rng.Float64() >= s.ResponseFirst {
		return 1
	}
	span := min(int64(s.BatchSpan), int64(s.rng.ExpFloat64()*float64(s.BatchSpan)/4))
	inbound := 1 + s.rng.IntN(max(1, s.Batch))
	for n := 0; n < len(truth); n++ {
		if !overtakes(&truth[n], &truth[0]) {
			inbound--
		}
		if inbound < 0 || truth[n].Stamp-truth[0].Stamp > span {
			return max(1, n)
		}
	}
	return len(truth)
}

// appendBatch queues what the host sent, then what had arrived before it.
func appendBatch(queue []queued, batch []Packet) []queued {
	first, end := &batch[0], batch[len(batch)-1].Stamp
	for i := range batch {
		if p := &batch[i]; overtakes(p, first) {
			queue = append(queue, queued{Packet: *p, at: p.Stamp})
		}
	}
	for i := range batch {
		if p := &batch[i]; !overtakes(p, first) {
			queue = append(queue, queued{Packet: *p, at: end})
		}
	}
	return queue
}

// overtakes reports whether the kernel queues p before the batch that begins
// with first.
func overtakes(p, first *Packet) bool {
	return p.Out || p.Local && p != first && answers(p.Data, first.Data)
}

// drop takes bursts out of the queue, whatever flows they belong to.
func (s *sniffer) drop(queue []queued) []queued {
	if s.DropRate == 0 {
		return queue
	}
	mean := float64(max(1, s.DropBurst))
	left := 0
	return slices.DeleteFunc(queue, func(queued) bool {
		if left == 0 && s.rng.Float64() < s.DropRate/mean {
			left = 1 + int(s.rng.ExpFloat64()*(mean-1))
		}
		left--
		if left < 0 {
			left = 0
			return false
		}
		return true
	})
}

// planStalls draws when the reader stands still.
func (s *sniffer) planStalls(truth []Packet) {
	if s.Stalls == 0 || len(truth) == 0 {
		return
	}
	at, end := truth[0].Stamp, truth[len(truth)-1].Stamp
	for {
		at += int64(s.rng.ExpFloat64() / s.Stalls * 1e9)
		if at > end {
			return
		}
		to := at + int64(5*time.Millisecond) + s.rng.Int64N(int64(15*time.Millisecond))
		s.stalls = append(s.stalls, stall{at, to})
		at = to
	}
}

// awake is the earliest time from t on at which the reader runs.
func (s *sniffer) awake(t int64) int64 {
	for len(s.stalls) > 0 && s.stalls[0].to <= t {
		s.stalls = s.stalls[1:]
	}
	if len(s.stalls) > 0 && s.stalls[0].from <= t {
		return s.stalls[0].to
	}
	return t
}

// delay draws from a log-normal distribution around the median: typically
// tens of microseconds, now and then up to a millisecond.
func (s *sniffer) delay() int64 {
	if s.Late == 0 {
		return 0
	}
	d := float64(s.Late) * math.Exp(1.1*s.rng.NormFloat64())
	return int64(min(d, float64(maxDelay)))
}

// readInTurn is one reader: the queue's order, and stamps that never fall.
func (s *sniffer) readInTurn(queue []queued) {
	var last int64
	for i := range queue {
		q := &queue[i]
		q.stamp = max(s.awake(q.at+s.delay()), last)
		last = q.stamp
		if s.Late > 0 {
			last += 1000 + s.rng.Int64N(2000) // what it takes to read one packet
		}
	}
}

// readByThreads gives each packet to the thread that is free first; it stamps
// and writes when it gets round to it.
func (s *sniffer) readByThreads(queue []queued) []queued {
	free := make([]int64, s.Threads)
	for i := range queue {
		q := &queue[i]
		thread := 0
		for t := range free {
			if free[t] < free[thread] {
				thread = t
			}
		}
		taken := max(q.at, free[thread])
		// The stalls are planned for rising times, which taken has.
		q.stamp = s.awake(taken) + s.delay()
		q.written = q.stamp + s.delay()/2
		free[thread] = q.written
	}
	slices.SortStableFunc(queue, func(a, b queued) int { return cmp.Compare(a.written, b.written) })
	return queue
}

// readApart stamps and writes each packet independently of all others.
func (s *sniffer) readApart(queue []queued) {
	for i := range queue {
		q := &queue[i]
		// The stalls are planned for rising times, which those in the queue are.
		delay := s.rng.ExpFloat64() * float64(s.Scatter)
		if s.rng.Float64() < s.Straggle {
			delay = s.rng.Float64() * float64(maxDelay)
		}
		q.stamp = s.awake(q.at) + int64(delay)
		q.written = q.stamp + int64(s.rng.ExpFloat64()*float64(s.Scrawl))
	}
	slices.SortStableFunc(queue, func(a, b queued) int { return cmp.Compare(a.written, b.written) })
}
