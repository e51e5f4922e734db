package windows

import (
	"bytes"
	"crypto/sha256"
	"io"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/repair"
)

const (
	large  = 70 << 20 // bytes of a trace that is not gone through before it is read
	many   = 18_000   // packets, more than the beginning of a trace
	late   = 17_000   // one that is not in the beginning
	minute = 60 * 1e7
)

// exchanges are packets of one connection that answer each other, each with so much payload.
func exchanges(payload int) (list []Frame) {
	seq, ackTo := uint32(1), uint32(1)
	for i := range many {
		out := i%2 == 0
		list = append(list, segment(epoch+minute+int64(i)*10_000, out, ack|psh, uint16(i), seq, ackTo, payload))
		seq, ackTo = ackTo, seq+uint32(payload)
	}
	return list
}

// rest is what a trace holds after its beginning.
type rest struct {
	name      string
	change    func(list []Frame, events []Event) []Event
	surprises bool // it tells more than was presumed
}

var rests = []rest{
	{"more of the same", func(_ []Frame, events []Event) []Event { return events }, false},
	{"another process", func(_ []Frame, events []Event) []Event {
		events[late].PID = 99
		return events
	}, false},
	{"an interface", func(list []Frame, events []Event) []Event {
		other := segment(list[late].Time, true, syn, 0, 7, 0, 0)
		return append(events, NDIS{Miniport: 9, Lower: 9}.Whole(&other, late, 0))
	}, true},
	{"a filter above", func(list []Frame, events []Event) []Event { // its packets are not taken
		return append(events, NDIS{Miniport: 4, Lower: 13}.Whole(&list[late], late, 0))
	}, false},
	{"a connection", func(list []Frame, events []Event) []Event {
		return append(events, WFP{}.Connection(list[late].Time, endpoint("192.0.2.1:40000"), endpoint("198.51.100.7:443"), 6, false, 4711, "a"))
	}, true},
	{"an address of the host", func(list []Frame, events []Event) []Event {
		var m PktMon
		return append(events, m.Components(list[late].Time, ends[0])...)
	}, true},
	{"a packet that was dropped", func(list []Frame, events []Event) []Event {
		var m PktMon
		return append(events, m.Dropped(&list[late], late, 0, 949)...)
	}, true},
	{"a drop of a packet that is told again alone", func(list []Frame, events []Event) []Event {
		var m PktMon
		return append(events, m.Dropped(&list[late], late, 0, 949)[1])
	}, true},
	{"an event that can't be read", func(list []Frame, events []Event) []Event {
		broken := NDIS{Miniport: 4, Lower: 4}.Whole(&list[late], late, 0)
		broken.Data = broken.Data[:5]
		return append(events, broken)
	}, false},
}

// What is read of a trace of which only the beginning was gone through is what is read of
// it after all of it was, or it is not settled.
func TestPresumedTraces(t *testing.T) {
	list := exchanges(0)
	for _, rest := range rests {
		t.Run(rest.name, func(t *testing.T) {
			data, _ := write(t, Log{Processors: 2, Start: list[0].Time}, rest.change(list, whole(list, 2)))
			read := func(from int64) (*convert.File, []byte) {
				f, err := convert.Open(bytes.NewReader(data), int64(len(data)), convert.Options{Presume: from})
				if err != nil {
					t.Fatal(err)
				}
				if want := from > 0; f.Presumed() != want {
					t.Fatalf("presumed from %d bytes on: got %t, want %t", from, f.Presumed(), want)
				}
				blocks, err := io.ReadAll(f.Reader())
				if err != nil {
					t.Fatal(err)
				}
				return f, blocks
			}
			want, blocks := read(0)
			got, same := read(1)
			if got.Settle() == rest.surprises {
				t.Fatalf("surprises: got %t, want %t", !rest.surprises, rest.surprises)
			}
			if rest.surprises {
				return
			}
			if got.Presumed() || !bytes.Equal(blocks, same) {
				t.Errorf("got other %d bytes than the %d of the file that was gone through", len(same), len(blocks))
			}
			if !reflect.DeepEqual(got.Notes(), want.Notes()) || !reflect.DeepEqual(got.Damages(), want.Damages()) || got.Last() != want.Last() {
				t.Errorf("got %v, %v and frame %d at last, want %v, %v and %d", got.Notes(), got.Damages(), got.Last(), want.Notes(), want.Damages(), want.Last())
			}
		})
	}
}

