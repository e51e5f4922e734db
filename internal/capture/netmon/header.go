package netmon

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

var le = binary.LittleEndian

// HeadLen is how much of a file Recognised needs, bytes.
const HeadLen = 4

// headerLen is the length of the file header, bytes. Wireshark's writer pads it to
// 128; Network Monitor and Message Analyzer write frames from here on.
const headerLen = 72

const (
	magic2 = "GMBU"
	magic1 = "RTSS"
)

// Recognised says whether a file that begins with head is of Network Monitor, even
// of a version that Open refuses.
func Recognised(head []byte) bool {
	return len(head) >= HeadLen && (string(head[:4]) == magic2 || string(head[:4]) == magic1)
}

// header is what the file header says of where things are: CAPTUREFILE_HEADER.
type header struct {
	media     uint16 // of all frames before version 2.1
	frames    span   // the frame table
	comments  span
	processes span // its length is a number of processes
	network   span // ExtendedInfo, in version 2.3
}

// span is a part of the file: an offset and a length, bytes.
type span struct{ offset, length int64 }

func (s span) end() int64 { return s.offset + s.length }

// spanAt reads a span.
func spanAt(p []byte) span { return span{int64(le.Uint32(p)), int64(le.Uint32(p[4:]))} }

// readHeader reads the file header, and when the capture began.
func (f *File) readHeader(o Options) error {
	p := make([]byte, min(headerLen, f.size))
	if err := readFull(f.r, p, 0); err != nil {
		return err
	}
	switch {
	case !Recognised(p):
		return ErrNotNetmon
	case string(p[:4]) == magic1:
		return ErrVersion1
	case len(p) < headerLen:
		return fmt.Errorf("%w: it has %d bytes of %d", ErrTruncated, len(p), headerLen)
	}
	minor, major := p[4], p[5]
	if major != 2 || minor > 3 {
		return fmt.Errorf("%w: %d.%d", ErrVersion, major, minor)
	}
	f.Minor = int(minor)
	f.head = header{le.Uint16(p[6:]), spanAt(p[24:]), spanAt(p[40:]), spanAt(p[48:]), spanAt(p[56:])}
	f.readStart(p[8:24], o)
	if f.Minor >= 3 {
		return f.readUTC()
	}
	return nil
}

// readStart reads the SYSTEMTIME at which the capture began.
func (f *File) readStart(p []byte, o Options) {
	var v [8]int // year, month, day of the week, day, hour, minute, second, millisecond
	for i := range v {
		v[i] = int(le.Uint16(p[2*i:]))
	}
	civil := func(zone *time.Location) time.Time {
		return time.Date(v[0], time.Month(v[1]), v[3], v[4], v[5], v[6], v[7]*1e6, zone)
	}
	local := civil(time.UTC)
	// What is out of range was carried over into other fields.
	if local.Year() != v[0] || local.Month() != time.Month(v[1]) || local.Day() != v[3] || local.Hour() != v[4] ||
		local.Minute() != v[5] || local.Second() != v[6] || v[7] > 999 || v[0] < firstYear || v[0] > lastYear {
		f.Damages.add(Damage{Offset: 8, Length: 16, Err: fmt.Errorf("%w: % d", ErrStart, v)})
		f.Start = fileTime(time.Unix(0, 0))
		return
	}
	f.Local = local
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	f.Start = fileTime(civil(o.Zone))
}

// The years in which a capture can have been made, for what is to be believed of
// times: before the first there was no Network Monitor.
const (
	firstYear = 1990
	lastYear  = 2200
)

// extendedLen is the fixed part of ExtendedInfo: version, start of the capture, and
// how many time zones follow.
const extendedLen = 11

// readUTC reads ExtendedInfo, from which version 2.3 knows in UTC when the capture
// began. It can't be right where it differs from local time by no zone that there is.
func (f *File) readUTC() error {
	f.ZoneStated = true // the stamps of frames are UTC
	at := f.head.network
	if at.offset == 0 && at.length == 0 {
		return nil
	}
	if at.offset < headerLen || at.offset+extendedLen > f.size {
		f.Damages.add(Damage{Offset: at.offset, Length: max(0, f.size-at.offset), Lost: true, Err: fmt.Errorf("%w: the file ends before it", ErrExtended)})
		return nil
	}
	p := make([]byte, extendedLen)
	if err := readFull(f.r, p, at.offset); err != nil {
		return err
	}
	start := int64(le.Uint64(p[2:]))
	if version := le.Uint16(p); version != 1 || !credible(start) || !f.Local.IsZero() && !zoned(start-fileTime(f.Local)) {
		f.Damages.add(Damage{Offset: at.offset, Length: extendedLen, Err: fmt.Errorf("%w: version %d, start %d", ErrExtended, version, start)})
		return nil
	}
	f.Start, f.startStated = start, true
	f.read.add(at.offset, at.offset+extendedLen)
	return nil
}

// The unit of FILETIME is 100 ns.
const (
	perSecond = 10_000_000
	perMilli  = 10_000
	perMicro  = 10
	toUnix    = 11_644_473_600 // seconds from the year 1601 to 1970
	quarter   = 15 * 60 * perSecond
)

// fileTime is FILETIME of a time that was given to the millisecond.
func fileTime(t time.Time) int64 {
	return (t.Unix()+toUnix)*perSecond + int64(t.Nanosecond())/100
}

var (
	earliest = fileTime(time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC))
	latest   = fileTime(time.Date(lastYear, 1, 1, 0, 0, 0, 0, time.UTC))
)

// credible says whether a frame can have been captured at a time.
func credible(t int64) bool { return t >= earliest && t < latest }

// zoned says whether a difference between UTC and local time is a multiple of a quarter
// of an hour, as in every zone. Local time was cut to milliseconds.
func zoned(d int64) bool {
	return (d%quarter+quarter+slack)%quarter < perMilli+2*slack
}

// after adds a delta, microseconds, to a FILETIME. Where that is before 1970, when the
// clocks of captures begin, or out of range, it gives that FILETIME, and ok is false.
func after(start, delta int64) (t int64, ok bool) {
	const most = math.MaxInt64 / perMicro / 2
	if delta > most || delta < -most {
		return start, false
	}
	if t = start + delta*perMicro; t < toUnix*perSecond {
		return start, false
	}
	return t, true
}
