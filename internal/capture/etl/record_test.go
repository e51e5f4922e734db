package etl

import (
	"reflect"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// recordTicks is the stamp of the records that records makes.
const recordTicks = uint64(9)

// tcpIP is {9a280ac0-c8e0-11d1-84e2-00c04fb998a2}, the class of TcpIp events.
var tcpIP = etw.GUID{0xc0, 0x0a, 0x28, 0x9a, 0xe0, 0xc8, 0xd1, 0x11, 0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9, 0x98, 0xa2}

// kernelRecord is one of the kernel's, of group 6 (TcpIp) and type 11, with what
// follows its length.
func kernelRecord(kind byte, rest ...any) []byte {
	b := put(put(nil, uint16(3), kind, byte(0xc0), uint16(0), byte(11), byte(6)), rest...)
	le.PutUint16(b[4:], uint16(len(b)))
	return b
}

// classicRecord is one of a class, with what follows EVENT_TRACE_HEADER.
func classicRecord(kind byte, rest ...any) []byte {
	b := put(nil, uint16(0), kind, byte(0xc0), byte(11), byte(5), uint16(3), uint32(77), uint32(66), recordTicks, tcpIP, uint64(0))
	b = put(b, rest...)
	le.PutUint16(b, uint16(len(b)))
	return b
}

// item is an extended item with so many bytes; more is 1 if another follows.
func item(more, size int) []byte {
	return put(nil, uint16(0), uint16(11), uint16(more), uint16(size), make([]byte, (size+7)&^7))
}

// records are records of all types, with "data" as their data.
func records() map[string][]byte {
	data := []byte("data")
	modern := func(kind byte, flags uint16, items ...[]byte) []byte {
		return modernRecord(kind, flags, recordTicks, 1001, slices.Concat(items...), "data")
	}
	counters := kernelRecord(17, recordTicks, [4]uint64{}, data)
	le.PutUint16(counters, 0x8303) // an index of precise sampling, three counters
	return map[string][]byte{
		"system 32":    kernelRecord(1, uint32(77), uint32(66), recordTicks, uint64(0), data),
		"system 64":    kernelRecord(2, uint32(77), uint32(66), recordTicks, uint64(0), data),
		"compact 32":   kernelRecord(3, uint32(77), uint32(66), recordTicks, data),
		"compact 64":   kernelRecord(4, uint32(77), uint32(66), recordTicks, data),
		"perfinfo 32":  kernelRecord(16, recordTicks, data),
		"perfinfo 64":  kernelRecord(17, recordTicks, data),
		"counters":     counters,
		"classic 32":   classicRecord(10, data),
		"classic 64":   classicRecord(20, data),
		"instance 32":  classicRecord(11, uint32(1), uint32(2), tcpIP, data),
		"instance 64":  classicRecord(21, uint32(1), uint32(2), tcpIP, data),
		"event":        modern(19, 0x40),
		"event 32":     modern(18, 0x20),
		"32 on 64":     modern(19, 0x20),
		"one item":     modern(19, 0x40, item(0, 16)),
		"uneven items": modern(19, 0x40, item(1, 5), item(1, 0), item(0, 9)),
	}
}

func TestRecords(t *testing.T) {
	event := func(e etw.Event, pid, tid uint32, level byte, narrow bool) etw.Event {
		e.PID, e.TID, e.Level, e.Narrow = pid, tid, level, narrow
		e.CPU, e.Time, e.Offset, e.Data = 1, madeStart+8, 1024+72, []byte("data")
		return e
	}
	kernel := etw.Event{Classic: true, Provider: tcpIP, Opcode: 11, Version: 3}
	modern := etw.Event{
		Provider: ndis, ID: 1001, Version: 2, Channel: 16, Opcode: 9, Task: 1001, Keyword: 0x8000060140000001,
	}
	want := map[string]etw.Event{
		"system 32":    event(kernel, 66, 77, 0, true),
		"system 64":    event(kernel, 66, 77, 0, false),
		"compact 32":   event(kernel, 66, 77, 0, true),
		"compact 64":   event(kernel, 66, 77, 0, false),
		"perfinfo 32":  event(kernel, 0xffffffff, 0xffffffff, 0, true),
		"perfinfo 64":  event(kernel, 0xffffffff, 0xffffffff, 0, false),
		"counters":     event(kernel, 0xffffffff, 0xffffffff, 0, false),
		"classic 32":   event(kernel, 66, 77, 5, true),
		"classic 64":   event(kernel, 66, 77, 5, false),
		"instance 32":  event(kernel, 66, 77, 5, true),
		"instance 64":  event(kernel, 66, 77, 5, false),
		"event":        event(modern, 66, 77, 4, false),
		"event 32":     event(modern, 66, 77, 4, true),
		"32 on 64":     event(modern, 66, 77, 4, true),
		"one item":     event(modern, 66, 77, 4, false),
		"uneven items": event(modern, 66, 77, 4, false),
	}
	for name, record := range records() {
		t.Run(name, func(t *testing.T) {
			buffer := madeBuffer{cpu: 1, records: [][]byte{record, madeMessage("not given"), madeEvent(10, 3, "next")}}
			got := eventsOf(t, madeLog{start: madeStart, raw0: 1}.file(buffer))
			if len(got) != 2 || !reflect.DeepEqual(got[0], want[name]) || string(got[1].Data) != "next" {
				t.Errorf("got  %+v\nwant %+v and another", got, want[name])
			}
		})
	}
}

// Records that are not for consumers are counted.
func TestSkipped(t *testing.T) {
	header := func(kind byte) []byte { return put(nil, uint16(20), kind, byte(0xc0), [16]byte{}) }
	data := madeLog{}.file(madeBuffer{records: [][]byte{
		madeMessage("one"), header(12), header(13), madeEvent(1, 1, "x"), header(14), header(15), madeMessage(""),
	}})
	s := mustOpen(t, data).Events()
	if n, d := drain(t, s), s.Damages(); n != 2 || s.Skipped != 6 || d.Total != 0 {
		t.Errorf("got %d events, %d skipped, damage %+v; want 2, 6 and none", n, s.Skipped, d)
	}
}

// An item longer than its record costs that record.
func TestItemsThatLie(t *testing.T) {
	items := put(nil, uint16(0), uint16(1), uint16(0), uint16(500))
	bad := modernRecord(19, 0x40, 2, 1001, items, "")
	for _, packed := range []bool{false, true} {
		events, damages := salvage(t, madeLog{}.file(madeBuffer{packed: packed, records: [][]byte{
			madeEvent(1, 1, "before"), bad, madeEvent(3, 1, "after"),
		}}))
		if got := datas(events); !slices.Equal(got, []string{"before", "after"}) || damages.Total != 1 {
			t.Errorf("got %q, damage %+v", got, damages)
		}
	}
}