// Drops at the beginning count, also where an event reports them again.
func TestDropsAreNotPresumed(t *testing.T) {
	list := exchanges(0)
	var m PktMon
	for again, event := range m.Dropped(&list[5], 5, 0, 949) {
		data, _ := write(t, Log{Start: list[0].Time}, append(whole(list, 1), event))
		f, err := convert.Open(bytes.NewReader(data), int64(len(data)), convert.Options{Presume: 1, AllLayers: true})
		if err != nil {
			t.Fatal(err)
		}
		if packets, _ := f.Dropped(); f.Presumed() || len(packets) != 1 || packets[0].Again != (again == 1) {
			t.Errorf("told again: %d: got %t, %v, want the packet that was dropped", again, f.Presumed(), packets)
		}
	}
}

// A File that was presumed and not read to its end is not settled.
func TestPresumedAndNotRead(t *testing.T) {
	list := exchanges(0)
	data, _ := write(t, Log{Start: list[0].Time}, whole(list, 1))
	f, err := convert.Open(bytes.NewReader(data), int64(len(data)), convert.Options{Presume: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, f.Reader(), int64(len(data)/2)); err != nil {
		t.Fatal(err)
	}
	if f.Settle() || !f.Presumed() {
		t.Error("it is settled")
	}
}

// A repair says and writes the same of a large trace whether all of it was gone through
// before or not: with damage that is refused it is.
func TestRepairOfPresumedTraces(t *testing.T) {
	if testing.Short() {
		t.Skip("a trace of 70 MB is repaired nine times")
	}
	disturbed := rest{"a response before its request", func(_ []Frame, events []Event) []Event {
		events[late].Time, events[late+1].Time = events[late+1].Time, events[late].Time
		return events
	}, true}
	for _, rest := range []rest{rests[0], rests[4], disturbed} {
		t.Run(rest.name, func(t *testing.T) {
			list := exchanges(4000)
			data, _ := write(t, Log{Processors: 1, Start: list[0].Time, BufferSize: 256 << 10}, rest.change(list, whole(list, 1)))
			if len(data) < large {
				t.Fatalf("the trace has %d bytes only", len(data))
			}
			path := put(t, "trace.etl", data)
			sum, read := sha256.New(), int64(0)
			got := mend(t, path, repair.Options{Sum: sum, Progress: func(done, _ int64) {
				if done < read {
					t.Errorf("%d bytes are read after %d were", done, read)
				}
				read = done
			}})
			if want := sha256.Sum256(got.file); !bytes.Equal(sum.Sum(nil), want[:]) {
				t.Errorf("got %x of what was written, want %x", sum.Sum(nil), want)
			}
			want := mend(t, path, repair.Options{RefuseDamaged: true})
			if !bytes.Equal(got.file, want.file) {
				t.Error("other bytes are written")
			}
			if !reflect.DeepEqual(got.report, want.report) {
				t.Errorf("got report %+v, want %+v", got.report, want.report)
			}
			spooled := mend(t, "-", repair.Options{Stdin: bytes.NewReader(data)})
			if !bytes.Equal(spooled.file, want.file) {
				t.Error("other bytes are written of standard input")
			}
			if moved, want := got.report.Order.Moved > 0, rest.name == disturbed.name; moved != want {
				t.Errorf("moved: got %t, want %t", moved, want)
			}
			if tables, want := len(got.report.Tables) > 0, rest.name == rests[4].name; tables != want {
				t.Errorf("tables: got %t, want %t", tables, want)
			}
		})
	}
}
