package windows

import (
	"net/netip"
	"slices"
	"time"
)

// Capture is a file of Network Monitor, version 2.0 to 2.3.
type Capture struct {
	Minor     int
	Start     int64         // FILETIME, in UTC; a whole millisecond before version 2.3
	Zone      time.Duration // how far local time is ahead of UTC
	Frames    []CaptureFrame
	Processes []Process // since version 2.2
	Backward  bool      // the frames lie in the file in the other order, with holes
	HeaderLen int       // 72 if it is 0; Wireshark writes 128
}

// CaptureFrame is one of its frames.
type CaptureFrame struct {
	Time        int64  // FILETIME
	Media       uint16 // before version 2.1 that of the first frame is all frames'
	Process     int    // index, -1 = none
	Data        []byte
	Original    int    // length on the wire; 0 = that of Data
	Title       string // of a comment; "" = no comment
	Description string // of the comment, as plain text
}

// Media types of frames.
const (
	MediaEthernet = 1
	MediaRaw      = 0xE000 | 101
	MediaEvent    = 0xFFE0
	MediaWFP4     = 0xE083
	MediaWFP6     = 0xE084
)

// Process is an entry of the process table: a program and a connection of it.
type Process struct {
	PID           uint32
	Path          string
	Local, Remote netip.AddrPort
}

// layout is the file as it is written.
type layout struct {
	Capture
	b       []byte
	offsets []int // of the frames
}

// Bytes is the file, and where each frame's record lies in it.
func (c Capture) Bytes() (file []byte, records []Stored) {
	if c.HeaderLen == 0 {
		c.HeaderLen = 72
	}
	w := layout{Capture: c, b: make([]byte, c.HeaderLen), offsets: make([]int, len(c.Frames))}
	records = make([]Stored, len(c.Frames))
	for k := range c.Frames {
		i := k
		if c.Backward {
			i = len(c.Frames) - 1 - k
			w.b = append(w.b, make([]byte, 3*(i%2))...)
		}
		from := len(w.b)
		w.frame(i)
		records[i] = Stored{Offset: int64(from), Length: int64(len(w.b) - from), Packets: []int{i}}
	}
	w.header()
	return w.b, records
}

// frame adds a record.
func (w *layout) frame(i int) {
	f := &w.Frames[i]
	w.offsets[i] = len(w.b)
	w.b = le.AppendUint64(w.b, uint64((f.Time-w.Start)/10))
	original := f.Original
	if original == 0 {
		original = len(f.Data)
	}
	w.b = le.AppendUint32(w.b, uint32(original))
	w.b = append(le.AppendUint32(w.b, uint32(len(f.Data))), f.Data...)
	if w.Minor >= 1 {
		w.b = le.AppendUint16(w.b, f.Media)
	}
	if w.Minor >= 2 {
		w.b = le.AppendUint32(w.b, uint32(int32(f.Process)))
	}
	if w.Minor >= 3 {
		w.b = append(le.AppendUint64(w.b, uint64(f.Time)), 0xFF)
	}
}

// header adds the tables, and fills in the header that leads to them.
func (w *layout) header() {
	copy(w.b, "GMBU")
	w.b[4], w.b[5] = byte(w.Minor), 2
	media := uint16(MediaEthernet)
	if len(w.Frames) > 0 && w.Minor == 0 {
		media = w.Frames[0].Media
	}
	le.PutUint16(w.b[6:], media)
	local := time.UnixMicro((w.Start - epoch) / 10).UTC().Add(w.Zone)
	for i, v := range []int{local.Year(), int(local.Month()), int(local.Weekday()), local.Day(), local.Hour(), local.Minute(), local.Second(),
		local.Nanosecond() / 1e6} {
		le.PutUint16(w.b[8+2*i:], uint16(v))
	}
	w.table(24, w.frameTable())
	if w.Minor >= 2 {
		if comments := w.comments(); len(comments) > 0 {
			w.table(40, comments)
		}
		w.table(48, w.processTable())
		le.PutUint32(w.b[52:], uint32(len(w.Processes))) // a count in the place of a length
	}
	if w.Minor >= 3 {
		extended := le.AppendUint64(le.AppendUint16(nil, 1), uint64(w.Start))
		w.table(56, append(extended, 0)) // no time zones
	}
}

// table adds a part of the file, to which two fields of the header lead.
func (w *layout) table(at int, part []byte) {
	le.PutUint32(w.b[at:], uint32(len(w.b)))
	le.PutUint32(w.b[at+4:], uint32(len(part)))
	w.b = append(w.b, part...)
}

func (w *layout) frameTable() (b []byte) {
	for _, offset := range w.offsets {
		b = le.AppendUint32(b, uint32(offset))
	}
	return b
}

// comments are the titles as UTF-16 and the descriptions as RTF.
func (w *layout) comments() (b []byte) {
	for i, f := range w.Frames {
		if f.Title == "" {
			continue
		}
		title, rtf := text(f.Title), append([]byte(`{\rtf1\ansi\deff0{\fonttbl{\f0 Segoe UI;}}\f0\fs18 `+f.Description+`\par}`), 0)
		b = le.AppendUint32(b, 1)
		b = le.AppendUint32(b, uint32(w.offsets[i]))
		b = append(le.AppendUint32(b, uint32(len(title))), title...)
		b = append(le.AppendUint32(b, uint32(len(rtf))), rtf...)
	}
	return b
}

// processTable holds, after the NUL of each path, what was there before.
func (w *layout) processTable() []byte {
	b := le.AppendUint16(nil, 2)
	for _, p := range w.Processes {
		path, icon := append(text(p.Path), wide("junk")...), []byte("icon")
		b = append(le.AppendUint32(b, uint32(len(path))), path...)
		b = append(le.AppendUint32(b, uint32(len(icon))), icon...)
		b = le.AppendUint32(b, p.PID)
		for _, port := range []uint16{p.Local.Port(), 0, p.Remote.Port(), 0} {
			b = le.AppendUint16(b, port)
		}
		six := uint32(0)
		if p.Local.Addr().Is6() {
			six = 1
		}
		b = le.AppendUint32(b, six)
		b = append(append(b, processAddress(p.Local.Addr())...), processAddress(p.Remote.Addr())...)
	}
	return b
}

// processAddress is an address in 16 bytes: IPv4 as a little-endian number and zeros.
func processAddress(a netip.Addr) []byte {
	b := a.AsSlice()
	if a.Is4() {
		slices.Reverse(b)
	}
	return append(b, make([]byte, 16-len(b))...)
}

// EventFrame is the data of a frame of media type MediaEvent: an event as a program that
// opened a trace was given it. Items is how many extended items it has.
func EventFrame(e *Event, items int) []byte {
	const headerLen = 80
	one := *e
	one.Data = nil
	b := appendEvent(nil, &one, e.Time, 0)[:headerLen]
	b = append(b, byte(e.Processor), 8) // ETW_BUFFER_CONTEXT: processor, alignment, logger
	b = le.AppendUint16(b, 21)
	b = le.AppendUint16(b, uint16(items))
	b = append(le.AppendUint16(b, uint16(len(e.Data))), 0) // not put together of several
	for i := range items {
		const itemLen = 8 + 16
		b = append(b, appendItem(nil, 0, 0, i+1 < items)[:itemLen]...)
	}
	return append(b, e.Data...)
}
