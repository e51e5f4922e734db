package etl

import (
	"fmt"
	"io"
	"unicode/utf16"
)

// Header is what TRACE_LOGFILE_HEADER says of a log. Its texts come from the file and
// are not made safe to show.
type Header struct {
	Major, Minor uint8  // version of Windows
	Build        int    // of Windows
	Processors   int    // of the machine
	PointerSize  int    // of the machine, bytes
	Clock        Clock  // what stamped the records
	Frequency    int64  // ticks of the performance counter in a second
	MHz          int    // of the processors
	Boot         int64  // when the machine was started, FILETIME
	Start        int64  // when the log was begun, FILETIME
	End          int64  // when it was closed, FILETIME; 0 = it was not
	Bias         int    // minutes that local time is behind UTC, without daylight saving time
	Mode         uint32 // EVENT_TRACE_FILE_MODE_* and others of evntrace.h
	BufferSize   int    // bytes of a buffer, before compression
	Written      int    // buffers, as the log was closed
	EventsLost   int
	BuffersLost  int
	Zone         string // name of the time zone
	Session      string // name of the session
	File         string // name of the log
}

// Modes of logs (evntrace.h, ntwmi.h).
const (
	modeCircular    = 0x00000002
	modePreallocate = 0x00000020
	modeCompressed  = 0x04000000
)

const (
	systemHeaderLen = 32
	logfileFixedLen = 272            // of TRACE_LOGFILE_HEADER of a 32-bit system, without its names
	zoneLen         = 172            // of TIME_ZONE_INFORMATION
	maxRecord       = 1<<16 - 1      // a record's length is a uint16
	recognisedLen   = 72 + 32 + 16   // bytes that Recognised looks at
	firstLen        = 72 + maxRecord // bytes that hold the first record
)

// Recognised reports whether a file that begins with those bytes is an .etl log. It
// needs the first 120 bytes.
func Recognised(head []byte) bool {
	if len(head) < recognisedLen {
		return false
	}
	h, r := parseBuffer(head), head[bufferHeaderLen:]
	return h.size >= bufferHeaderLen && h.size <= maxBuffer && !h.compressed() && h.kind <= typeKnown && isLogfileHeader(r) &&
		r[systemHeaderLen+4] < 32 && le.Uint32(r[systemHeaderLen:]) != 0
}

// isLogfileHeader reports whether a record is TRACE_LOGFILE_HEADER: the kernel's event
// of group 0 and type 0.
func isLogfileHeader(r []byte) bool {
	return len(r) >= systemHeaderLen && (r[2] == 1 || r[2] == 2) && r[3] == markEvent && le.Uint16(r[6:]) == 0 &&
		int(le.Uint16(r[4:])) >= systemHeaderLen+logfileFixedLen
}

// parseLogfile reads TRACE_LOGFILE_HEADER out of a record, which begins with a header
// of the kernel's events.
func parseLogfile(r []byte) (Header, error) {
	if !isLogfileHeader(r) {
		return Header{}, ErrHeader
	}
	b := r[systemHeaderLen:min(len(r), int(le.Uint16(r[4:])))]
	if len(b) < logfileFixedLen {
		return Header{}, fmt.Errorf("%w: %w", ErrHeader, io.ErrUnexpectedEOF)
	}
	u32 := func(at int) int { return int(le.Uint32(b[at:])) }
	h := Header{
		Major: b[4], Minor: b[5], Build: u32(8), Processors: u32(12), End: int64(le.Uint64(b[16:])),
		Mode: le.Uint32(b[32:]), BufferSize: u32(0), Written: u32(36), PointerSize: u32(44), EventsLost: u32(48), MHz: u32(52),
	}
	if h.PointerSize != 4 && h.PointerSize != 8 {
		return Header{}, fmt.Errorf("%w: pointers of %d bytes", ErrHeader, h.PointerSize)
	}
	zone := 56 + 2*h.PointerSize
	boot := (zone + zoneLen + 7) &^ 7
	if len(b) < boot+32 {
		return Header{}, fmt.Errorf("%w: %w", ErrHeader, io.ErrUnexpectedEOF)
	}
	h.Bias = int(int32(le.Uint32(b[zone:])))
	h.Zone, _ = cutText(b[zone+4 : zone+4+64])
	h.Boot, h.Frequency, h.Start = int64(le.Uint64(b[boot:])), int64(le.Uint64(b[boot+8:])), int64(le.Uint64(b[boot+16:]))
	h.Clock, h.BuffersLost = Clock(le.Uint32(b[boot+24:])), u32(boot+28)
	rest := b[boot+32:]
	h.Session, rest = cutText(rest)
	h.File, _ = cutText(rest)
	return h, nil
}

// cutText takes UTF-16 text up to a zero from the front of bytes.
func cutText(b []byte) (text string, rest []byte) {
	var units []uint16
	for len(b) >= 2 {
		u := le.Uint16(b)
		b = b[2:]
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units)), b
}
