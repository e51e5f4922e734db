package etl

import (
	"fmt"
	"io"
	"runtime"
)

// Options are limits; the zero value works.
type Options struct {
	// Memory is about how many bytes a stream holds of the buffers, over all processors:
	// 8 MiB if it is 0. Whatever it says, each processor has 32 KiB, and room for its
	// longest record (64 KiB at most, twice that after damage) and, in a compressed log,
	// 16 KiB more.
	Memory int
}

const (
	defaultMemory = 8 << 20 // more would not stay in the caches
	leastPart     = 8 << 10
	mostPart      = 512 << 10 // more would not stay in the caches of one processor
)

// Trace is a log, of which the headers of all buffers were read. It does not change any
// more: several streams may read it at the same time, if its io.ReaderAt allows it.
type Trace struct {
	Header
	Buffers                 int64 // that were found
	Unpacked                int64 // bytes of their records, decompressed, as their headers state
	BuffersAfterLostEvents  int64 // that say that events were lost before them
	BuffersAfterLostBuffers int64 // that say that buffers were lost before them
	Compressed              bool  // there are compressed buffers

	r       io.ReaderAt
	size    int64
	part    int // bytes that are read at a time
	ticker  ticker
	runs    []run
	damages Damages
}

// Damages is what was found damaged as the headers of the buffers were read. What
// streams find in buffers is in theirs.
func (t *Trace) Damages() Damages { return t.damages }

// Open reads the log's header and those of its buffers. Its errors wrap ErrNotTrace,
// ErrHeader, ErrClock or ErrCompression, or are those of reading; damage after the
// first buffer's first record is none. The log stays the caller's to close.
func Open(r io.ReaderAt, size int64, o Options) (*Trace, error) {
	t := &Trace{r: r, size: size}
	first, err := t.open()
	if err != nil {
		return nil, err
	}
	s := scanner{t: t, loggers: [2]uint16{first.logger, first.logger}, seenAt: -1}
	s.index.circular = t.Mode&modeCircular != 0
	if err := s.scan(); err != nil {
		return nil, fmt.Errorf("read headers of buffers: %w", err)
	}
	t.runs = s.index.runs
	if err := t.checkFormat(first.state); err != nil {
		return nil, placed(0x2c, err)
	}
	memory := o.Memory
	if memory == 0 {
		memory = defaultMemory
	}
	t.part = max(min(memory/max(1, len(t.runs))/2-lookBack, t.BufferSize, mostPart), leastPart)
	return t, nil
}

// open reads the first record and the header of the first buffer.
func (t *Trace) open() (bufferHeader, error) {
	b := make([]byte, max(0, min(firstLen, t.size)))
	n, err := readAt(t.r, b, 0)
	if err != nil {
		return bufferHeader{}, err
	}
	if b = b[:n]; !Recognised(b) {
		return bufferHeader{}, placed(0, ErrNotTrace)
	}
	record := b[bufferHeaderLen:]
	if t.Header, err = parseLogfile(record); err != nil {
		return bufferHeader{}, placed(bufferHeaderLen, err)
	}
	stamp, _ := recordStamp(&layouts[record[2]], record)
	if t.ticker, err = newTicker(&t.Header, stamp); err != nil {
		return bufferHeader{}, placed(bufferHeaderLen, err)
	}
	return parseBuffer(b), nil
}

// Formats of compression (COMPRESSION_FORMAT_* of ntifs.h).
const (
	formatMask    = 0xff // the rest says how hard it tried
	formatLZNT1   = 2
	formatXpress  = 3
	formatHuffman = 4
)

// checkFormat refuses compression that cannot be undone. A log whose mode does not say
// that it is compressed does not state the format either, and means the usual one.
func (t *Trace) checkFormat(state uint32) error {
	if !t.Compressed || t.Mode&modeCompressed == 0 {
		return nil
	}
	switch format := state & formatMask; format {
	case formatXpress:
		return nil
	case formatLZNT1:
		return fmt.Errorf("%w: LZNT1", ErrCompression)
	case formatHuffman:
		return fmt.Errorf("%w: XPRESS with Huffman", ErrCompression)
	default:
		return fmt.Errorf("%w: format %d", ErrCompression, format)
	}
}

// Events begins a stream of the events. Each gives the same.
func (t *Trace) Events() *Stream { return newStream(t) }

// leastAhead is how many bytes of parts must be on their way, over all runs, for others to
// make them: to wake a goroutine for one takes as long as to read 128 KiB.
const leastAhead = 512 << 10

// EventsAhead is Events for who does less meanwhile than that takes: while the records of a
// part of a buffer are given, another goroutine reads and decompresses the part that
// follows, of that buffer or of the processor's next. That takes more of the processors
// altogether, and is not done where parts are few and small. A goroutine whose stream is
// given up ends by itself.
func (t *Trace) EventsAhead() *Stream {
	s := newStream(t)
	s.ahead = runtime.GOMAXPROCS(0) > 1 && len(t.runs)*t.part >= leastAhead
	return s
}
