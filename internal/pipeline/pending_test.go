package pipeline

import (
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder"
)

// A packet that waits to the end, because its stamp is the latest, keeps nothing of
// those that are placed before it: neither memory nor their units, which other blocks
// use by then. A block after all packets was lost over that.
func TestOnePacketWaitsToTheEnd(t *testing.T) {
	w := newWindowed(t, 1e9)
	w.facts.profile.Basis, w.facts.profile.Backward = reorder.StampOrder, 1<<60
	s := newSequencer(&w.facts, reorder.Options{}, nil)
	w.sequencer = s
	const packets = 3 * reorder.DefaultWindow
	var placed, others, pages int
	var last uint64
	leave := func() {
		for _, u := range w.out {
			if u.block.Kind == capture.Packet {
				if placed++; u.block.Ticks < last {
					t.Fatalf("packet %d of the output: got stamp %d after %d", placed, u.block.Ticks, last)
				}
				last = u.block.Ticks
			} else {
				others++
			}
			*u = unit{block: &capture.Block{Kind: capture.Other}, chunk: u.chunk} // its chunk is used again
		}
		w.out = w.out[:0]
	}
	w.give(capture.Packet, 1<<59, 84)
	for n := range packets {
		w.give(capture.Packet, int64(n), 84)
		leave()
		held := 0
		for _, p := range w.pending.pages {
			if p != nil {
				held++
			}
		}
		pages = max(pages, held)
	}
	w.give(capture.Other, 0, 84)
	w.barrier()
	leave()
	if placed != packets+1 || others != 1 {
		t.Errorf("blocks: got %d packets and %d others, want %d and 1", placed, others, packets+1)
	}
	if most := maxRecords/packetSize/pageUnits + 3; pages > most {
		t.Errorf("pages: got %d, want at most %d", pages, most)
	}
	if w.held != (weights{}) || w.pending.left != 0 {
		t.Errorf("held at the end: got %+v and %d packets, want nothing", w.held, w.pending.left)
	}
}

// The frame of a packet is known until the next one is added, however long another
// has waited.
func TestFramesOfPlacedPackets(t *testing.T) {
	p := pending{framed: true}
	unitOf := func(index int64) *unit { return &unit{block: &capture.Block{Frame: index + 1}} }
	p.add(0, unitOf(0))
	const last = 10 * pageUnits
	for index := int64(1); index <= last; index++ {
		p.add(index, unitOf(index))
		p.remove(index)
		for _, of := range []int64{0, index} {
			if got := p.frame(of); got != of+1 {
				t.Fatalf("after packet %d: got frame %d of packet %d", index, got, of)
			}
		}
	}
	if got := p.at(0).block.Frame; got != 1 || p.left != 1 {
		t.Errorf("got frame %d of packet 0 and %d that wait, want 1 and 1", got, p.left)
	}
	p.remove(0)
	p.add(last+1, unitOf(last+1))
	if len(p.pages) != 1 || p.first != last/pageUnits {
		t.Errorf("got %d pages from %d on, want one", len(p.pages), p.first)
	}
}
