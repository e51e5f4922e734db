package etl

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unicode/utf16"
)

// rounds is how often a test is to do what it does at random.
func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// What follows writes logs down as the formats' documentation has them. It shares no
// constant with the reader: what is tested doesn't say what is right.

// madeLog is what a made log's header says.
type madeLog struct {
	bufferSize  int // 1,024 if it is 0
	pointerSize int // 8 if it is 0
	clock       int // 1 if it is 0
	frequency   int // 10,000,000 if it is 0
	mhz         int
	start, end  uint64
	raw0        uint64 // stamp of the header's record
	mode        uint32
	state       uint32 // of the first buffer; 3 if it is 0
	lost        int
	session     string
}

// madeBuffer is one buffer of a made log.
type madeBuffer struct {
	cpu      int
	narrow   bool // the number of the processor has 8 bits
	packed   bool
	sequence int
	logger   int
	flags    int
	records  [][]byte
}

// put appends numbers of the sizes that their types have.
func put(b []byte, values ...any) []byte {
	for _, v := range values {
		var err error
		if b, err = binary.Append(b, binary.LittleEndian, v); err != nil {
			panic(err)
		}
	}
	return b
}

// text is UTF-16 with a zero at its end.
func text(s string) []byte { return put(nil, append(utf16.Encode([]rune(s)), 0)) }

// file writes a log.
func (m madeLog) file(buffers ...madeBuffer) []byte {
	if m.bufferSize == 0 {
		m.bufferSize = 1024
	}
	if m.state == 0 {
		m.state = 3
	}
	first := madeBuffer{records: [][]byte{m.header(len(buffers) + 1)}}
	out := first.bytes(m.bufferSize, 4, m.state)
	for _, b := range buffers {
		out = append(out, b.bytes(m.bufferSize, 0, 3)...)
	}
	return out
}

// header is the record of TRACE_LOGFILE_HEADER.
func (m madeLog) header(buffers int) []byte {
	if m.pointerSize == 0 {
		m.pointerSize = 8
	}
	if m.clock == 0 {
		m.clock = 1
	}
	if m.frequency == 0 {
		m.frequency = 10_000_000
	}
	if m.session == "" {
		m.session = "made"
	}
	b := put(nil, uint32(m.bufferSize), [4]byte{10, 0, 1, 5}, uint32(19045), uint32(4), m.end, uint32(156250), uint32(0),
		m.mode, uint32(buffers), uint32(1), uint32(m.pointerSize), uint32(m.lost), uint32(m.mhz))
	b = append(b, make([]byte, 2*m.pointerSize)...)
	zone := make([]byte, 172)
	binary.LittleEndian.PutUint32(zone, 0xffffffc4) // -60 minutes
	copy(zone[4:], text("Mitteleuropäische Zeit"))
	b = append(b, zone...)
	b = append(b, make([]byte, 4)...)
	b = put(b, m.start-1000, uint64(m.frequency), m.start, uint32(m.clock), uint32(0))
	b = append(append(b, text(m.session)...), text(`C:\made.etl`)...)
	kind := byte(2)
	if m.pointerSize == 4 {
		kind = 1
	}
	return append(put(nil, uint16(2), kind, byte(0xc0), uint16(32+len(b)), byte(0), byte(0), uint32(1), uint32(2), m.raw0,
		uint32(0), uint32(0)), b...)
}

// bytes writes a buffer.
func (m madeBuffer) bytes(size, kind int, state uint32) []byte {
	var records []byte
	for _, r := range m.records {
		records = append(records, r...)
		records = append(records, make([]byte, -len(r)&7)...)
	}
	filled, body := 72+len(records), records
	if m.packed {
		m.flags |= 0x40
		body = pack(records)
		size = 72 + len(body)
	} else if filled > size {
		panic("records do not fit their buffer")
	}
	processor := uint16(m.cpu)
	if m.narrow {
		processor |= 8 << 8
	} else {
		m.flags |= 0x20
	}
	b := put(nil, uint32(size), uint32(filled), uint32(0xdead0000), int32(0), uint64(0x1122334455667788), uint64(m.sequence),
		uint64(0xffffac85984c3020), processor, uint16(m.logger), state, uint32(filled), uint16(m.flags), uint16(kind),
		uint64(0xffffac85984c3038), uint64(0))
	b = append(b, body...)
	return append(b, bytes.Repeat([]byte{0xff}, size-len(b))...)
}

// madeEvent is a record with EVENT_HEADER.
func madeEvent(ticks uint64, id int, data string) []byte {
	return modernRecord(19, 0x40, ticks, id, nil, data)
}

// modernRecord writes a record with EVENT_HEADER, and with extended items if there are.
func modernRecord(kind byte, flags uint16, ticks uint64, id int, items []byte, data string) []byte {
	if items != nil {
		flags |= 1
	}
	b := put(nil, uint16(80+len(items)+len(data)), kind, byte(0xc0), flags, uint16(0), uint32(77), uint32(66), ticks,
		[16]byte{0x6e, 0x00, 0xd6, 0x2e, 0x29, 0x47, 0x09, 0x46, 0xb4, 0x23, 0x3e, 0xe7, 0xbc, 0xd6, 0x78, 0xef},
		uint16(id), byte(2), byte(16), byte(4), byte(9), uint16(1001), uint64(0x8000060140000001), uint64(0), [16]byte{})
	return append(append(b, items...), data...)
}

// madeMessage is a message of software tracing with a payload.
func madeMessage(data string) []byte {
	return append(put(nil, uint16(8+len(data)), byte(0), byte(0x90), uint16(10), uint16(0)), data...)
}

// pack compresses by Plain LZ77 ([MS-XCA] 2.3), with the first match that a table of
// three bytes finds.
func pack(data []byte) []byte {
	var out []byte
	var flags uint32
	count, flagsAt, half := 0, 0, -1
	flag := func(bit uint32) {
		if count%32 == 0 {
			if count > 0 {
				binary.LittleEndian.PutUint32(out[flagsAt:], flags)
			}
			flagsAt, out = len(out), append(out, 0, 0, 0, 0)
		}
		flags = flags<<1 | bit
		count++
	}
	seen := map[[3]byte]int{}
	for i := 0; i < len(data); {
		length := 0
		if i+3 <= len(data) {
			key := [3]byte(data[i:])
			if at, ok := seen[key]; ok && i-at <= 8192 {
				for i+length < len(data) && data[at+length] == data[i+length] {
					length++
				}
				flag(1)
				out, half = packMatch(out, i-at, length, half)
			}
			seen[key] = i
		}
		if length == 0 {
			flag(0)
			out = append(out, data[i])
			length = 1
		}
		i += length
	}
	// The flags that are left over are ones.
	for flag(1); count%32 != 0; flag(1) {
	}
	binary.LittleEndian.PutUint32(out[flagsAt:], flags)
	return out
}

// packMatch writes one match, and its length in the shortest form there is.
func packMatch(out []byte, back, length, half int) ([]byte, int) {
	n := length - 3
	out = put(out, uint16((back-1)<<3|min(n, 7)))
	if n < 7 {
		return out, half
	}
	nibble := byte(min(n-7, 15))
	if half >= 0 {
		out[half] |= nibble << 4
		half = -1
	} else {
		half = len(out)
		out = append(out, nibble)
	}
	switch {
	case n-7 < 15:
	case n-7-15 < 255:
		out = append(out, byte(n-7-15))
	case n < 1<<16:
		out = put(append(out, 255), uint16(n))
	default:
		out = put(append(out, 255, 0, 0), uint32(n))
	}
	return out, half
}
