package etw

import (
	"encoding/binary"
	"math/bits"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sampleEvents reads the manifest events of a shared sample, or skips the test where there
// are none. It is a reader of whole files that are sound and no more than that: a second
// one, of which the package for .etl files knows nothing.
func sampleEvents(t testing.TB, name string) []Event {
	t.Helper()
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "captures", name))
	if err != nil {
		t.Fatal(err)
	}
	var events []Event
	var clock logClock
	for at := 0; at+72 <= len(data); {
		size := int(binary.LittleEndian.Uint32(data[at:]))
		b := data[at : at+size]
		filled := int(binary.LittleEndian.Uint32(b[0x30:]))
		flags := binary.LittleEndian.Uint16(b[0x34:])
		cpu := uint16(b[0x28])
		if flags&0x20 != 0 {
			cpu = binary.LittleEndian.Uint16(b[0x28:])
		}
		if flags&0x40 != 0 {
			b = append(slices.Clone(b[:72]), expand(b[72:], filled-72)...)
		}
		events = appendRecords(events, b[:filled], &clock, int64(at), cpu)
		at += size
	}
	slices.SortStableFunc(events, func(a, b Event) int { return int(a.Time - b.Time) })
	return events
}

// logClock turns stamps into times as the log's first record says.
type logClock struct {
	known              bool
	kind               uint32
	first, start, freq uint64
}

func (c *logClock) time(stamp uint64) int64 {
	if c.kind == 2 {
		return int64(stamp)
	}
	high, low := bits.Mul64(stamp-c.first, 1e7)
	ticks, _ := bits.Div64(high, low, c.freq)
	return int64(c.start + ticks)
}

// appendRecords appends the manifest events of a buffer.
func appendRecords(events []Event, b []byte, clock *logClock, offset int64, cpu uint16) []Event {
	le := binary.LittleEndian
	for at := 72; at+8 <= len(b); {
		r, size := b[at:], int(le.Uint16(b[at:]))
		if kind := r[2]; kind <= 4 || kind == 0x10 || kind == 0x11 {
			size = int(le.Uint16(r[4:]))
		}
		r = r[:size]
		if !clock.known {
			h := r[32:]
			*clock = logClock{true, le.Uint32(h[272:]), le.Uint64(r[16:]), le.Uint64(h[264:]), le.Uint64(h[256:])}
		}
		if r[2] == 0x12 || r[2] == 0x13 {
			flags := le.Uint16(r[4:])
			e := Event{
				TID: le.Uint32(r[8:]), PID: le.Uint32(r[12:]), Time: clock.time(le.Uint64(r[16:])),
				Provider: GUID(r[24:40]), ID: le.Uint16(r[40:]), Version: r[42], Keyword: le.Uint64(r[48:]),
				CPU: cpu, Narrow: flags&0x20 != 0, Offset: offset + int64(at),
			}
			data := 80
			for more := flags&1 != 0; more; {
				more = le.Uint16(r[data+4:])&1 != 0
				data += (8 + int(le.Uint16(r[data+6:])) + 7) &^ 7
			}
			e.Data = r[data:]
			events = append(events, e)
		}
		at += (size + 7) &^ 7
	}
	return events
}

// expand decodes Plain LZ77 (MS-XCA, section 2.4) of which n bytes come out.
func expand(b []byte, n int) []byte {
	out := make([]byte, 0, n)
	var flags uint32
	nibble := -1
	next := func(width int) int {
		v := 0
		for i := range width {
			v |= int(b[i]) << (8 * i)
		}
		b = b[width:]
		return v
	}
	whole := b
	for count := 0; len(out) < n; count-- {
		if count == 0 {
			flags, count = uint32(next(4)), 32
		}
		if flags>>(count-1)&1 == 0 {
			out = append(out, byte(next(1)))
			continue
		}
		pair := next(2)
		length, distance := pair&7, pair>>3+1
		if length == 7 {
			if nibble < 0 {
				nibble = len(whole) - len(b)
				length = next(1) & 15
			} else {
				length, nibble = int(whole[nibble]>>4), -1
			}
			if length == 15 {
				if length = next(1); length == 255 {
					if length = next(2); length == 0 {
						length = next(4)
					}
					length -= 15 + 7
				}
				length += 15
			}
			length += 7
		}
		for range length + 3 {
			out = append(out, out[len(out)-distance])
		}
	}
	return out
}
