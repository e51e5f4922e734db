package etl

import "github.com/mendcap/mendcap/internal/capture/etw"

// Byte 3 of a record says what its header is (TRACE_HEADER_FLAG and others of
// ntwmi.h). All of them have the first bit.
const (
	markRecord  = 0x80
	markEvent   = 0xc0
	markMessage = 0x10 // a message of software tracing (WPP): only its length is read
)

// form is what a record's header is.
type form uint8

const (
	unknown  form = iota
	skipped       // not for consumers
	system        // SYSTEM_TRACE_HEADER; of the kernel
	compact       // the same without times of the processor
	perfInfo      // PERFINFO_TRACE_HEADER
	classic       // EVENT_TRACE_HEADER
	instance      // EVENT_INSTANCE_GUID_HEADER
	event         // EVENT_HEADER
)

// layout is where a header of a record has what all of them have.
type layout struct {
	form   form
	length uint8 // of the header, bytes
	size   uint8 // where the record's length is, header included
	stamp  uint8 // where the ticks are
	narrow bool  // pointers are four bytes long
}

// layouts are those of the types (byte 2) of records.
var layouts = [256]layout{
	1:  {form: system, length: systemHeaderLen, size: 4, stamp: 16, narrow: true},
	2:  {form: system, length: systemHeaderLen, size: 4, stamp: 16},
	3:  {form: compact, length: 24, size: 4, stamp: 16, narrow: true},
	4:  {form: compact, length: 24, size: 4, stamp: 16},
	10: {form: classic, length: 48, stamp: 16, narrow: true},
	11: {form: instance, length: 72, stamp: 16, narrow: true},
	12: {form: skipped, length: 8}, // TIMED
	13: {form: skipped, length: 8}, // ERROR
	14: {form: skipped, length: 8}, // WNODE_HEADER
	15: {form: skipped, length: 8}, // MESSAGE
	16: {form: perfInfo, length: 16, size: 4, stamp: 8, narrow: true},
	17: {form: perfInfo, length: 16, size: 4, stamp: 8},
	18: {form: event, length: eventHeaderLen, stamp: 16, narrow: true},
	19: {form: event, length: eventHeaderLen, stamp: 16},
	20: {form: classic, length: 48, stamp: 16},
	21: {form: instance, length: 72, stamp: 16},
}

var messageLayout = layout{form: skipped, length: 8}

const (
	eventHeaderLen = 80

	recordPrefix = 8  // bytes that tell a record's form and length
	stampEnd     = 24 // bytes that hold the stamp of any record
)

// recordLayout gives the layout and the length of a record that begins with those
// bytes, recordPrefix at least. A form that is unknown means that no record begins there.
func recordLayout(b []byte) (*layout, int) {
	l := &layouts[b[2]]
	switch {
	case b[3] == markEvent:
	case b[3]&(markRecord|markMessage) == markRecord|markMessage:
		l = &messageLayout
	default:
		return &layouts[0], 0
	}
	length := int(le.Uint16(b[l.size:]))
	if length < int(l.length) {
		return &layouts[0], 0
	}
	return l, length
}

// recordStamp gives the ticks of a record of a known form, if those bytes hold them.
func recordStamp(l *layout, b []byte) (int64, bool) {
	if l.form <= skipped || len(b) < int(l.stamp)+8 {
		return 0, false
	}
	return int64(le.Uint64(b[l.stamp:])), true
}

// aligned is a length rounded up to where the next record begins.
func aligned(n int) int { return (n + 7) &^ 7 }

// nobody is the process and the thread of records that state none.
const nobody = 0xffffffff

// fillEvent reads a whole record of a known form, apart from its time, its processor
// and its place. It reports whether the record is sound.
func fillEvent(e *etw.Event, l *layout, b []byte) bool {
	*e = etw.Event{}
	e.Narrow, e.PID, e.TID = l.narrow, nobody, nobody
	body := int(l.length)
	switch l.form {
	case event:
		end, ok := pastItems(b)
		if !ok {
			return false
		}
		body = end
		fillModern(e, b)
	case classic, instance:
		e.Classic, e.Opcode, e.Level, e.Version = true, b[4], b[5], b[6]
		e.TID, e.PID = le.Uint32(b[8:]), le.Uint32(b[12:])
		e.Provider = etw.GUID(b[24:40])
	default:
		e.Classic, e.Version, e.Opcode = true, b[0], b[6]
		e.Provider = kernelClass(b[7])
		if l.form == perfInfo {
			body += perfInfoExtra(le.Uint16(b))
		} else {
			e.TID, e.PID = le.Uint32(b[8:]), le.Uint32(b[12:])
		}
	}
	if body > len(b) {
		return false
	}
	e.Data = b[body:]
	return true
}

