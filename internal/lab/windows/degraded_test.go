package windows

import (
	"cmp"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/repair"
)

// ngCapture is a pcapng file with one Ethernet interface of the resolution that traces
// have, 100 ns.
func ngCapture(list []Frame) (b []byte) {
	block := func(kind uint32, body []byte) {
		size := uint32(len(body) + 12)
		b = le.AppendUint32(le.AppendUint32(b, kind), size)
		b = le.AppendUint32(append(b, body...), size)
	}
	block(0x0A0D0D0A, le.AppendUint64([]byte{0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0}, ^uint64(0)))
	block(1, []byte{1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 7, 0, 0, 0, 0, 0, 0, 0})
	for i := range list {
		f := &list[i]
		ticks := uint64(f.Time - epoch)
		body := le.AppendUint32(nil, 0)
		for _, v := range []uint32{uint32(ticks >> 32), uint32(ticks), uint32(len(f.Data)), uint32(len(f.Data))} {
			body = le.AppendUint32(body, v)
		}
		body = append(body, f.Data...)
		for len(body)%4 != 0 {
			body = append(body, 0)
		}
		body = append(body, 2, 0, 4, 0) // epb_flags
		body = le.AppendUint32(body, of(f, nil).Way)
		block(6, append(body, 0, 0, 0, 0))
	}
	return b
}

// Packets that were stamped late and out of order are repaired in a trace as they are in
// the pcapng of the same degradation: the same order, and the same stamps.
func TestDegradedTraces(t *testing.T) {
	names := []string{"lossy", "v4-lossy", "many-flows", "bidirectional"}
	moved := int64(0)
	for k, d := range lab.Degradations() {
		truth := recording(t, names[k%len(names)], 3000)
		degraded := lab.Degrade(truth, d, uint64(k))
		start := FileTime(slices.MinFunc(degraded, func(a, b lab.Packet) int { return cmp.Compare(a.Stamp, b.Stamp) }).Stamp)
		var list []Frame
		for _, p := range degraded {
			list = append(list, Frame{Time: FileTime(p.Stamp), Data: Ethernet(p.Data, p.Out), Out: p.Out, Index: p.Index})
		}
		// One processor writes its events in their order, whatever their stamps.
		t.Run(d.Name, func(t *testing.T) {
			moved += sameRepair(t, Log{Start: start, BufferSize: 32 << 10}, list, whole(list, 1))
		})
		// Events of several are in the order of stamps, of which no two are alike.
		slices.SortStableFunc(list, func(a, b Frame) int { return cmp.Compare(a.Time, b.Time) })
		for i := 1; i < len(list); i++ {
			list[i].Time = max(list[i].Time, list[i-1].Time+1)
		}
		t.Run(d.Name+" on 16 processors", func(t *testing.T) {
			moved += sameRepair(t, Log{Start: start, BufferSize: 32 << 10, Processors: 16, Compressed: true}, list, whole(list, 16))
		})
	}
	if moved < 1000 {
		t.Errorf("got %d packets moved in all: this tests little", moved)
	}
}

// sameRepair repairs a trace and the pcapng of the same packets.
func sameRepair(t *testing.T, l Log, list []Frame, events []Event) (moved int64) {
	t.Helper()
	var m memory
	w := NewLogWriter(&m, l)
	for i := range events {
		w.Add(&events[i])
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	trace := mend(t, put(t, "trace.etl", m), repair.Options{})
	capture := mend(t, put(t, "capture.pcapng", ngCapture(list)), repair.Options{})
	compare(t, trace.packets, capture.packets)
	if got, want := trace.report.Order.Moved, capture.report.Order.Moved; got != want {
		t.Errorf("got %d packets moved, want %d", got, want)
	}
	return trace.report.Order.Moved
}
