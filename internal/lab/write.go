package lab

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// FileFormat is the container that a Writer produces.
type FileFormat uint8

// The containers. Both carry nanoseconds.
const (
	Pcapng FileFormat = iota
	Pcap
)

// Link types of the lab's files (tcpdump.org's list).
const (
	LinkEthernet = 1
	LinkRaw      = 101
	LinkUser0    = 147
)

// Directions of an Enhanced Packet Block's epb_flags.
const (
	NoDirection = 0
	Inbound     = 1
	Outbound    = 2
)

// Writer writes one capture with one interface, little-endian. Errors stick:
// the first is returned by all later calls.
type Writer struct {
	w      *bufio.Writer
	format FileFormat
	buf    []byte
	size   int64
	err    error
}

// NewWriter writes the file's header. Flush has to be called at the end.
func NewWriter(w io.Writer, format FileFormat, link uint16) (*Writer, error) {
	out := &Writer{w: bufio.NewWriterSize(w, 1<<20), format: format}
	if format == Pcap {
		out.pcapHeader(link)
	} else {
		out.sectionHeader()
		out.interfaceBlock(link)
	}
	if out.err != nil {
		return nil, fmt.Errorf("write file header: %w", out.err)
	}
	return out, nil
}

// Write adds a packet with its time in nanoseconds since 1970. The direction
// is kept in pcapng only.
func (w *Writer) Write(stamp int64, data []byte, direction uint32) error {
	if w.format == Pcap {
		w.pcapRecord(stamp, data)
	} else {
		w.enhancedPacket(stamp, data, direction)
	}
	return w.err
}

// Flush hands everything to the underlying writer.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// Size is how much was written so far, bytes.
func (w *Writer) Size() int64 { return w.size }

func (w *Writer) put() {
	w.size += int64(len(w.buf))
	if w.err == nil {
		_, w.err = w.w.Write(w.buf)
	}
}

func (w *Writer) pcapHeader(link uint16) {
	le := binary.LittleEndian
	w.buf = le.AppendUint32(w.buf[:0], 0xA1B23C4D) // nanoseconds
	w.buf = le.AppendUint16(w.buf, 2)
	w.buf = le.AppendUint16(w.buf, 4)
	w.buf = le.AppendUint64(w.buf, 0) // zone and accuracy
	w.buf = le.AppendUint32(w.buf, 1<<18)
	w.buf = le.AppendUint32(w.buf, uint32(link))
	w.put()
}

func (w *Writer) pcapRecord(stamp int64, data []byte) {
	le := binary.LittleEndian
	w.buf = le.AppendUint32(w.buf[:0], uint32(stamp/1e9))
	w.buf = le.AppendUint32(w.buf, uint32(stamp%1e9))
	w.buf = le.AppendUint32(w.buf, uint32(len(data)))
	w.buf = le.AppendUint32(w.buf, uint32(len(data)))
	w.buf = append(w.buf, data...)
	w.put()
}

// block frames the body in w.buf[8:] as a pcapng block of the given type.
func (w *Writer) block(kind uint32) {
	le := binary.LittleEndian
	size := uint32(len(w.buf) + 4)
	le.PutUint32(w.buf[0:], kind)
	le.PutUint32(w.buf[4:], size)
	w.buf = le.AppendUint32(w.buf, size)
	w.put()
}

func (w *Writer) sectionHeader() {
	le := binary.LittleEndian
	w.buf = append(w.buf[:0], make([]byte, 8)...)
	w.buf = le.AppendUint32(w.buf, 0x1A2B3C4D)
	w.buf = le.AppendUint16(w.buf, 1)
	w.buf = le.AppendUint16(w.buf, 0)
	w.buf = le.AppendUint64(w.buf, ^uint64(0)) // section length not given
	w.block(0x0A0D0D0A)
}

func (w *Writer) interfaceBlock(link uint16) {
	le := binary.LittleEndian
	w.buf = append(w.buf[:0], make([]byte, 8)...)
	w.buf = le.AppendUint16(w.buf, link)
	w.buf = le.AppendUint16(w.buf, 0)
	w.buf = le.AppendUint32(w.buf, 0) // no snap length
	w.buf = append(w.buf, 9, 0, 1, 0) // if_tsresol, one byte
	w.buf = append(w.buf, 9, 0, 0, 0) // 10^-9, padded
	w.buf = append(w.buf, 0, 0, 0, 0) // opt_endofopt
	w.block(1)
}

func (w *Writer) enhancedPacket(stamp int64, data []byte, direction uint32) {
	le := binary.LittleEndian
	w.buf = append(w.buf[:0], make([]byte, 8)...)
	w.buf = le.AppendUint32(w.buf, 0)
	w.buf = le.AppendUint32(w.buf, uint32(uint64(stamp)>>32))
	w.buf = le.AppendUint32(w.buf, uint32(stamp))
	w.buf = le.AppendUint32(w.buf, uint32(len(data)))
	w.buf = le.AppendUint32(w.buf, uint32(len(data)))
	w.buf = append(w.buf, data...)
	for len(w.buf)%4 != 0 {
		w.buf = append(w.buf, 0)
	}
	if direction != NoDirection {
		w.buf = append(w.buf, 2, 0, 4, 0) // epb_flags
		w.buf = le.AppendUint32(w.buf, direction)
		w.buf = append(w.buf, 0, 0, 0, 0)
	}
	w.block(6)
}
