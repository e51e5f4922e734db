package etl

import (
	"reflect"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

func TestRecords(t *testing.T) {
	class := [16]byte{0xc0, 0x0a, 0x28, 0x9a, 0xe0, 0xc8, 0xd1, 0x11, 0x84, 0xe2, 0x00, 0xc0, 0x4f, 0xb9, 0x98, 0xa2}
	tcp := etw.GUID(class)
	const ticks = uint64(9)
	kernel := func(kind byte, rest ...any) []byte {
		b := put(nil, uint16(3), kind, byte(0xc0), uint16(0), byte(11), byte(6))
		b = put(b, rest...)
		le.PutUint16(b[4:], uint16(len(b)))
		return b
	}
	mof := func(kind byte, rest ...any) []byte {
		b := put(nil, uint16(0), kind, byte(0xc0), byte(11), byte(5), uint16(3), uint32(77), uint32(66), ticks, class, uint64(0))
		b = put(b, rest...)
		le.PutUint16(b, uint16(len(b)))
		return b
	}
	item := func(more, size int) []byte {
		return put(nil, uint16(0), uint16(11), uint16(more), uint16(size), make([]byte, (size+7)&^7))
	}
	of := func(e etw.Event) etw.Event {
		e.CPU, e.Time, e.Offset, e.Data = 1, madeStart+8, 1024+72, []byte("data")
		return e
	}
	nine := etw.Event{Classic: true, Provider: tcp, Opcode: 11, Version: 3}
	with := func(e etw.Event, pid, tid uint32, level byte, narrow bool) etw.Event {
		e.PID, e.TID, e.Level, e.Narrow = pid, tid, level, narrow
		return of(e)
	}
	modern := etw.Event{
		Provider: ndis, ID: 1001, Version: 2, Channel: 16, Level: 4, Opcode: 9, Task: 1001, Keyword: 0x8000060140000001, PID: 66, TID: 77,
	}
	data := []byte("data")
	for name, test := range map[string]struct {
		record []byte
		want   etw.Event
	}{
		"system 32":    {kernel(1, uint32(77), uint32(66), ticks, uint64(0), data), with(nine, 66, 77, 0, true)},
		"system 64":    {kernel(2, uint32(77), uint32(66), ticks, uint64(0), data), with(nine, 66, 77, 0, false)},
		"compact 32":   {kernel(3, uint32(77), uint32(66), ticks, data), with(nine, 66, 77, 0, true)},
		"compact 64":   {kernel(4, uint32(77), uint32(66), ticks, data), with(nine, 66, 77, 0, false)},
		"perfinfo 32":  {kernel(16, ticks, data), with(nine, 0xffffffff, 0xffffffff, 0, true)},
		"perfinfo 64":  {kernel(17, ticks, data), with(nine, 0xffffffff, 0xffffffff, 0, false)},
		"classic 32":   {mof(10, data), with(nine, 66, 77, 5, true)},
		"classic 64":   {mof(20, data), with(nine, 66, 77, 5, false)},
		"instance 32":  {mof(11, uint32(1), uint32(2), class, data), with(nine, 66, 77, 5, true)},
		"instance 64":  {mof(21, uint32(1), uint32(2), class, data), with(nine, 66, 77, 5, false)},
		"event":        {modernRecord(19, 0x40, ticks, 1001, nil, "data"), of(modern)},
		"event 32":     {modernRecord(18, 0x20, ticks, 1001, nil, "data"), with(modern, 66, 77, 4, true)},
		"32 on 64":     {modernRecord(19, 0x20, ticks, 1001, nil, "data"), with(modern, 66, 77, 4, true)},
		"one item":     {modernRecord(19, 0x40, ticks, 1001, item(0, 16), "data"), of(modern)},
		"uneven items": {modernRecord(19, 0x40, ticks, 1001, slices.Concat(item(1, 5), item(1, 0), item(0, 9)), "data"), of(modern)},
	} {
		t.Run(name, func(t *testing.T) {
			buffer := madeBuffer{cpu: 1, records: [][]byte{test.record, madeMessage("not given"), madeEvent(10, 3, "next")}}
			got := eventsOf(t, madeLog{start: madeStart, raw0: 1}.file(buffer))
			if len(got) != 2 || !reflect.DeepEqual(got[0], test.want) || string(got[1].Data) != "next" {
				t.Errorf("got  %+v\nwant %+v and another", got, test.want)
			}
		})
	}
	extended := kernel(17, ticks, [4]uint64{}, data)
	le.PutUint16(extended, 0x8303) // an index of precise sampling, three counters
	got := eventsOf(t, madeLog{start: madeStart, raw0: 1}.file(madeBuffer{cpu: 1, records: [][]byte{extended}}))
	if len(got) != 1 || !reflect.DeepEqual(got[0], with(nine, 0xffffffff, 0xffffffff, 0, false)) {
		t.Errorf("with counters: got %+v", got)
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
