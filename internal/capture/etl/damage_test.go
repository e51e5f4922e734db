package etl

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// rows is a log of six buffers with three events each, "0a" to "5c", over two
// processors, and where its buffers begin. The first buffer is the header's.
func rows(packed bool) (data []byte, starts []int) {
	log := madeLog{start: madeStart, end: madeStart + 900}
	if packed {
		log.mode = 0x04000001
	}
	var buffers []madeBuffer
	for i := range 6 {
		var records [][]byte
		for k := range 3 {
			text := fmt.Sprintf("%d%c%s", i, 'a'+k, strings.Repeat("-", 20+30*k))
			records = append(records, madeEvent(uint64(100*i+k), 1, text))
		}
		buffers = append(buffers, madeBuffer{cpu: i % 2, sequence: i + 1, packed: packed, records: records})
	}
	data = log.file(buffers...)
	for at := 0; at < len(data); at += int(le.Uint32(data[at:])) {
		starts = append(starts, at)
	}
	return data, starts
}

// short are the first two letters of each event.
func short(texts []string) string {
	var b strings.Builder
	for _, s := range texts {
		b.WriteString(s[:min(len(s), 2)] + " ")
	}
	return strings.TrimSpace(b.String())
}

func TestDamage(t *testing.T) {
	const all = "0a 0b 0c 1a 1b 1c 2a 2b 2c 3a 3b 3c 4a 4b 4c 5a 5b 5c"
	without := func(events ...string) string {
		left := slices.DeleteFunc(strings.Fields(all), func(s string) bool {
			return slices.ContainsFunc(events, func(e string) bool { return strings.HasPrefix(s, e) })
		})
		return strings.Join(left, " ")
	}
	set := func(offset int, value uint32) func([]byte, []int) []byte {
		return func(b []byte, starts []int) []byte {
			le.PutUint32(b[starts[3]+offset:], value)
			return b
		}
	}
	last := func(length uint32) func([]byte, []int) []byte {
		return func(b []byte, starts []int) []byte {
			le.PutUint32(b[starts[6]:], length)
			return b
		}
	}
	fill := func(from, to int, with byte) func([]byte, []int) []byte {
		return func(b []byte, starts []int) []byte {
			end := starts[3] + to
			if to < 0 {
				end = starts[4]
			}
			copy(b[starts[3]+from:end], bytes.Repeat([]byte{with}, end-starts[3]-from))
			return b
		}
	}
	const record = 80 + 22 + 2 // a record and its padding: the first of its buffer
	for name, test := range map[string]struct {
		change func(b []byte, starts []int) []byte
		want   string // the events that are left
		packed string // the same where the buffers are compressed; as above if it is empty
		errs   []error
		other  []error // the same where the buffers are compressed, if it is not nil
	}{
		"nothing":                         {fill(0, 0, 0), all, "", nil, nil},
		"zeroed buffer":                   {fill(0, -1, 0), without("2"), "", []error{ErrZeros}, nil},
		"zeroed header":                   {fill(0, 72, 0), without("2"), "", []error{ErrBuffer}, nil},
		"header of ones":                  {fill(0, 72, 0xff), without("2"), "", []error{ErrBuffer}, nil},
		"length 0":                        {set(0, 0), all, "", []error{ErrLength}, nil},
		"length too short":                {set(0, 100), all, "", []error{ErrLength}, []error{ErrBuffer}},
		"length too long":                 {set(0, 1<<20), all, "", []error{ErrLength}, nil},
		"length absurd":                   {set(0, 0xfffffff0), all, "", []error{ErrLength}, nil},
		"last's length too short":         {last(600), all, "-", []error{ErrLength}, nil},
		"last's length too long":          {last(5000), all, "", []error{ErrLength}, []error{ErrTruncated}},
		"end of records 0":                {set(0x30, 0), all, "", []error{ErrLength}, nil},
		"end of records absurd":           {set(0x30, 0xfffffff0), all, "", []error{ErrLength}, nil},
		"end of records too far":          {set(0x30, 1000), all, "", []error{ErrRecord}, []error{ErrCompressed}},
		"type 99":                         {set(0x34, 99<<16|0x20), without("2"), "", []error{ErrBuffer}, nil},
		"record's length 0":               {set(72, 0xc0130000), without("2a"), "-", []error{ErrRecord}, nil},
		"record's length too long":        {set(72, 0xc013f000), without("2a"), "-", []error{ErrRecord}, nil},
		"record's length beyond the next": {set(72, 0xc0130000|(record+8)), without("2a"), "-", []error{ErrRecord}, nil},
		"record's type unknown":           {set(72, 0xc0630066), without("2a"), "-", []error{ErrRecord}, nil},
		"record that is none":             {set(72, 0), without("2a"), "-", []error{ErrRecord}, nil},
		"zeros between records":           {fill(72+record, 72+record+40, 0), without("2b"), "-", []error{ErrRecord}, nil},
		"cut in the last header":          {func(b []byte, starts []int) []byte { return b[:starts[6]+71] }, without("5"), "", []error{ErrTruncated}, nil},
		"cut before the last":             {func(b []byte, starts []int) []byte { return b[:starts[6]] }, without("5"), "", nil, nil},
		"cut in the last's first record":  {func(b []byte, starts []int) []byte { return b[:starts[6]+72+50] }, without("5"), "", []error{ErrTruncated}, nil},
		"cut in the last's second record": {func(b []byte, starts []int) []byte { return b[:starts[6]+72+record+85] }, without("5b", "5c"), "-", []error{ErrTruncated}, nil},
		"cut in slack":                    {func(b []byte, starts []int) []byte { return b[:starts[6]+1000] }, all, "-", []error{ErrTruncated}, nil},
		"bytes put in":                    {func(b []byte, starts []int) []byte { return slices.Insert(b, starts[3], []byte("hello, world")...) }, all, "", []error{ErrBuffer}, nil},
		"bytes taken out":                 {func(b []byte, starts []int) []byte { return slices.Delete(b, starts[3]-5, starts[3]+80) }, without("2"), "-", []error{ErrBuffer}, nil},
		"two buffers zeroed":              {func(b []byte, starts []int) []byte { clear(b[starts[2]:starts[4]]); return b }, without("1", "2"), "", []error{ErrZeros}, nil},
		"every other one zeroed": {func(b []byte, starts []int) []byte {
			for i := 1; i < 7; i += 2 {
				clear(b[starts[i] : starts[i]+72])
			}
			return b
		}, without("0", "2", "4"), "", []error{ErrBuffer, ErrBuffer, ErrBuffer}, nil},
		"zeros at the end": {func(b []byte, _ []int) []byte { return append(b, make([]byte, 5000)...) }, all, "", []error{ErrZeros}, nil},
		"another log after it": {func(b []byte, _ []int) []byte {
			return append(b, madeLog{start: 5}.file(madeBuffer{records: [][]byte{madeEvent(1, 1, "no")}})...)
		}, all, "", []error{ErrSecond}, nil},
		"itself after it": {func(b []byte, starts []int) []byte { return append(b, b[:starts[1]]...) }, all, "", nil, nil},
	} {
		for _, packed := range []bool{false, true} {
			if packed && test.packed == "-" {
				continue
			}
			t.Run(fmt.Sprintf("%s/packed=%v", name, packed), func(t *testing.T) {
				events, damages := salvage(t, test.change(rows(packed)))
				want := test.want
				if packed && test.packed != "" {
					want = test.packed
				}
				if got := short(datas(events)); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
				errs := test.errs
				if packed && test.other != nil {
					errs = test.other
				}
				if len(damages.List) != len(errs) || damages.Total != int64(len(errs)) {
					t.Fatalf("got damage %+v, want %v", damages, errs)
				}
				lost := int64(0)
				for i, err := range errs {
					if one := damages.List[i]; !errors.Is(one.Err, err) {
						t.Errorf("got damage %+v, want %v", one, err)
					}
					lost += damages.List[i].Length
				}
				if lost != damages.Lost || lost == 0 && want != all && name != "cut before the last" {
					t.Errorf("got %d bytes lost, want %d", damages.Lost, lost)
				}
			})
		}
	}
}

// A length that is too great by the next buffer hides that one, if both are compressed:
// only the records would tell. What is hidden is noted.
func TestLengthOfTwoBuffers(t *testing.T) {
	for _, packed := range []bool{false, true} {
		data, starts := rows(packed)
		le.PutUint32(data[starts[3]:], uint32(starts[5]-starts[3]))
		events, damages := salvage(t, data)
		got, want, lost := short(datas(events)), 18, int64(0)
		if packed {
			want, lost = 15, int64(starts[5]-starts[4])
		}
		if len(events) != want || damages.Total != 1 || damages.Lost != lost {
			t.Errorf("packed=%v: got %s, damage %+v; want %d events and %d bytes lost", packed, got, damages, want, lost)
		}
	}
}