// Flags of EVENT_HEADER (EVENT_HEADER_FLAG_* of evntcons.h).
const (
	eventExtended = 0x0001
	event32       = 0x0020
	eventClassic  = 0x0100
)

// fillModern reads EVENT_HEADER, which is whole.
func fillModern(e *etw.Event, record []byte) {
	b := (*[eventHeaderLen]byte)(record)
	flags := le.Uint16(b[4:])
	e.Narrow, e.Classic = flags&event32 != 0, flags&eventClassic != 0
	e.TID, e.PID = le.Uint32(b[8:]), le.Uint32(b[12:])
	e.Provider = etw.GUID(b[24:40])
	e.ID, e.Version, e.Channel = le.Uint16(b[40:]), b[42], b[43]
	e.Level, e.Opcode, e.Task = b[44], b[45], le.Uint16(b[46:])
	e.Keyword = le.Uint64(b[48:])
}

// pastItems is where the user data of a record with EVENT_HEADER begins: after its
// extended items, if it has some. Each item is a header of 8 bytes, of which a bit says
// that another follows, and its data, padded to 8 bytes.
func pastItems(b []byte) (int, bool) {
	at := eventHeaderLen
	if le.Uint16(b[4:])&eventExtended == 0 {
		return at, true
	}
	for {
		if at+8 > len(b) {
			return 0, false
		}
		more := le.Uint16(b[at+4:])&1 != 0
		at += aligned(8 + int(le.Uint16(b[at+6:])))
		if !more {
			// The padding of the last one may be left out where no data follows.
			return min(at, len(b)), at < len(b)+8
		}
	}
}

// perfInfoExtra is how many bytes follow PERFINFO_TRACE_HEADER by its version: an index
// of precise sampling and up to seven counters, 8 bytes each (TRACE_HEADER_PEBS_INDEX_FLAG,
// TRACE_HEADER_PMC_COUNTERS_MASK).
func perfInfoExtra(version uint16) int {
	n := int(version >> 8 & 7)
	if version&0x8000 != 0 {
		n++
	}
	return 8 * n
}

// kernelClass is the GUID of the class of a group of kernel events, as the
// documentation of their classes (MSNT_SystemTrace) has it; zeros if it is not known.
func kernelClass(group byte) etw.GUID { return kernelClasses[group] }

var kernelClasses = [256]etw.GUID{
	0x00: guid(0x68fdd900, 0x4a3e, 0x11d1, 0x84f40000f80464e3), // EventTraceEvent
	0x01: guid(0x3d6fa8d4, 0xfe05, 0x11d0, 0x9dda00c04fd7ba7c), // DiskIo
	0x02: guid(0x3d6fa8d3, 0xfe05, 0x11d0, 0x9dda00c04fd7ba7c), // PageFault
	0x03: guid(0x3d6fa8d0, 0xfe05, 0x11d0, 0x9dda00c04fd7ba7c), // Process
	0x04: guid(0x90cbdc39, 0x4a3e, 0x11d1, 0x84f40000f80464e3), // FileIo
	0x05: guid(0x3d6fa8d1, 0xfe05, 0x11d0, 0x9dda00c04fd7ba7c), // Thread
	0x06: guid(0x9a280ac0, 0xc8e0, 0x11d1, 0x84e200c04fb998a2), // TcpIp
	0x08: guid(0xbf3a50c5, 0xa9c9, 0x4988, 0xa0052df0b7c80f80), // UdpIp
	0x09: guid(0xae53722e, 0xc863, 0x11d2, 0x865900c04fa321a1), // Registry
	0x0b: guid(0x01853a65, 0x418f, 0x4f36, 0xaefcdc0f1d2fd235), // SystemConfig
	0x0f: guid(0xce1dbfb4, 0x137e, 0x4da6, 0x87b03f59aa102cbc), // PerfInfo
	0x14: guid(0x2cb15d1d, 0x5fc1, 0x11d2, 0xabe100a0c911f518), // Image
}

// guid puts the fields of a GUID in the order in which they are stored.
func guid(a uint32, b, c uint16, d uint64) (g etw.GUID) {
	le.PutUint32(g[:], a)
	le.PutUint16(g[4:], b)
	le.PutUint16(g[6:], c)
	for i := range 8 {
		g[8+i] = byte(d >> (56 - 8*i))
	}
	return g
}
