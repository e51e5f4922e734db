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
// in sound logs and in damaged ones, and nor does how large they are in sound ones.
func TestAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, packed := range []bool{false, true} {
		data := bigLog(800<<10, fewRuns+2, packed)
		var starts []int
		for at := 0; at < len(data); at += int(le.Uint32(data[at:])) {
			starts = append(starts, at)
		}
		whole, _ := toldBy(t, data, 0, (*Trace).Events)
		if small, _ := toldBy(t, data, 1, (*Trace).EventsAhead); len(whole) < 300 || !reflect.DeepEqual(small, whole) {
			t.Errorf("packed=%v: got %d events in small parts, want the same %d", packed, len(small), len(whole))
		}
		for i := range rounds(60) {
			copied, _, how := damageCopy(rng, data, starts)
			want, lost := toldBy(t, copied, 1, (*Trace).Events)
			got, damages := toldBy(t, copied, 1, (*Trace).EventsAhead)
			if !reflect.DeepEqual(got, want) || fmt.Sprint(damages) != fmt.Sprint(lost) {
				t.Errorf("packed=%v, copy %d, %s: got %d events and %v ahead, want %d and %v", packed, i, how, len(got), damages, len(want), lost)
			}
		}
	}
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
