package reorder

import (
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// hostileCount is how many packets the hostile inputs have.
func hostileCount() int {
	if testing.Short() {
		return 20_000
	}
	return 250_000
}

// pushed gives an Orderer of a disordered capture what the function makes, all in
// one millisecond, and returns it when all has come out.
func pushed(t *testing.T, count int, next func(i int) tcp.Segment) *Orderer {
	t.Helper()
	calm := newScript().handshake().disordered(true)
	emitted, held := 0, 0
	r, err := NewOrderer(profileOf(t, calm.segs), Options{}, func(Placement) { emitted++ })
	if err != nil {
		t.Fatal(err)
	}
	for i := range count {
		seg := next(i)
		seg.Stamp = calm.now + int64(i)*ms/int64(count)
		r.Push(&Packet{Stamp: seg.Stamp, Segment: (*Segment)(&seg)})
		held = max(held, i+1-emitted)
	}
	r.Barrier()
	if emitted != count || held > DefaultWindow {
		t.Errorf("packets: got %d out and %d held, want %d and at most %d", emitted, held, count, DefaultWindow)
	}
	return r
}

// Four random SACK blocks in each packet, over data in random order: constraints
// grow with the window times its logarithm.
func TestAMillionSACKBlocks(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	r := pushed(t, hostileCount(), func(i int) tcp.Segment {
		seg := tcp.Segment{Bits: tcp.ACK, Window: 65535, WindowShift: -1, Sum: uint16(i)}
		if i%2 == 0 {
			seg.Dir, seg.Outbound, seg.Seq, seg.Len = 1, tcp.In, tcp.Seq(rng.Uint32N(1<<28)), 1000
			return seg
		}
		seg.Outbound, seg.SACKs = tcp.Out, tcp.MaxSACK
		for k := range seg.SACK {
			left := tcp.Seq(rng.Uint32N(1 << 28))
			seg.SACK[k] = tcp.Range{Left: left, Right: left.Add(rng.Uint32N(1 << 20))}
		}
		return seg
	})
	const perPacket = 4 * 2 * 17 // blocks, each two sides of a tree as deep as the window's logarithm
	if n := cap(r.graph.edges); n > perPacket*DefaultWindow {
		t.Errorf("constraints: got room for %d, want at most %d", n, perPacket*DefaultWindow)
	}
}

// A SYN each for flows that never say more: all come out, and no more of the flows are
// followed than can be.
func TestHalfOpenFlows(t *testing.T) {
	r := pushed(t, hostileCount(), func(i int) tcp.Segment {
		return tcp.Segment{Bits: tcp.SYN, Flow: uint64(i), Seq: tcp.Seq(i * 7919), WindowShift: 7, Outbound: tcp.Out, Sum: uint16(i)}
	})
	followed := 0
	if r.track.flows.Each(func(uint64, *flow) { followed++ }); followed != tcp.MaxFlows {
		t.Errorf("flows that are followed: got %d, want %d", followed, tcp.MaxFlows)
	}
}

// One flow of which every packet contradicts every other: it ends, and moves
// nothing.
func TestContradictionsWithoutEnd(t *testing.T) {
	at := tcp.Seq(1)
	r := pushed(t, hostileCount(), func(i int) tcp.Segment {
		seg := tcp.Segment{Bits: tcp.ACK, WindowShift: -1, Window: 65535, Dir: uint8(i % 2), Outbound: tcp.Out, Seq: at, Len: 1, Sum: uint16(i)}
		if i%2 == 1 {
			seg.Outbound = tcp.In
			at++
		}
		seg.Ack = at.Add(1000) // bytes that the other end has yet to send
		return seg
	})
	if n := total(r.Stats().Unrepaired); n == 0 {
		t.Error("violations left: got none, want some")
	}
}
