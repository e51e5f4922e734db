package windows

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// Log says how a log is written. The zero value is one of Windows 10 with one processor,
// that was closed.
type Log struct {
	Processors  int  // 0 = 1
	BufferSize  int  // bytes; 0 = 64 KiB
	Compressed  bool // by Plain LZ77
	Clock       Clock
	Start       int64 // when it is begun, FILETIME: no event is earlier
	EightBits   bool  // a processor's number has eight bits, as until Windows 7
	Narrow      bool  // the system has pointers of four bytes
	Circular    int   // how many buffers after the first the file has, at most; 0 = any number
	Unclosed    bool  // the system stopped: what was not written is lost
	EventsLost  int
	BuffersLost int
	Items       int // the extended items that every third event has
	Others      int // after how many events a record of another kind comes; 0 = never
}

// Stored is where a buffer, or a record of a capture, is in the file, and the packets
// that it tells of.
type Stored struct {
	Offset, Length int64
	Packets        []int
}

// LogWriter writes a log. Errors stick; Close returns the first.
type LogWriter struct {
	Log
	to       io.WriterAt
	err      error
	end      int64 // of the file
	open     []buffer
	events   int
	sequence int // of buffers
	last     int64
	record   []byte
	packer   packer
	buffers  []Stored
}

// buffer is what a processor has not yet handed over.
type buffer struct {
	records []byte
	packets []int
}

const bufferHeader = 72

// Flags of buffers.
const (
	flagLost       = 0x02
	flagProcIndex  = 0x20
	flagCompressed = 0x40
)

// NewLogWriter begins a log.
func NewLogWriter(to io.WriterAt, l Log) *LogWriter {
	l.Processors = max(l.Processors, 1)
	if l.BufferSize == 0 {
		l.BufferSize = 64 << 10
	}
	w := &LogWriter{Log: l, to: to, open: make([]buffer, l.Processors), last: l.Start}
	w.writeFirst(0, 1)
	return w
}

// Add takes an event, in the order of times of each processor.
func (w *LogWriter) Add(e *Event) {
	ticks := w.Clock.Ticks(w.Start, e.Time)
	w.last = max(w.last, e.Time)
	if w.events++; w.Others > 0 && w.events%w.Others == 0 {
		w.record = appendOther(w.record[:0], w.events/w.Others, ticks)
		w.add(e.Processor, -1)
	}
	items := 0
	if w.events%3 == 0 {
		items = w.Items
	}
	w.record = appendEvent(w.record[:0], e, ticks, items)
	w.add(e.Processor, e.Packet)
}

// add puts the record into its processor's buffer, which is written if it doesn't fit.
func (w *LogWriter) add(processor, packet int) {
	b := &w.open[processor]
	if bufferHeader+len(b.records)+len(w.record) > w.BufferSize {
		w.flush(processor)
	}
	const longest = 1<<16 - 1 // its length has 16 bits
	if len(w.record) > longest || bufferHeader+len(w.record) > w.BufferSize {
		w.fail(fmt.Errorf("a record of %d bytes in buffers of %d", len(w.record), w.BufferSize))
		return
	}
	b.records = append(b.records, w.record...)
	if packet >= 0 {
		b.packets = append(b.packets, packet)
	}
}

