// Package reorder finds the true order of TCP segments that a capture recorded
// late or in the wrong order, from TCP's own numbers.
//
// It promises to move a segment only where a causal law, which truth does not
// break, is violated; beyond the gate that this capture's own jitter sets only
// what the host's answer proves to be late, or its own trace shows to be (see
// Log.Late); never later, and never past a barrier. It knows segments, not files.
//
// Use it in two passes over the same packets: a Survey learns the capture's
// clock, jitter and basis (where its stamps go far back it asks for another
// Survey, see Again); an Orderer made from the Survey's Profile then places every
// packet, through a bounded window.
//
// The words are used as follows. The basis is the order that a repair starts from:
// that of the file, or that of the stamps, whichever breaks fewer laws. A vantage is
// where the capture was taken; a law holds within one. A mandate is what a capture
// must show of itself before a law acts. The gate is the most time by which a packet is
// moved that nothing else proves to be late: what the capture's jitter explains. A chain
// is packets of one sender in the order of their numbers. A barrier is a place in the
// capture that no packet passes. An incarnation is one of several connections between the
// same ports.
package reorder

import (
	"fmt"
	"time"
)

// Packet is one packet of a capture, as far as the laws can speak of it.
type Packet struct {
	Stamp int64 // as recorded, nanoseconds since 1970
	// Segment is that of a TCP packet; its Stamp is not used, and it is not kept.
	// Nil of what no law may speak of: laws hold within one observation point, so
	// a connection that was seen from two has no segments.
	Segment *Segment

	// Log is what the host's own trace tells of the packet, nil where it tells nothing.
	Log *Log

	// Cause names what the packet asks, Effect what it answers; Self names the
	// packet as an error would quote it, Quoted the one that it quotes. Names
	// are hashes that are equal where the packets belong together; 0 is none.
	Cause, Effect, Self, Quoted uint64
	By                          Law // of Effect
}

// Options choose what the laws may do. The zero value uses all laws.
type Options struct {
	Without []Law // laws that are switched off
	Window  int   // packets that are held at most, 0 = DefaultWindow
}

// DefaultWindow is how many packets an Orderer holds at most. Regions whose
// jitter spans more packets are placed as far as the window reaches.
const DefaultWindow = 1 << 16

// survey's provisional gate: no jitter of a capture is taken to be larger. Four
// ticks of the slowest clock (15.6 ms).
const widestGate = int64(64 * time.Millisecond)

// laws returns the set of laws that the options leave on.
func (o Options) laws() (lawSet, error) {
	set := allLaws
	for _, law := range o.Without {
		if _, err := law.MarshalText(); err != nil {
			return 0, err
		}
		set &^= law.bit()
	}
	return set, nil
}

// Validate reports the first option that can't be used.
func (o Options) Validate() error {
	if o.Window < 0 {
		return fmt.Errorf("window of %d packets", o.Window)
	}
	_, err := o.laws()
	return err
}

// Basis is the order that a repair starts from.
type Basis uint8

// The two orders that it can be.
const (
	FileOrder Basis = iota
	StampOrder
)

func (b Basis) String() string { return [...]string{"file", "stamps"}[b] }

// IPIDMode says how the capturing host numbers its IPv4 packets.
type IPIDMode uint8

// The modes. Only a host that shows itself to count is believed.
const (
	IPIDNone    IPIDMode = iota // random, zero, or too few to tell
	IPIDPerFlow                 // one counter a connection
	IPIDGlobal                  // one counter for the host
)

func (m IPIDMode) String() string {
	return [...]string{"none", "per flow", "global"}[m]
}

// Profile is what a Survey learnt of a capture. Durations are nanoseconds.
type Profile struct {
	Basis        Basis
	Tick         int64 // the clock's tick, 0 if finer than 100 us
	ThreadJitter int64 // scale of inversions among packets that the host sent
	QueueJitter  int64 // scale of responses that are before what they respond to
	Gate         int64 // beyond it nothing moves, but for what is proved to be late
	Farthest     int64 // beyond it that does not move either; 0 where the gate is its limit, too
	Shown        int64 // by how much the host's trace shows packets to be late, at most (see Log.Late)
	Usual        int64 // how late a packet is that comes after a higher one of its sender, in the median
	Longest      int64 // the same, at most
	Crossing     int64 // from it on a late inbound packet is rather the network's doing
	Each         int64 // how long threads that stamp take for a packet at most, on average; 0 without threads
	Backward     int64 // by how much a stamp lies before an earlier packet's, as far as that is sorted
	// QueueMandate: responses are before their causes here. ThreadMandate:
	// packets of one sender are swapped. Each lets soft laws act.
	QueueMandate, ThreadMandate bool
	// LogMandate: the host's ACKs tell what had arrived when they were captured.
	LogMandate bool
	// Bursts: bursts of inbound packets were handed up in reverse. Reverses: all
	// of them.
	Bursts, Reverses bool
	IPID             IPIDMode
	ClockSteps       int64          // times that stamps go back by more than any jitter, where that is not the file's order alone
	StepBack         int64          // by how much they go back at most
	SetBack          int64          // by how much stamps fall behind earlier ones at most, where jitter does not explain it
	Violations       [NumLaws]int64 // in the basis, without those that drops explain
	Explained        [NumLaws]int64 // by drops of the capture
	Unrepaired       [NumLaws]int64 // violations farther apart than any jitter, or contradicting
	Other            int64          // violations in the order that was not taken as basis
}

// Reach is how far a packet moves at most, nanoseconds, on a clock without the reader's stalls.
func (p *Profile) Reach() int64 { return max(p.Gate, p.Farthest, p.Shown) }

// Broken reports whether any moving law is violated in the file's order: also
// where that of the stamps violates none. Where none is, nothing moves.
func (p *Profile) Broken() bool {
	return p.Basis == StampOrder || p.Violations != [NumLaws]int64{} || p.Unrepaired != [NumLaws]int64{}
}
