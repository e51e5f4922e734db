package etl

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// addSeeds gives small logs to a fuzz target, since it does little with long ones: some
// that were made, and specimens of those that there are.
func addSeeds(f *testing.F) {
	for _, packed := range []bool{false, true} {
		log := madeLog{start: madeStart, end: madeStart + 5000}
		if packed {
			log.mode = 0x04000001
		}
		f.Add(log.file(write(rand.New(rand.NewPCG(11, 12)), log, 3, 12, packed).buffers...))
		data, _ := rows(packed)
		f.Add(data)
	}
	for _, record := range records() {
		f.Add(madeLog{bufferSize: 512}.file(madeBuffer{records: [][]byte{record, madeMessage("m"), record}}))
	}
	for _, data := range sortedSeeds(f) {
		for _, packed := range []bool{false, true} {
			f.Add(specimen(f, data, packed))
		}
	}
}

// specimen is a small log with one record of each kind that a log has, as far as they fit.
func specimen(t testing.TB, data []byte, packed bool) []byte {
	const longest, most = 400, 3 // bytes of a record, and buffers
	log := mustOpen(t, data)
	as := madeLog{
		clock: int(log.Clock), frequency: int(log.Frequency), mhz: log.MHz, start: uint64(log.Start), end: uint64(log.End),
		raw0: uint64(log.ticker.first), mode: log.Mode &^ modeCompressed, pointerSize: log.PointerSize, bufferSize: 1024,
	}
	if packed {
		as.mode |= modeCompressed
	}
	var buffers []madeBuffer
	room := 0
	met := map[string]bool{}
	s := log.Events()
	eachEvent(t, s, func(e *etw.Event) {
		record := s.heads[0].queue.bytes
		length := aligned(len(record))
		kind := fmt.Sprint(record[2:4], e.Narrow, e.Provider, e.ID, e.Opcode)
		if met[kind] || length > longest || length > room && len(buffers) == most {
			return
		}
		if length > room {
			buffers = append(buffers, madeBuffer{cpu: int(e.CPU), packed: packed, sequence: len(buffers) + 1})
			room = as.bufferSize - bufferHeaderLen
		}
		met[kind] = true
		room -= length
		last := &buffers[len(buffers)-1]
		last.records = append(last.records, bytes.Clone(record))
	})
	return as.file(buffers...)
}
