package etl

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// Whether parts are made ahead or where they are needed changes neither events nor damage,
// in sound logs and in damaged ones, and nor does how large they are in sound ones: less
// than a buffer, or one that is made in several pieces.
func TestAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, c := range []struct {
		processors, buffer int
		packed             bool
	}{{6, 64 << 10, false}, {6, 64 << 10, true}, {1, 64 << 10, false}, {2, 3 * pieceSize, false}, {2, 3 * pieceSize, true}} {
		packed := c.packed
		data := bigLog(800<<10, c.processors, c.buffer, packed)
		var starts []int
		for at := 0; at < len(data); at += int(le.Uint32(data[at:])) {
			starts = append(starts, at)
		}
		whole, _ := toldBy(t, data, 0, (*Trace).Events)
		if got, _ := toldBy(t, data, 0, eventsAhead); !reflect.DeepEqual(got, whole) {
			t.Errorf("%v: got %d events ahead, want the same %d", c, len(got), len(whole))
		}
		if small, _ := toldBy(t, data, 1, eventsAhead); len(whole) < 300 || !reflect.DeepEqual(small, whole) {
			t.Errorf("%v: got %d events in small parts, want the same %d", c, len(small), len(whole))
		}
		for i := range rounds(30) {
			copied, _, how := damageCopy(rng, data, starts)
			memory := i % 2 // small parts, and large ones
			want, lost := toldBy(t, copied, memory, (*Trace).Events)
			got, damages := toldBy(t, copied, memory, eventsAhead)
			if !reflect.DeepEqual(got, want) || fmt.Sprint(damages) != fmt.Sprint(lost) {
				t.Errorf("%v, copy %d, %s: got %d events and %v ahead, want %d and %v", c, i, how, len(got), damages, len(want), lost)
			}
		}
	}
}

// Of a buffer that the file's end cuts, what is made in pieces is what is made at once.
func TestPiecesOfCutBuffer(t *testing.T) {
	data := bigLog(400<<10, 1, 5*pieceSize, false)
	starts := bufferStarts(data)
	last := starts[len(starts)-1]
	for _, cut := range []int{last + 100, last + pieceSize/2, last + pieceSize + 5000, last + 3*pieceSize/2} {
		want, lost := toldBy(t, data[:cut], 1, (*Trace).Events)
		got, damages := toldBy(t, data[:cut], 0, eventsAhead)
		if !reflect.DeepEqual(got, want) || fmt.Sprint(damages) != fmt.Sprint(lost) {
			t.Errorf("cut at %d of %d: got %d events and %v, want %d and %v", cut, len(data), len(got), damages, len(want), lost)
		}
	}
}

// eventsAhead is EventsAhead, however few and small the parts are.
func eventsAhead(t *Trace) *Stream {
	s := newStream(t)
	s.ahead = true
	return s
}

// toldBy gives what a stream tells of each event, in a word each, and what was damaged.
func toldBy(t *testing.T, data []byte, memory int, begin func(*Trace) *Stream) (events []string, _ Damages) {
	t.Helper()
	log, err := Open(bytes.NewReader(data), int64(len(data)), Options{Memory: memory})
	if err != nil {
		t.Fatal(err)
	}
	damages := eachEvent(t, begin(log), func(e *etw.Event) {
		events = append(events, fmt.Sprint(e.Time, e.CPU, e.ID, e.Offset, len(e.Data), string(e.Data[:min(8, len(e.Data))])))
	})
	return events, damages
}
