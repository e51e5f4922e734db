package etl

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// seeds are the logs that there are: the tests' own, and the samples where they are.
func seeds(t testing.TB, samples bool) map[string][]byte {
	rng := rand.New(rand.NewPCG(11, 12))
	all := map[string][]byte{}
	for _, packed := range []bool{false, true} {
		log := madeLog{start: madeStart, end: madeStart + 5000}
		if packed {
			log.mode = 0x04000001
		}
		all[fmt.Sprintf("made, packed=%v", packed)] = log.file(write(rng, log, 5, 500, packed).buffers...)
	}
	if samples {
		for _, name := range []string{
			"pktmon.etl", "windows/pktmon-19042.etl", "windows/kernel-network.etl", "windows/ndis-ccrod1.etl", "windows/ndis-wmod2.etl",
			"windows/container-amsi-lost-events.etl", "windows/container-waasmedic.etl",
		} {
			all[name] = sample(t, name)
		}
	}
	return all
}

// spot is a part of a file that was damaged; to is -1 for one that was cut.
type spot struct{ from, to int }

// damageCopy damages a copy of a file in one of the ways in which files get damaged.
func damageCopy(rng *rand.Rand, data []byte, starts []int) ([]byte, spot, string) {
	b := bytes.Clone(data)
	// The first record says when all others were: without it there is nothing.
	at := starts[1] + rng.IntN(len(b)-starts[1])
	buffer := starts[1+rng.IntN(len(starts)-1)]
	switch rng.IntN(6) {
	case 0:
		return b[:at], spot{at, len(b)}, "cut"
	case 1:
		to := min(len(b), at+1+rng.IntN(6000))
		clear(b[at:to])
		return b, spot{at, to}, "zeros"
	case 2:
		to := min(len(b), at+1+rng.IntN(64))
		for i := at; i < to; i++ {
			b[i] = byte(rng.Uint32())
		}
		return b, spot{at, to}, "noise"
	case 3:
		field := []int{0, 4, 0x30}[rng.IntN(3)]
		value := rng.Uint32() >> rng.IntN(32)
		if slices.Contains(starts, buffer+int(value)) {
			value++ // see TestLengthOfTwoBuffers
		}
		le.PutUint32(b[buffer+field:], value)
		return b, spot{buffer + field, buffer + field + 4}, "length of a buffer"
	case 4:
		at = buffer + 72 + rng.IntN(8)*8
		at = min(at, len(b)-8)
		le.PutUint16(b[at:], uint16(rng.Uint32()))
		return b, spot{at, at + 2}, "length of a record"
	default:
		clear(b[buffer : buffer+72])
		return b, spot{buffer, buffer + 72}, "header"
	}
}

// bufferStarts are where the buffers of a sound log begin, and its end.
func bufferStarts(data []byte) (starts []int) {
	for at := 0; at < len(data); at += int(le.Uint32(data[at:])) {
		starts = append(starts, at)
	}
	return starts
}

// identity tells events apart, wherever they lie in a file.
type identity struct {
	cpu      uint16
	time     int64
	provider etw.GUID
	id       uint16
	data     uint64 // a hash
}

func identify(e *etw.Event) identity {
	return identity{e.CPU, e.Time, e.Provider, e.ID, maphash.Bytes(hashSeed, e.Data)}
}

var hashSeed = maphash.MakeSeed()

// sound is a log without damage and its events, by processor.
type sound struct {
	data   []byte
	starts []int // where its buffers begin
	events map[uint16][]located
}

// located is an event and its buffer.
type located struct {
	identity
	from, to int
}

func readSound(t *testing.T, data []byte) sound {
	w := sound{data: data, starts: bufferStarts(data), events: map[uint16][]located{}}
	eachEvent(t, mustOpen(t, data).Events(), func(e *etw.Event) {
		n, _ := slices.BinarySearch(w.starts, int(e.Offset)+1)
		l := located{identify(e), w.starts[n-1], len(data)}
		if n < len(w.starts) {
			l.to = w.starts[n]
		}
		w.events[e.CPU] = append(w.events[e.CPU], l)
	})
	return w
}

// Whatever is damaged, the events of all other buffers are there, and those of each
// processor are in their order.
func TestDamagedCopies(t *testing.T) {
	var logs []sound
	for _, data := range sortedSeeds(t) {
		logs = append(logs, readSound(t, data))
	}
	rng := rand.New(rand.NewPCG(13, 14))
	ways, found, unnoticed := map[string]int{}, 0, 0
	for round := range rounds(2000) {
		w := logs[round%len(logs)]
		b, hurt, way := damageCopy(rng, w.data, w.starts)
		due := map[uint16][]located{}
		for cpu, events := range w.events {
			for _, e := range events {
				if hurt.from >= e.to || hurt.to <= e.from {
					due[cpu] = append(due[cpu], e)
					found++
				}
			}
		}
		damages := eachEvent(t, mustOpen(t, b).Events(), func(e *etw.Event) {
			if next := due[e.CPU]; len(next) > 0 && next[0].identity == identify(e) {
				due[e.CPU] = next[1:]
			}
		})
		for cpu, left := range due {
			if len(left) > 0 {
				t.Fatalf("round %d, %s at %+v: processor %d lacks %d events from the buffer at %d on\n%+v", round, way, hurt, cpu, len(left), left[0].from, damages)
			}
		}
		ways[way]++
		if damages.Total == 0 {
			unnoticed++
		}
	}
	t.Logf("%v: %d events of other buffers were there; %d damages were in slack or in data", ways, found, unnoticed)
}

// sortedSeeds are the logs that there are, in an order that does not change.
func sortedSeeds(t testing.TB) (sorted [][]byte) {
	all := seeds(t, haveSamples())
	for _, name := range sortedKeys(all) {
		sorted = append(sorted, all[name])
	}
	return sorted
}

// FuzzEvents reads whatever it is given to its end, twice.
func FuzzEvents(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		log, err := Open(bytes.NewReader(data), int64(len(data)), Options{Memory: 1})
		if err != nil {
			return
		}
		if log.Unpacked > 4*maxRecord {
			t.Skip("takes time that finds nothing")
		}
		first, count := readToEnd(t, log)
		if second, n := readToEnd(t, log); n != count || second.Total != first.Total || second.Lost != first.Lost {
			t.Fatalf("the second time %d events and damage %+v, the first time %d and %+v", n, second, count, first)
		}
		if first.Lost < 0 || first.Lost > 2*int64(len(data)) {
			t.Fatalf("%d bytes lost of %d", first.Lost, len(data))
		}
	})
}

// readToEnd counts events, and checks what must be true of each.
func readToEnd(t *testing.T, log *Trace) (Damages, int) {
	s, count := log.Events(), 0
	for {
		var e etw.Event
		switch err := s.Next(&e); err {
		case nil:
			count++
			if e.Offset < 0 || e.Offset >= log.size || len(e.Data) > maxRecord || e.CPU > processorMask {
				t.Fatalf("event %d: %+v", count, e)
			}
		case io.EOF:
			return s.Damages(), count
		default:
			t.Fatal(err)
		}
	}
}
