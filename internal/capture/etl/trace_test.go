package etl

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// madeStart is when made logs were begun: 2021-06-03 13:49:55.4540046 UTC.
const madeStart = 132672017954540046

// eventsOf gives the events of a log that is not damaged, apart from its header.
func eventsOf(t testing.TB, data []byte) []etw.Event {
	t.Helper()
	events, damages := salvage(t, data)
	if damages.Total != 0 {
		t.Fatalf("damage: %+v", damages)
	}
	return events
}

// salvage gives the events of a log, apart from its header, and what was damaged.
func salvage(t testing.TB, data []byte) ([]etw.Event, Damages) {
	t.Helper()
	var events []etw.Event
	damages := eachEvent(t, mustOpen(t, data).Events(), func(e *etw.Event) {
		if e.Provider == kernelClasses[0] && e.Opcode == 0 && e.Classic {
			return
		}
		copied := *e
		copied.Data = bytes.Clone(e.Data)
		events = append(events, copied)
	})
	return events, damages
}

// datas are the user data of events, as text.
func datas(events []etw.Event) (texts []string) {
	for _, e := range events {
		texts = append(texts, string(e.Data))
	}
	return texts
}

func TestHeader(t *testing.T) {
	for _, pointerSize := range []int{4, 8} {
		data := madeLog{start: madeStart, end: madeStart + 5, raw0: 77, mode: 1, lost: 3, mhz: 2400, pointerSize: pointerSize}.file()
		want := Header{
			Major: 10, Build: 19045, Processors: 4, PointerSize: pointerSize, Clock: PerformanceCounter, Frequency: 10_000_000,
			MHz: 2400, Boot: madeStart - 1000, Start: madeStart, End: madeStart + 5, Bias: -60, Mode: 1, BufferSize: 1024, Written: 1,
			EventsLost: 3, Zone: "Mitteleuropäische Zeit", Session: "made", File: `C:\made.etl`,
		}
		if log := mustOpen(t, data); log.Header != want || log.Buffers != 1 {
			t.Errorf("got  %+v in %d buffers\nwant %+v in 1", log.Header, log.Buffers, want)
		}
		var e etw.Event
		s := mustOpen(t, data).Events()
		if err := s.Next(&e); err != nil || e.Time != madeStart || !e.Classic || e.Narrow != (pointerSize == 4) || e.Offset != 72 ||
			e.Provider.String() != "68fdd900-4a3e-11d1-84f4-0000f80464e3" {
			t.Errorf("got %+v, %v; want the log's header at its start", e, err)
		}
		if err := s.Next(&e); err != io.EOF {
			t.Errorf("got %v, want io.EOF", err)
		}
	}
}

func TestRefused(t *testing.T) {
	made := func(change func(*madeLog)) []byte {
		m := madeLog{start: madeStart}
		change(&m)
		return m.file(madeBuffer{packed: true, records: [][]byte{madeEvent(1, 2, "x")}})
	}
	changed := func(at int, to ...byte) []byte {
		data := made(func(*madeLog) {})
		copy(data[at:], to)
		return data
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"empty":                 {nil, ErrNotTrace},
		"short":                 {made(func(*madeLog) {})[:119], ErrNotTrace},
		"text":                  {bytes.Repeat([]byte("no log "), 100), ErrNotTrace},
		"other record":          {changed(72+7, 1), ErrNotTrace},
		"cut header":            {made(func(*madeLog) {})[:72+32+271], ErrHeader},
		"cut header of 64 bits": {made(func(*madeLog) {})[:72+32+275], ErrHeader},
		"pointer of 5":          {changed(72+32+44, 5), ErrHeader},
		"clock 4":               {made(func(m *madeLog) { m.clock = 4 }), ErrClock},
		"no frequency":          {changed(72+32+256, 0, 0, 0, 0, 0, 0, 0, 0), ErrHeader},
		"LZNT1":                 {made(func(m *madeLog) { m.mode, m.state = 0x04000000, 2 }), ErrCompression},
		"Huffman":               {made(func(m *madeLog) { m.mode, m.state = 0x04000001, 0x104 }), ErrCompression},
		"unknown":               {made(func(m *madeLog) { m.mode, m.state = 0x04000000, 5 }), ErrCompression},
		"XPRESS":                {made(func(m *madeLog) { m.mode, m.state = 0x04000000, 0x103 }), nil},
		"mode says nothing":     {made(func(m *madeLog) { m.state = 2 }), nil},
	} {
		log, err := Open(bytes.NewReader(test.data), int64(len(test.data)), Options{})
		if !errors.Is(err, test.want) || (err == nil) != (log != nil) {
			t.Errorf("%s: got %v, want %v", name, err, test.want)
		}
		if head := test.data[:min(len(test.data), 120)]; Recognised(head) == errors.Is(err, ErrNotTrace) {
			t.Errorf("%s: recognised: %v, yet opening says %v", name, Recognised(head), err)
		}
	}
}

