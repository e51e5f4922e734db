package pipeline

import (
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder"
)

// windowed is a sequencer that holds packets back for a gate, and what it was given.
type windowed struct {
	*sequencer
	facts facts
	iface *capture.Interface
	given int64
}

func newWindowed(t *testing.T, gate int64) *windowed {
	t.Helper()
	p := reorder.Profile{Gate: gate}
	p.Violations[reorder.LawAck] = 1
	s := newSequencer(&facts{profile: p}, reorder.Options{}, nil)
	return &windowed{sequencer: s, facts: facts{profile: p}, iface: &capture.Interface{Resol: 9}}
}

// give adds a block of so many bytes, a packet with a stamp or another one.
func (w *windowed) give(kind capture.Kind, stamp int64, share int) {
	w.arrange(w.unit(kind, stamp, share))
}

// unit makes the next block of the file.
func (w *windowed) unit(kind capture.Kind, stamp int64, share int) *unit {
	b := &capture.Block{Kind: kind, Offset: w.given}
	if kind == capture.Packet {
		b.Frame, b.HasStamp, b.Ticks, b.Interface = w.given, true, uint64(stamp), w.iface
	}
	w.given++
	return &unit{block: b, chunk: &chunk{share: share}}
}

// check reports blocks that are missing or out of the file's order, which nothing
// here disturbs. It forgets them.
func (w *windowed) check(t *testing.T) {
	t.Helper()
	for n, u := range w.out {
		if u.block.Offset != int64(n) {
			t.Fatalf("block %d of the output: got the file's number %d", n, u.block.Offset)
		}
	}
	if int64(len(w.out)) != w.given {
		t.Errorf("blocks: got %d, want %d", len(w.out), w.given)
	}
	if w.held != (weights{}) || len(w.others) != 0 {
		t.Errorf("held at the end: got %+v and %d blocks, want nothing", w.held, len(w.others))
	}
}

// What no held packet precedes is passed on at once.
func TestBlocksThatNothingPrecedesDoNotWait(t *testing.T) {
	w := newWindowed(t, 1e9)
	for range 1000 {
		w.give(capture.Other, 0, 64)
		if w.held != (weights{}) {
			t.Fatalf("held: got %+v, want nothing", w.held)
		}
	}
	w.give(capture.Packet, 1, 64)
	w.give(capture.Names, 0, 64)
	if len(w.others) != 1 {
		t.Errorf("waiting blocks after a packet that waits: got %d, want 1", len(w.others))
	}
	w.barrier()
	w.check(t)
}

// However many blocks come while a packet waits, those held are bounded, and stay
// in their places.
func TestBlocksBetweenPacketsAreBounded(t *testing.T) {
	for _, share := range []int{16, 1 << 20} {
		w := newWindowed(t, 1e9)
		for n := range 300 {
			w.give(capture.Packet, int64(n), 64)
		}
		most := 0
		for range 3 * maxBetween / (share + recordSize) {
			w.give(capture.Other, 0, share)
			most = max(most, w.held.between)
		}
		if most > maxBetween || most < maxBetween/2 {
			t.Errorf("blocks of %d bytes: held %d, want up to %d", share, most, maxBetween)
		}
		if w.counts.crowded == 0 {
			t.Errorf("blocks of %d bytes: the window was not closed early", share)
		}
		w.barrier()
		w.check(t)
	}
}

// The window counts bytes as well as packets.
func TestLargePacketsAreBounded(t *testing.T) {
	const size = 65_000
	w := newWindowed(t, 1e9)
	most := 0
	for n := range 4000 {
		w.give(capture.Packet, int64(n), size)
		most = max(most, w.held.all)
	}
	if most > maxWindow || most < maxWindow/2 {
		t.Errorf("held: got %d bytes, want up to %d", most, maxWindow)
	}
	if w.counts.crowded == 0 {
		t.Error("the window was not closed early")
	}
	w.barrier()
	w.check(t)
}

// The window counts what it keeps of each packet beside its bytes: small ones took
// more than large ones, and those that lack their header more than others.
func TestSmallPacketsAreBounded(t *testing.T) {
	for _, c := range []struct {
		answer *infer.Answer
		size   int
	}{{nil, packetSize}, {new(infer.Answer), packetSize + answerSize}} {
		w := newWindowed(t, 1e9)
		most := 0
		for n := range 2 * reorder.DefaultWindow {
			u := w.unit(capture.Packet, int64(n), 84)
			u.answer = c.answer
			w.arrange(u)
			most = max(most, w.pending.left*c.size)
		}
		if most > maxRecords || most < maxRecords/2 {
			t.Errorf("held: got %d bytes of records of %d bytes, want up to %d", most, c.size, maxRecords)
		}
		if w.counts.crowded == 0 {
			t.Error("the window was not closed early")
		}
		w.barrier()
		w.check(t)
	}
}

// Packets that have had their time leave without the window being closed early.
func TestSettledPacketsLeaveFirst(t *testing.T) {
	w := newWindowed(t, 1e6)
	for n := range 1500 {
		w.give(capture.Packet, int64(n)*1e6, 1<<17)
	}
	if w.counts.crowded != 0 {
		t.Errorf("closed early: got %d times, want 0", w.counts.crowded)
	}
	w.barrier()
	w.check(t)
}

// However much is handed on at once, little is on its way.
func TestPieces(t *testing.T) {
	for _, c := range []struct{ units, share, want int }{
		{10, 100, 10}, {10_000, 1, pieceBlocks}, {100, 64 << 10, 16}, {3, 2 << 20, 1}, {1, 64 << 20, 1},
	} {
		units := make([]*unit, c.units)
		for i := range units {
			units[i] = &unit{chunk: &chunk{share: c.share}}
		}
		if got := piece(units); got != c.want {
			t.Errorf("%d blocks of %d bytes: got a piece of %d, want %d", c.units, c.share, got, c.want)
		}
	}
}
