package diagnose

import (
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// TestStages: the sets hold the stages that have the bit.
func TestStages(t *testing.T) {
	for _, c := range []struct {
		bit stage
		set stages
	}{{bySecond, allBySecond}, {isFresh, allFresh}, {isTold, allTold}, {isCovered, allCovered}, {isLost, allLost}} {
		for s := range stage(32) {
			if got, want := c.set>>s&1 != 0, s&c.bit != 0; got != want {
				t.Errorf("set of bit %d has stage %d: got %v, want %v", c.bit, s, got, want)
			}
		}
	}
}

// TestSightPassesOverNothing: a case that a packet passes over would not change, nor be
// ended, if it were shown to it.
func TestSightPassesOverNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	near := func() tcp.Seq { return tcp.Seq(r.Uint32N(64)) }
	bits := []tcp.Bits{tcp.ACK, tcp.ACK, 0, tcp.RST | tcp.ACK, tcp.SYN, tcp.SYN | tcp.ACK}
	passed := 0
	for range 200_000 {
		s := tcp.Segment{Dir: uint8(r.IntN(2)), Bits: bits[r.IntN(len(bits))], Seq: near(), Ack: near(), Len: uint32(r.IntN(3) * 4)}
		if r.IntN(8) == 0 {
			s.Seq = 0
		}
		for s.SACKs = range uint8(r.IntN(tcp.MaxSACK)) {
			left := near()
			s.SACK[s.SACKs] = tcp.Range{Left: left, Right: left + 1 + tcp.Seq(r.IntN(9))}
		}
		m := moment{p: &Packet{Time: r.Int64N(4 * mostWait), Segment: &s}, s: &s, f: &flow{}, from: &end{}, dir: s.Dir & 1}
		c := pending{dir: uint8(r.IntN(2)), lost: r.IntN(2) == 0, seg: tcp.Segment{Dir: uint8(r.IntN(2)), Bits: bits[r.IntN(len(bits))]}}
		c.bytes.Left = near()
		c.bytes.Right = c.bytes.Left + 1 + tcp.Seq(r.IntN(9))
		w := awaited{pending: &c, bytes: c.bytes, since: m.p.Time - r.Int64N(200e6), stage: stage(r.IntN(16))&^bySecond | stage(c.dir)}
		if c.lost {
			w.stage |= isLost
		}
		if w.stage&isTold != 0 {
			c.dsack = 1
		}
		if w.stage&isCovered != 0 {
			c.covered = 1
		}
		var at sight
		m.sight(&at)
		if at.next([]awaited{w}, 0) == 0 {
			continue
		}
		passed++
		before, wait := c, w
		done, filled := w.see(&at)
		if w != wait || done || filled || c.dsack != before.dsack || c.covered != before.covered || c.answers != before.answers ||
			c.repeated != before.repeated || c.later != before.later || c.asked != before.asked {
			t.Fatalf("segment %+v passed over stage %05b of %+v, and changed it", s, wait.stage, before)
		}
	}
	if passed < 10_000 {
		t.Errorf("cases passed over: got %d, want thousands", passed)
	}
}