func TestProcessorLayouts(t *testing.T) {
	record := [][]byte{madeEvent(5, 1, "x")}
	for _, test := range []struct {
		buffer madeBuffer
		want   uint16
	}{
		{madeBuffer{cpu: 3, narrow: true}, 3},
		{madeBuffer{cpu: 255, narrow: true}, 255},
		{madeBuffer{cpu: 3}, 3},
		{madeBuffer{cpu: 2047}, 2047},
		{madeBuffer{cpu: 0x0803}, 3}, // the mask's other bits are not the processor's
	} {
		test.buffer.records = record
		if got := eventsOf(t, madeLog{}.file(test.buffer)); len(got) != 1 || got[0].CPU != test.want {
			t.Errorf("%+v: got %+v, want processor %d", test.buffer, got, test.want)
		}
	}
}

// written is a log as the processors of a machine wrote it, and its events' texts in
// the order in which they are to be read.
type written struct {
	log     madeLog
	buffers []madeBuffer
	want    []string
}

// write lets processors write events. Each hands a buffer over when it is full, or at
// the end; sequence numbers count the buffers handed over.
func write(rng *rand.Rand, log madeLog, processors, events int, packed bool) written {
	type entry struct {
		ticks          uint64
		buffer, record int
		text           string
	}
	var entries []entry
	w := written{log: log}
	open := make([]madeBuffer, processors)
	pending := make([][]entry, processors)
	size := make([]int, processors)
	handOver := func(cpu int) {
		for i, e := range pending[cpu] {
			e.buffer, e.record = len(w.buffers), i
			entries = append(entries, e)
		}
		b := open[cpu]
		b.cpu, b.packed, b.sequence = cpu, packed, len(w.buffers)+1
		w.buffers = append(w.buffers, b)
		open[cpu], pending[cpu], size[cpu] = madeBuffer{}, nil, 0
	}
	ticks := log.raw0
	for i := range events {
		ticks += uint64(rng.IntN(3))
		cpu := min(rng.IntN(processors), rng.IntN(processors)) // the last ones are quiet
		text := fmt.Sprintf("%d of %d%s", i, cpu, bytes.Repeat([]byte{'.'}, rng.IntN(60)))
		r := madeEvent(ticks, i, text)
		if 72+size[cpu]+aligned(len(r)) > 1024 {
			handOver(cpu)
		}
		open[cpu].records = append(open[cpu].records, r)
		pending[cpu] = append(pending[cpu], entry{ticks: ticks, text: text})
		size[cpu] += aligned(len(r))
	}
	for _, cpu := range rng.Perm(processors) {
		if size[cpu] > 0 {
			handOver(cpu)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.ticks, b.ticks), cmp.Compare(a.buffer, b.buffer), cmp.Compare(a.record, b.record))
	})
	for _, e := range entries {
		w.want = append(w.want, e.text)
	}
	return w
}

