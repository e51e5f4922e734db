package netmon

import "github.com/mendcap/mendcap/internal/capture/etw"

// Parts of an event frame: EVENT_HEADER, then ETW_BUFFER_CONTEXT, the number of
// extended items, the length of the user data and whether it was put together of
// several events; then the items, with a head each.
const (
	eventHeader = 80
	eventFixed  = eventHeader + 9
	itemHead    = 8
)

// Flags of EVENT_HEADER (evntcons.h).
const (
	flagNarrow    = 0x20
	flagClassic   = 0x100
	flagProcessor = 0x200 // the number of the processor takes two bytes
)

// Event reads the event that the frame is, if it is one. The event's data are valid as
// long as the frame's.
func (fr *Frame) Event(e *etw.Event) bool {
	p := fr.Data
	if fr.Media != MediaEvent || len(p) < eventFixed {
		return false
	}
	flags := le.Uint16(p[4:])
	cpu := uint16(p[eventHeader])
	if flags&flagProcessor != 0 {
		cpu = le.Uint16(p[eventHeader:])
	}
	data, ok := userData(p)
	if !ok {
		return false
	}
	*e = etw.Event{
		Provider: etw.GUID(p[24:40]),
		ID:       le.Uint16(p[40:]),
		Version:  p[42],
		Channel:  p[43],
		Level:    p[44],
		Opcode:   p[45],
		Task:     le.Uint16(p[46:]),
		Keyword:  le.Uint64(p[48:]),
		TID:      le.Uint32(p[8:]),
		PID:      le.Uint32(p[12:]),
		CPU:      cpu,
		Time:     int64(le.Uint64(p[16:])),
		Narrow:   flags&flagNarrow != 0,
		Classic:  flags&flagClassic != 0,
		Offset:   fr.Offset,
		Data:     data,
	}
	return true
}

// userData is the user data of an event frame, after the extended items, which are
// not padded. That of several events together can be longer than its length can say.
func userData(p []byte) (data []byte, ok bool) {
	items, length, together := int(le.Uint16(p[84:])), int(le.Uint16(p[86:])), p[88] != 0
	p = p[eventFixed:]
	for range items {
		if len(p) < itemHead {
			return nil, false
		}
		n := itemHead + int(le.Uint16(p[6:]))
		if n > len(p) {
			return nil, false
		}
		p = p[n:]
	}
	if together {
		return p, true
	}
	if length > len(p) {
		return nil, false
	}
	return p[:length:length], true
}