func (w *LogWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// flush writes the buffer of a processor.
func (w *LogWriter) flush(processor int) {
	b := &w.open[processor]
	if len(b.records) == 0 {
		return
	}
	w.sequence++
	h := head{processor: processor, filled: bufferHeader + len(b.records), size: w.BufferSize, sequence: w.sequence}
	// The system says so in the first buffer that is written after the loss.
	if w.EventsLost > 0 && w.sequence == 1 {
		h.flags |= flagLost
	}
	body := b.records
	if w.Compressed {
		body = w.packer.pack(nil, b.records)
		h.flags |= flagCompressed
		h.size = bufferHeader + len(body)
	}
	at, slot := w.end, len(w.buffers)
	if w.Circular > 0 && len(w.buffers) >= w.Circular { // the oldest gives way
		slot = (w.sequence - 1) % w.Circular
		at = w.buffers[slot].Offset
	}
	stored := Stored{Offset: at, Length: int64(h.size), Packets: slices.Clone(b.packets)}
	if slot == len(w.buffers) {
		w.buffers = append(w.buffers, stored)
		w.end += int64(h.size)
	} else {
		w.buffers[slot] = stored
	}
	w.put(at, w.buffer(h, body))
	b.records, b.packets = b.records[:0], b.packets[:0]
}

// head is what differs between headers of buffers.
type head struct {
	processor, size, filled, sequence int
	saved                             int // the end of records in older words; 0 = filled
	flags, kind                       uint16
}

// buffer is WMI_BUFFER_HEADER, a body and what fills the buffer up. Where real headers
// have pointers and other remains, so does this.
func (w *LogWriter) buffer(h head, body []byte) []byte {
	if h.saved == 0 {
		h.saved = h.filled
	}
	out := make([]byte, 0, h.size)
	out = le.AppendUint32(out, uint32(h.size))
	out = le.AppendUint32(out, uint32(h.saved))
	out = le.AppendUint32(out, 0x7FFF_FFF0) // current offset
	out = le.AppendUint32(out, 0)           // references
	out = le.AppendUint64(out, uint64(w.last))
	out = le.AppendUint64(out, uint64(h.sequence))
	out = le.AppendUint64(out, 0xFFFF_A88A_1234_5671)
	if w.EightBits {
		out = append(out, byte(h.processor), 8)
	} else {
		out = le.AppendUint16(out, uint16(h.processor))
		h.flags |= flagProcIndex
	}
	out = le.AppendUint16(out, 21) // of the session
	out = le.AppendUint32(out, 3)  // state; XPRESS in the first one of a compressed log
	out = le.AppendUint32(out, uint32(h.filled))
	out = le.AppendUint16(out, h.flags)
	out = le.AppendUint16(out, h.kind)
	out = le.AppendUint64(out, 0xFFFF_A88A_1234_0010)
	out = le.AppendUint64(out, 0xFFFF_A88A_1234_0020)
	out = append(out, body...)
	return append(out, bytes.Repeat([]byte{0xFF}, h.size-len(out))...)
}

func (w *LogWriter) put(at int64, b []byte) {
	if w.err == nil {
		_, w.err = w.to.WriteAt(b, at)
	}
}

// Close hands over what is left, and writes the first buffer again with what is known
// now. A log that is not closed ends as it is.
func (w *LogWriter) Close() error {
	if w.Unclosed {
		return w.err
	}
	for p := range w.open {
		w.flush(p)
	}
	w.writeFirst(w.last, 1+w.sequence)
	return w.err
}

// Buffers are those that are in the file, but for the first.
func (w *LogWriter) Buffers() []Stored { return w.buffers }

// writeFirst writes the buffer that begins the file, which is never compressed.
func (w *LogWriter) writeFirst(closed int64, written int) {
	const typeHeader = 4
	header := w.logfileHeader(closed, written)
	partition := w.partition()
	size := w.BufferSize
	if w.Compressed {
		size = 1024
	}
	h := head{size: size, filled: bufferHeader + len(header) + len(partition), kind: typeHeader}
	h.saved = bufferHeader + len(header) // short of the last record, as in real logs
	w.put(0, w.buffer(h, append(header, partition...)))
	w.end = max(w.end, int64(size))
}

// partition is a record of the kernel that follows the log's header since Windows 10.
func (w *LogWriter) partition() []byte {
	b := le.AppendUint16(nil, 2)
	b = append(b, system64, isRecord)
	b = le.AppendUint16(b, 32+16)
	b = append(b, 80, 0)
	b = le.AppendUint32(le.AppendUint32(b, 904), 4)
	b = le.AppendUint64(b, uint64(w.Clock.first(w.Start)))
	return append(b, make([]byte, 8+16)...)
}

// logfileHeader is the record of TRACE_LOGFILE_HEADER.
func (w *LogWriter) logfileHeader(closed int64, written int) []byte {
	const (
		circular, compressed, sequential = 0x2, 0x0400_0000, 0x1
		recordHeader                     = 32
	)
	kind, pointer := byte(system64), 8
	if w.Narrow {
		kind, pointer = system64-1, 4
	}
	mode := uint32(sequential)
	if w.Circular > 0 {
		mode = circular
	}
	if w.Compressed {
		mode |= compressed
	}
	b := append(le.AppendUint16(nil, 2), kind, isRecord, 0, 0, 0, 0)
	b = le.AppendUint32(le.AppendUint32(b, 6244), 1700)
	b = le.AppendUint64(b, uint64(w.Clock.first(w.Start)))
	b = le.AppendUint64(b, 0)

	b = le.AppendUint32(b, uint32(w.BufferSize))
	b = append(b, 10, 0, 1, 5)
	for _, v := range []uint32{19045, uint32(w.Processors)} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint64(b, uint64(closed))
	for _, v := range []uint32{156_250, 0, mode, uint32(written), 1, uint32(pointer), uint32(w.EventsLost), uint32(w.Clock.MHz)} {
		b = le.AppendUint32(b, v)
	}
	b = append(b, make([]byte, 2*pointer)...)
	b = append(b, zone()...)
	b = align(b, recordHeader)
	b = le.AppendUint64(b, uint64(w.Start-36_000_000_000)) // boot
	b = le.AppendUint64(b, w.Clock.counter())
	b = le.AppendUint64(b, uint64(w.Start))
	b = le.AppendUint32(b, uint32(w.Clock.kind()))
	b = le.AppendUint32(b, uint32(w.BuffersLost))
	b = append(append(b, text("lab")...), text(`C:\lab.etl`)...)
	le.PutUint16(b[4:], uint16(len(b)))
	return align(b, 0)
}

// zone is TIME_ZONE_INFORMATION of a zone five and a half hours ahead of UTC, which no
// time in a log depends on.
func zone() []byte {
	b := make([]byte, 172)
	ahead := -330
	le.PutUint32(b, uint32(int32(ahead)))
	copy(b[4:], wide("India Standard Time"))
	return b
}