func TestMerge(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range rounds(60) {
		processors, packed := 1+rng.IntN(70), round%2 == 1
		log := madeLog{start: madeStart, raw0: rng.Uint64N(1 << 62), clock: 1 + round%3, mhz: 2400}
		if packed {
			log.mode = 0x04000001
		}
		w := write(rng, log, processors, 1500, packed)
		data := log.file(w.buffers...)
		events := eventsOf(t, data)
		if got := datas(events); !slices.Equal(got, w.want) {
			t.Fatalf("round %d, %d processors: the order differs at %d of %d", round, processors, firstDifference(got, w.want), len(w.want))
		}
		for _, e := range events {
			if want := fmt.Sprintf(" of %d", e.CPU); !bytes.Contains(e.Data, []byte(want)) {
				t.Fatalf("processor %d has event %q", e.CPU, e.Data)
			}
		}
		again := mustOpen(t, data)
		for range 2 {
			if got := drain(t, again.Events()); got != len(events)+1 {
				t.Fatalf("a stream begun anew has %d events, the first had %d", got, len(events)+1)
			}
		}
	}
}

// drain counts the events of a stream.
func drain(t testing.TB, s *Stream) (n int) {
	eachEvent(t, s, func(*etw.Event) { n++ })
	return n
}

func firstDifference(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// The oldest buffer of a circular log is not the first in its file.
func TestCircular(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for round := range rounds(40) {
		log := madeLog{start: madeStart, mode: 2, raw0: 50}
		w := write(rng, log, 1+rng.IntN(9), 1500, false)
		slots := 1 + rng.IntN(len(w.buffers))
		ring := make([]madeBuffer, slots)
		for i, b := range w.buffers {
			ring[i%slots] = b
		}
		kept := map[string]bool{}
		for _, b := range ring {
			for _, r := range b.records {
				kept[string(r[80:])] = true
			}
		}
		got := datas(eventsOf(t, log.file(ring...)))
		want := slices.DeleteFunc(slices.Clone(w.want), func(s string) bool { return !kept[s] })
		// Of equal stamps the file's order decides, which is not the order of writing here.
		if len(got) != len(want) {
			t.Fatalf("round %d: got %d events, want %d", round, len(got), len(want))
		}
		ticks := ticksOf(w.buffers)
		for i := 1; i < len(got); i++ {
			if ticks[got[i]] < ticks[got[i-1]] {
				t.Fatalf("round %d: %q comes after %q", round, got[i], got[i-1])
			}
		}
	}
}

// ticksOf gives the stamps of events by their texts.
func ticksOf(buffers []madeBuffer) map[string]uint64 {
	ticks := map[string]uint64{}
	for _, b := range buffers {
		for _, r := range b.records {
			ticks[string(r[80:])] = le.Uint64(r[16:])
		}
	}
	return ticks
}

// A processor that has little to say hands its buffer over long after the others.
func TestQuietProcessor(t *testing.T) {
	early := madeBuffer{cpu: 1, records: [][]byte{madeEvent(10, 1, "early"), madeEvent(900, 1, "late")}}
	var buffers []madeBuffer
	for i := range 50 {
		buffers = append(buffers, madeBuffer{records: [][]byte{madeEvent(uint64(20+i), 1, "busy")}})
	}
	got := datas(eventsOf(t, madeLog{}.file(append(buffers, early)...)))
	if len(got) != 52 || got[0] != "early" || got[51] != "late" {
		t.Errorf("got %q", got)
	}
}

func TestTimeGoesBack(t *testing.T) {
	row := func(cpu int, ticks ...uint64) madeBuffer {
		b := madeBuffer{cpu: cpu}
		for _, at := range ticks {
			b.records = append(b.records, madeEvent(at, 1, fmt.Sprintf("%d@%d", cpu, at)))
		}
		return b
	}
	for name, test := range map[string]struct {
		buffers []madeBuffer
		want    []string
	}{
		"two changed places": {
			[]madeBuffer{row(0, 10, 40, 30, 50), row(1, 20, 35)},
			[]string{"0@10", "1@20", "0@40", "0@30", "1@35", "0@50"},
		},
		"one far too high": {
			[]madeBuffer{row(0, 10, 1<<60, 30, 50), row(1, 20, 35)},
			[]string{"0@10", "1@20", "0@1152921504606846976", "0@30", "1@35", "0@50"},
		},
		"one far too high before the next buffer": {
			[]madeBuffer{row(0, 10, 1<<60), row(0, 30, 50), row(1, 20, 35)},
			[]string{"0@10", "1@20", "0@1152921504606846976", "0@30", "1@35", "0@50"},
		},
		"one far too low": {
			[]madeBuffer{row(0, 10, 1, 30, 50), row(1, 20, 35)},
			[]string{"0@10", "0@1", "1@20", "0@30", "1@35", "0@50"},
		},
		"the clock was set back": {
			[]madeBuffer{row(0, 100, 110, 10, 20), row(1, 101, 109, 12, 18)},
			[]string{"0@100", "1@101", "1@109", "1@12", "1@18", "0@110", "0@10", "0@20"},
		},
		"the clock was set back between buffers": {
			[]madeBuffer{row(0, 100, 110), row(1, 101, 109), row(0, 10, 20), row(1, 12, 18)},
			[]string{"0@10", "1@12", "1@18", "0@20", "0@100", "1@101", "1@109", "0@110"},
		},
	} {
		if got := datas(eventsOf(t, madeLog{}.file(test.buffers...))); !slices.Equal(got, test.want) {
			t.Errorf("%s:\ngot  %q\nwant %q", name, got, test.want)
		}
	}
}

// Two sessions in one file number their processors alike.
func TestTwoLoggers(t *testing.T) {
	var buffers []madeBuffer
	var want []string
	for i := range 20 {
		for logger := range 2 {
			var records [][]byte
			for k := range 3 {
				records = append(records, madeEvent(uint64(100*i+10*k+logger), 1, fmt.Sprint(i, k, logger)))
			}
			buffers = append(buffers, madeBuffer{logger: logger, records: records})
		}
		for k := range 3 {
			want = append(want, fmt.Sprint(i, k, 0), fmt.Sprint(i, k, 1))
		}
	}
	if got := datas(eventsOf(t, madeLog{}.file(buffers...))); !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// A log that was not closed: its header was written as it was begun, and the last
// buffer may be cut, or the file be as long as it was allowed to become.
func TestNotClosed(t *testing.T) {
	for _, test := range []struct {
		mode  uint32
		after int // zeros
		want  int // places of damage
	}{{1, 0, 0}, {0x21, 3000, 0}, {1, 3000, 1}} {
		m := madeLog{start: madeStart, mode: test.mode}
		data := m.file(madeBuffer{records: [][]byte{madeEvent(1, 1, "a")}}, madeBuffer{cpu: 1, records: [][]byte{madeEvent(2, 1, "b")}})
		le.PutUint32(data[72+32+36:], 0) // no buffer was counted yet
		log := mustOpen(t, append(data, make([]byte, test.after)...))
		events, damages := salvage(t, append(data, make([]byte, test.after)...))
		if log.End != 0 || log.Written != 0 || log.Buffers != 3 || short(datas(events)) != "a b" || damages.Total != int64(test.want) {
			t.Errorf("%+v: %+v with %d buffers: got %q, damage %+v", test, log.Header, log.Buffers, datas(events), damages)
		}
	}
}

// Loss is told by the log's header, and by the flags of the buffer after it.
func TestLossFlags(t *testing.T) {
	record := [][]byte{madeEvent(1, 1, "a")}
	log := mustOpen(t, madeLog{lost: 9}.file(
		madeBuffer{flags: 2, records: record}, madeBuffer{flags: 6, records: record}, madeBuffer{flags: 1, records: record}))
	if log.EventsLost != 9 || log.BuffersAfterLostEvents != 2 || log.BuffersAfterLostBuffers != 1 {
		t.Errorf("got %+v", log)
	}
}

// Streams of one log do not disturb each other.
func TestStreamsAtTheSameTime(t *testing.T) {
	data, _ := rows(true)
	data = data[:len(data)-10]
	log := mustOpen(t, data)
	counts := make(chan int)
	for range 4 {
		go func() { counts <- drain(t, log.Events()) }()
	}
	for range 4 {
		if n := <-counts; n != 1+18-1 {
			t.Errorf("got %d events, want 18: the cut is in the last record", n)
		}
	}
	if d := log.Damages(); d.Total != 1 || d.Lost != 0 {
		t.Errorf("streams changed what Open found: %+v", d)
	}
}
