package etl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// tiled is a file of a first part and of tiles that differ in their heads alone.
type tiled struct {
	first []byte
	heads [][]byte
	body  []byte
}

func (f *tiled) size() int64 {
	return int64(len(f.first) + len(f.heads)*(len(f.heads[0])+len(f.body)))
}

// ReadAt implements io.ReaderAt.
func (f *tiled) ReadAt(b []byte, offset int64) (n int, err error) {
	for n < len(b) {
		at := int(offset) + n
		var part []byte
		if at < len(f.first) {
			part = f.first[at:]
		} else {
			at -= len(f.first)
			tile, in := at/(len(f.heads[0])+len(f.body)), at%(len(f.heads[0])+len(f.body))
			switch {
			case tile >= len(f.heads):
				return n, io.EOF
			case in < len(f.heads[0]):
				part = f.heads[tile][in:]
			default:
				part = f.body[in-len(f.heads[0]):]
			}
		}
		n += copy(b[n:], part)
	}
	return n, nil
}

// wide is a log of one buffer of 16 MiB for each of so many processors.
func wide(processors int, packed bool) *tiled {
	const size = 16 << 20
	m := madeLog{bufferSize: size, start: madeStart}
	if packed {
		m.mode = 0x04000001
	}
	var one madeBuffer
	filled := 72
	for i := 0; ; i++ {
		r := madeEvent(uint64(i), i, strings.Repeat(fmt.Sprint(i, " and so on "), 1+i%100))
		if i%500 == 0 {
			r = madeEvent(uint64(i), i, strings.Repeat(fmt.Sprint(i), 65_000/len(fmt.Sprint(i))))
		}
		if filled += aligned(len(r)); filled > size {
			break
		}
		one.records = append(one.records, r)
	}
	one.packed = packed
	body := one.bytes(size, 0, 3)
	f := &tiled{first: m.file()[:1024], body: body[72:]}
	le.PutUint32(f.first, 1024)
	for cpu := range processors {
		head := bytes.Clone(body[:72])
		le.PutUint16(head[0x28:], uint16(cpu))
		f.heads = append(f.heads, head)
	}
	return f
}

// Buffers of 16 MiB of 64 processors are open at the same time, and each record costs
// no memory.
func TestMemory(t *testing.T) {
	const most = 100 << 20
	for _, packed := range []bool{false, true} {
		f := wide(64, packed)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		log, err := Open(f, f.size(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		s := log.Events()
		next := func() {
			var e etw.Event
			if err := s.Next(&e); err != nil {
				t.Fatal(err)
			}
		}
		for range 50_000 {
			next()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > most || len(s.heads) != 64 {
			t.Errorf("packed=%v: %d MiB are held for %d processors, want at most %d for 64", packed, held>>20, len(s.heads), most>>20)
		} else {
			t.Logf("packed=%v: %d KiB are held, %d KiB were allocated, for a log of %d MiB", packed, held>>10, (after.TotalAlloc-before.TotalAlloc)>>10, f.size()>>20)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > most {
			t.Errorf("packed=%v: %d MiB were allocated", packed, allocated>>20)
		}
		if got := testing.AllocsPerRun(10_000, next); got != 0 {
			t.Errorf("packed=%v: %v allocations an event", packed, got)
		}
		runtime.KeepAlive(f)
	}
}

// The index takes few bytes for each buffer.
func TestIndexIsSmall(t *testing.T) {
	var buffers []madeBuffer
	for i := range 5000 {
		buffers = append(buffers, madeBuffer{cpu: i % 7, records: [][]byte{madeEvent(uint64(i)*30_000_000, 1, "x")}})
	}
	log := mustOpen(t, madeLog{}.file(buffers...))
	size := 0
	for _, r := range log.runs {
		size += len(r.rest)
	}
	if len(log.runs) != 7 || size > 12*len(buffers) {
		t.Errorf("the index of %d buffers has %d runs and %d bytes", len(buffers), len(log.runs), size)
	}
}

// A log whose time always goes back has as many runs as are allowed, and no more.
func TestRunsAreLimited(t *testing.T) {
	var buffers []madeBuffer
	for i := range maxRuns + 500 {
		buffers = append(buffers, madeBuffer{records: [][]byte{madeEvent(uint64(1_000_000-i), 1, "x")}})
	}
	log := mustOpen(t, madeLog{bufferSize: 1024}.file(buffers...))
	if n := drain(t, log.Events()); n != len(buffers)+1 || len(log.runs) != maxRuns {
		t.Errorf("got %d events in %d runs, want %d in %d", n, len(log.runs), len(buffers)+1, maxRuns)
	}
}

// failing is a file of which reads fail that begin at an offset or after it.
type failing struct {
	data []byte
	from int64
}

var errDisk = errors.New("the disk is broken")

// ReadAt implements io.ReaderAt.
func (f failing) ReadAt(b []byte, offset int64) (int, error) {
	if offset >= f.from {
		return 0, errDisk
	}
	return bytes.NewReader(f.data).ReadAt(b, offset)
}

// What cannot be read is an error and not damage, in sound logs and in damaged ones.
func TestReadErrors(t *testing.T) {
	for name, damage := range map[string]func([]byte, []int) []byte{
		"sound":        func(b []byte, _ []int) []byte { return b },
		"header":       func(b []byte, starts []int) []byte { clear(b[starts[3] : starts[3]+72]); return b },
		"length":       func(b []byte, starts []int) []byte { le.PutUint32(b[starts[3]:], 100); return b },
		"great length": func(b []byte, starts []int) []byte { le.PutUint32(b[starts[3]:], 1<<20); return b },
		"zeros":        func(b []byte, starts []int) []byte { clear(b[starts[3]:starts[4]]); return b },
		"record":       func(b []byte, starts []int) []byte { le.PutUint16(b[starts[3]+72:], 0xf000); return b },
		"another log":  func(b []byte, starts []int) []byte { return append(b, madeLog{start: 1}.file()...) },
	} {
		for _, packed := range []bool{false, true} {
			data, starts := rows(packed)
			data = damage(data, starts)
			for from := range starts[6] + 73 {
				f := failing{data, int64(from)}
				if _, err := Open(f, int64(len(data)), Options{}); from <= starts[6] && !errors.Is(err, errDisk) {
					t.Fatalf("%s, packed=%v: opened with a disk broken at %d: %v", name, packed, from, err)
				}
				log := mustOpen(t, data)
				log.r = f
				s := log.Events()
				var e etw.Event
				var err error
				for err == nil {
					err = s.Next(&e)
				}
				if !errors.Is(err, errDisk) {
					t.Fatalf("%s, packed=%v: disk broken at %d: %v", name, packed, from, err)
				}
				if again := s.Next(&e); again != err {
					t.Fatalf("after %v, %v", err, again)
				}
			}
		}
	}
}
