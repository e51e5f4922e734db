package etl

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// bigLog is a log of about so many bytes of records, over so many processors, in
// buffers of so many bytes. Its packets are half text, half noise.
func bigLog(size, processors, buffer int, packed bool) []byte {
	rng := rand.New(rand.NewPCG(3, 4))
	payload := make([]byte, 4096)
	for i := range payload {
		if payload[i] = byte(i / 3); i%64 >= 32 {
			payload[i] = byte(rng.IntN(256))
		}
	}
	m := madeLog{bufferSize: buffer, start: 133_000_000_000_000_000, raw0: 1000}
	if packed {
		m.mode = 0x04000000
	}
	open := make([]madeBuffer, processors)
	room := make([]int, processors)
	var closed []madeBuffer
	for made, ticks := 0, uint64(1000); made < size; ticks += 10 {
		n := 60 + rng.IntN(1440)
		from := rng.IntN(len(payload) - n)
		r := madeEvent(ticks, 1001, string(payload[from:from+n]))
		cpu := rng.IntN(processors)
		if room[cpu]+aligned(len(r)) > buffer-bufferHeaderLen {
			closed = append(closed, open[cpu])
			open[cpu], room[cpu] = madeBuffer{}, 0
		}
		open[cpu].cpu, open[cpu].packed = cpu, packed
		open[cpu].records = append(open[cpu].records, r)
		room[cpu] += aligned(len(r))
		made += len(r)
	}
	return m.file(append(closed, open...)...)
}

// BenchmarkEvents measures in decompressed bytes.
func BenchmarkEvents(b *testing.B) {
	for _, processors := range []int{1, 2, 16, 64} {
		for _, packed := range []bool{false, true} {
			b.Run(fmt.Sprintf("%d/packed=%v", processors, packed), func(b *testing.B) {
				data := bigLog(16<<20, processors, 64<<10, packed)
				log, err := Open(bytes.NewReader(data), int64(len(data)), Options{})
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(log.Unpacked)
				b.ReportAllocs()
				b.ResetTimer()
				events := 0
				for b.Loop() {
					s := log.Events()
					var e etw.Event
					for events = 0; ; events++ {
						if err := s.Next(&e); err == io.EOF {
							break
						} else if err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(events), "events/op")
			})
		}
	}
}
