package pipeline

import (
	"encoding/binary"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/reorder"
)

// Of chunks in which few packets wait long those are moved, so that the chunks can be
// used again: all of the capture was kept for them. What is handed on is what was given.
func TestSparseChunksAreLeft(t *testing.T) {
	if testing.Short() {
		t.Skip("short: a quarter of a million packets in one goroutine")
	}
	w := newWindowed(t, 1e9)
	w.facts.profile.Basis, w.facts.profile.Backward = reorder.StampOrder, 1<<60
	s := newSequencer(&w.facts, reorder.Options{}, nil)
	w.sequencer = s
	const (
		chunks, units = 4000, 64
		kept          = 1 << 16 // bytes of each chunk
		late          = int64(1 << 59)
	)
	var placed, used, most int
	var last uint64
	leave := func() {
		for _, u := range w.out {
			placed++
			b := u.block
			if b.Ticks < last {
				t.Fatalf("packet %d of the output: got stamp %d after %d", placed, b.Ticks, last)
			}
			last = b.Ticks
			n := binary.LittleEndian.Uint64(b.Raw)
			if want := uint64(b.Frame); n != want || binary.LittleEndian.Uint64(b.Data) != want || u.seg.Frame != b.Frame {
				t.Fatalf("packet %d of the output: got bytes of frame %d and a segment of frame %d in that of frame %d", placed, n, u.seg.Frame, want)
			}
			if (u.answer != nil) != (n%2 == 0) || u.answer != nil && u.answer.Unlisted != int(n) {
				t.Fatalf("packet %d of the output, frame %d: got another packet's answer %+v", placed, n, u.answer)
			}
			if (u.inner != nil) != (n%3 == 0) || u.inner != nil && u.inner.Net != int(n) {
				t.Fatalf("packet %d of the output, frame %d: got another packet's inner view %+v", placed, n, u.inner)
			}
			u.chunk.release(1)
		}
		w.out = w.out[:0]
	}
	var all []*chunk
	for n := range chunks {
		c := &chunk{units: make([]unit, units), share: kept / units, size: kept + units*(recordSize+answerSize)}
		c.left.Store(units)
		all = append(all, c)
		for i := range c.units {
			frame := int64(n*units + i + 1)
			raw := binary.LittleEndian.AppendUint64(nil, uint64(frame))
			u := &c.units[i]
			*u = unit{chunk: c, block: &capture.Block{
				Kind: capture.Packet, Pcap: true, Frame: frame, HasStamp: true, Ticks: uint64(frame), Interface: w.iface, Raw: raw, Data: raw,
			}}
			if i == 0 { // one of each chunk waits to the end
				u.block.Ticks += uint64(late)
			}
			if frame%2 == 0 {
				u.answer = new(infer.Answer)
				u.answer.Unlisted = int(frame)
			}
			if frame%3 == 0 {
				u.inner = &packet.View{Net: int(frame)}
			}
			u.seg.Frame = frame
			w.arrange(u)
		}
		leave()
		used = 0
		for _, c := range all {
			if c.left.Load() > 0 {
				used += c.size
				continue
			}
			for i := range c.units { // it is used again
				if b := c.units[i].block; b != nil {
					clear(b.Raw)
					c.units[i] = unit{}
				}
			}
		}
		most = max(most, used)
	}
	w.barrier()
	leave()
	if placed != chunks*units {
		t.Errorf("got %d packets, want %d", placed, chunks*units)
	}
	if bound := maxRecords + maxWindow; most > bound || most < maxWindow/2 {
		t.Errorf("chunks kept: got %d bytes, want up to %d", most, bound)
	}
	if h := w.held; h.chunks != 0 || h.own != 0 || h.all != 0 || h.records != 0 {
		t.Errorf("held at the end: got %+v, want nothing", h)
	}
}
