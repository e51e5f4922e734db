package witness

import (
	"encoding/binary"
	"unicode/utf16"
)

// bufferSize is how long each buffer of a log is, bytes.
const bufferSize = 64 << 10

// epoch is 1970 in units of 100 ns since 1601.
const epoch = 116444736000000000

// put appends numbers, little-endian.
func put(b []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			b = append(b, v...)
		case string:
			for _, u := range append(utf16.Encode([]rune(v)), 0) {
				b = binary.LittleEndian.AppendUint16(b, u)
			}
		default:
			var err error
			if b, err = binary.Append(b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	return b
}

// logFile writes an event log of one processor, whose clock is the system's time.
type logFile struct {
	done   []byte
	buffer []byte // records of the one that is filled
}

// flush ends a buffer: WMI_BUFFER_HEADER, the records, and 0xFF up to its end.
func (l *logFile) flush() {
	kind := uint16(0)
	if len(l.done) == 0 {
		kind = 4 // the log's header
	}
	filled := uint32(72 + len(l.buffer))
	b := put(nil, uint32(bufferSize), filled, filled, int32(0), uint64(0), uint64(len(l.done)/bufferSize), uint64(0))
	b = put(b, uint8(0), uint8(8), uint16(7), uint32(3), filled, uint16(0), kind, uint64(0), uint64(0))
	b = append(b, l.buffer...)
	for len(b) < bufferSize {
		b = append(b, 0xff)
	}
	l.done, l.buffer = append(l.done, b...), l.buffer[:0]
}

// record adds a record, at a multiple of eight bytes.
func (l *logFile) record(b []byte) {
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	if 72+len(l.buffer)+len(b) > bufferSize {
		l.flush()
	}
	l.buffer = append(l.buffer, b...)
}

// begin adds TRACE_LOGFILE_HEADER, in a buffer of its own.
func (l *logFile) begin(start int64) {
	b := put(nil, uint32(bufferSize), uint8(10), uint8(0), uint8(1), uint8(5), uint32(22631), uint32(1), uint64(start+1), uint32(156250),
		uint32(0), uint32(1), uint32(0), uint32(1), uint32(8), uint32(0), uint32(3000))
	b = put(b, uint64(0), uint64(0), make([]byte, 172+4), uint64(start), uint64(10_000_000), uint64(start), uint32(2), uint32(0), "lab", "lab.etl")
	size := 32 + len(b)
	l.record(append(put(nil, uint16(0), uint8(2), uint8(0xc0), uint16(size), uint8(0), uint8(0), uint32(0), uint32(0), uint64(start), uint64(0)), b...))
	l.flush()
}

// event adds an event with EVENT_HEADER. provider is the GUID as it is stored.
func (l *logFile) event(provider []byte, id uint16, version uint8, time int64, pid uint32, data []byte) {
	b := put(nil, uint16(80+len(data)), uint8(0x13), uint8(0xc0), uint16(0x40), uint16(0), uint32(4), pid, uint64(time))
	b = put(b, provider, id, version, uint8(16), uint8(4), uint8(0), uint16(id), uint64(1), uint64(0), make([]byte, 16))
	l.record(append(b, data...))
}

// metadata adds the record that says how an event lies.
func (l *logFile) metadata(time int64, info []byte) {
	b := put(nil, uint16(48+len(info)), uint8(0x14), uint8(0xc0), uint8(32), uint8(0), uint16(0), uint32(0), uint32(0), uint64(time))
	b = put(b, []byte(metadata), uint64(0))
	l.record(append(b, info...))
}
