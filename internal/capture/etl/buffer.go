package etl

import "encoding/binary"

var le = binary.LittleEndian

const (
	bufferHeaderLen = 72       // of WMI_BUFFER_HEADER
	maxBuffer       = 64 << 20 // bytes that are believed of a buffer, compressed or not; Windows makes at most 16 MiB
	processorMask   = 0x7ff    // ETW_PROCESSOR_INDEX_MASK
)

// Flags and types of buffers: ETW_BUFFER_FLAG_* and ETW_BUFFER_TYPE_* of ntwmi.h.
const (
	flagEventsLost = 0x02
	flagBufferLost = 0x04
	flagProcIndex  = 0x20
	flagCompressed = 0x40
	flagsKnown     = 0x7f

	typeHeader = 4
	typeKnown  = 7
)

// bufferHeader is WMI_BUFFER_HEADER, as far as it can be relied on. What is left out
// holds pointers and other remains in real logs.
type bufferHeader struct {
	size       int   // of the buffer in the file, header included, bytes
	filled     int   // bytes that records fill, header included; of the decompressed buffer
	saved      int   // the same in older words; 0 or too small in header buffers
	references int32 // 0 in a buffer that was written
	sequence   int64
	cpu        uint16
	logger     uint16
	state      uint32 // ETW_BUFFER_STATE, or COMPRESSION_FORMAT in the first buffer of a compressed log
	flags      uint16
	kind       uint16
}

// parseBuffer reads a header from at least bufferHeaderLen bytes.
func parseBuffer(b []byte) bufferHeader {
	h := bufferHeader{
		size: int(le.Uint32(b)), saved: int(le.Uint32(b[4:])), references: int32(le.Uint32(b[0x0c:])),
		sequence: int64(le.Uint64(b[0x18:])), cpu: uint16(b[0x28]), logger: le.Uint16(b[0x2a:]),
		state: le.Uint32(b[0x2c:]), filled: int(le.Uint32(b[0x30:])), flags: le.Uint16(b[0x34:]), kind: le.Uint16(b[0x36:]),
	}
	if h.flags&flagProcIndex != 0 {
		h.cpu = le.Uint16(b[0x28:]) & processorMask
	}
	return h
}

func (h *bufferHeader) compressed() bool { return h.flags&flagCompressed != 0 }

// believable reports whether a buffer may have that header. Of the end of the records
// a second copy is taken if the first is impossible.
func (h *bufferHeader) believable() bool {
	if h.size < bufferHeaderLen || h.size > maxBuffer || h.kind > 2*typeKnown || h.flags > 2*flagsKnown {
		return false
	}
	return h.fits(h.filled) || h.fits(h.saved)
}

// fits reports whether records may end there.
func (h *bufferHeader) fits(end int) bool {
	most := h.size
	if h.compressed() {
		most = maxBuffer
	}
	return end >= bufferHeaderLen && end <= most
}

// end is where the records of a believable buffer end, and whether its header says so
// in the place that counts.
func (h *bufferHeader) end() (int, bool) {
	if !h.fits(h.filled) {
		return h.saved, false
	}
	return h.filled, true
}

// certain reports whether bytes that were come upon by searching are such a header:
// each field is as Windows writes it, and the session is one of two.
func (h *bufferHeader) certain(loggers [2]uint16) bool {
	return h.believable() && h.kind <= typeKnown && h.flags&^flagsKnown == 0 && h.filled%8 == 0 &&
		h.references == 0 && (h.logger == loggers[0] || h.logger == loggers[1])
}
