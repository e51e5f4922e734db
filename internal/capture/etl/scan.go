package etl

import "fmt"

// headLen is how much of a buffer is read to make the index: its header, and enough of
// its records, compressed or not, for the stamp of the first.
const headLen = bufferHeaderLen + 64

// scanner makes the index of a log.
type scanner struct {
	t       *Trace
	loggers [2]uint16 // of the first and of the last buffer
	index   index
	head    [headLen]byte
	seen    peeked // what was peeked at last, and where
	seenAt  int64  // -1 = nothing was
	unpack  decoder
	chunk   []byte // what is searched for a header
}

// peeked is what the beginning of a buffer says.
type peeked struct {
	bufferHeader
	known bool  // the first record was made out, or there is none
	first int64 // its ticks
	timed bool  // whether it has some
}

// scan goes over the headers of all buffers.
func (s *scanner) scan() error {
	for at := int64(0); at < s.t.size; {
		here, ok, err := s.peek(at)
		if err != nil {
			return err
		}
		second, err := s.isSecond(at, &here)
		if err != nil {
			return err
		}
		if second {
			s.t.damages.note(at, s.t.size-at, ErrSecond)
			return nil
		}
		if ok {
			at, err = s.take(at, &here)
		} else {
			at, err = s.lost(at, &here)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// peek reads the beginning of a buffer; ok means that its header is believable.
func (s *scanner) peek(at int64) (p peeked, ok bool, err error) {
	if at != s.seenAt {
		n, err := readAt(s.t.r, s.head[:min(headLen, s.t.size-at)], at)
		if err != nil {
			return p, false, err
		}
		s.seen, s.seenAt = peeked{}, at
		if n >= bufferHeaderLen {
			s.seen = s.parse(s.head[:n])
		}
	}
	return s.seen, s.seen.believable(), nil
}

// parse takes the beginning of a buffer from those bytes.
func (s *scanner) parse(b []byte) peeked {
	p := peeked{bufferHeader: parseBuffer(b)}
	end, _ := p.end()
	records := b[bufferHeaderLen:]
	if p.compressed() {
		var made [stampEnd]byte
		s.unpack.resetBytes(records)
		n, _ := s.unpack.read(made[:max(0, min(stampEnd, end-bufferHeaderLen))], 0)
		records = made[:n]
	}
	if records = records[:max(0, min(len(records), end-bufferHeaderLen))]; len(records) < recordPrefix {
		p.known = end == bufferHeaderLen
		return p
	}
	l, length := recordLayout(records)
	p.known = l.form != unknown && length <= end-bufferHeaderLen
	if p.known {
		p.first, p.timed = recordStamp(l, records)
	}
	return p
}

// take takes in the buffer that begins there, and gives where the next is expected.
func (s *scanner) take(at int64, p *peeked) (int64, error) {
	end, err := s.next(at, p)
	if err != nil {
		return 0, err
	}
	if usual := at + int64(s.t.BufferSize); p.size != int(end-at) && (end < s.t.size || end == usual) {
		s.t.damages.note(at, 0, fmt.Errorf("%w: %d bytes instead of %d", ErrLength, p.size, end-at))
	}
	length := end - at
	if p.compressed() && end < s.t.size {
		// If too short a length is stated, its data goes on; if not, that does no harm.
		if _, ok, err := s.peek(end); err != nil {
			return 0, err
		} else if !ok {
			found, err := s.find(end, end+1)
			if err != nil {
				return 0, err
			}
			length = found - at
		}
	}
	s.add(place{offset: at, length: length, first: p.first}, p)
	return end, nil
}

// add takes a buffer into the index.
func (s *scanner) add(at place, p *peeked) {
	t := s.t
	filled, said := p.end()
	if !said && (p.compressed() || p.size >= filled) {
		t.damages.note(at.offset, 0, fmt.Errorf("%w: %d bytes of records in %d", ErrLength, p.filled, p.size))
	}
	t.Buffers++
	t.Unpacked += int64(filled - bufferHeaderLen)
	if p.flags&flagEventsLost != 0 {
		t.BuffersAfterLostEvents++
	}
	if p.flags&flagBufferLost != 0 {
		t.BuffersAfterLostBuffers++
	}
	t.Compressed = t.Compressed || p.compressed()
	s.loggers[1] = p.logger
	if filled > bufferHeaderLen {
		s.index.add(&p.bufferHeader, at, p.timed)
	}
}

// next is where the buffer after one begins, if the one's header is right. Where no
// buffer follows there, the length that it states may be wrong.
func (s *scanner) next(at int64, p *peeked) (int64, error) {
	end, usual := at+int64(p.size), at+int64(s.t.BufferSize)
	if !p.compressed() && end != usual && usual < s.t.size {
		// Buffers that are not compressed have one length, but for the first.
		if next, _, err := s.peek(usual); err != nil || s.isCertain(&next) {
			return usual, err
		}
	}
	if end == s.t.size {
		return end, nil
	}
	follows := false
	if end < s.t.size {
		next, ok, err := s.peek(end)
		if err != nil || s.isCertain(&next) || ok && end == usual {
			return end, err
		}
		follows = ok
	}
	if !p.compressed() && usual == s.t.size && !follows {
		return usual, nil
	}
	if p.compressed() || end != usual {
		found, err := s.search(at+bufferHeaderLen, min(end, s.t.size))
		if err != nil || found >= 0 {
			return found, err
		}
	}
	if end > s.t.size {
		s.t.damages.note(at, 0, fmt.Errorf("%w: the last buffer has %d of %d bytes", ErrTruncated, s.t.size-at, p.size))
		end = s.t.size
	}
	return end, nil
}

// lost deals with a place where no buffer is believable: it passes over what is there,
// unless it is a buffer of which the length alone is wrong. It gives where the next one
// begins, or the end of the file.
func (s *scanner) lost(at int64, p *peeked) (int64, error) {
	from := at + 1
	resized := s.resized(p)
	if resized {
		from = at + bufferHeaderLen
	}
	next, err := s.find(at, from)
	if err != nil {
		return 0, err
	}
	if resized {
		s.t.damages.note(at, 0, fmt.Errorf("%w: %d bytes", ErrLength, p.size))
		s.add(place{offset: at, length: next - at, first: p.first}, p)
		return next, nil
	}
	zeros, err := s.zeros(at, next)
	switch {
	case err != nil:
		return 0, err
	case zeros && next == s.t.size && s.t.Mode&modePreallocate != 0:
		// The file was made as large as it might become.
	case zeros:
		s.t.damages.note(at, next-at, ErrZeros)
	case s.t.size-at < bufferHeaderLen:
		s.t.damages.note(at, next-at, fmt.Errorf("%w: the last buffer has %d bytes", ErrTruncated, next-at))
	default:
		s.t.damages.note(at, next-at, ErrBuffer)
	}
	return next, nil
}

// resized reports whether a buffer would be certain if it stated another length.
func (s *scanner) resized(p *peeked) bool {
	h := p.bufferHeader
	h.size = max(h.filled, bufferHeaderLen)
	return h.certain(s.loggers) && p.known && p.filled > bufferHeaderLen
}

// find is where the next buffer begins after a place where none does: the usual length
// of a buffer further, or wherever, but not before from, there is what can be nothing
// else.
func (s *scanner) find(at, from int64) (int64, error) {
	if usual := at + int64(s.t.BufferSize); !s.t.Compressed && s.t.Mode&modeCompressed == 0 && usual < s.t.size {
		if p, _, err := s.peek(usual); err != nil || s.isCertain(&p) {
			return usual, err
		}
	}
	found, err := s.search(from, s.t.size)
	if found < 0 {
		found = s.t.size
	}
	return found, err
}

// isCertain reports whether what was come upon by searching is a buffer.
func (s *scanner) isCertain(p *peeked) bool {
	return p.certain(s.loggers) && p.known && p.filled > bufferHeaderLen
}

const (
	leastChunk = 2 << 10   // bytes that a search reads at first
	mostChunk  = 256 << 10 // and later on
)

// search looks for a buffer that begins in a part of the file; -1 = there is none.
func (s *scanner) search(from, to int64) (int64, error) {
	for size := leastChunk; from < to; size = min(2*size, mostChunk) {
		length := int(min(int64(size), s.t.size-from))
		if length > len(s.chunk) {
			s.chunk = make([]byte, length)
		}
		b := s.chunk[:length]
		n, err := readAt(s.t.r, b, from)
		if err != nil {
			return -1, err
		}
		// What is too near the end of the chunk is for the next one, unless the file ends.
		count := n - headLen + 1
		if n < size {
			count = n - bufferHeaderLen + 1
		}
		if count <= 0 {
			break
		}
		for i := range int(min(int64(count), to-from)) {
			if s.looksLike(b[i:n]) {
				return from + int64(i), nil
			}
		}
		from += int64(count)
	}
	return -1, nil
}

// looksLike reports whether a buffer begins with those bytes for certain.
func (s *scanner) looksLike(b []byte) bool {
	// Flags and type say most, at the cost of one comparison.
	if le.Uint32(b[0x34:])&^(flagsKnown|typeKnown<<16) != 0 || le.Uint32(b) == 0 {
		return false
	}
	if h := parseBuffer(b); !h.certain(s.loggers) {
		return false
	}
	p := s.parse(b[:min(len(b), headLen)])
	return s.isCertain(&p)
}

// zeros reports whether a part of the file is nothing but zeros.
func (s *scanner) zeros(from, to int64) (bool, error) {
	var b [4096]byte
	for from < to {
		n, err := readAt(s.t.r, b[:min(int64(len(b)), to-from)], from)
		if err != nil {
			return false, err
		}
		for _, c := range b[:n] {
			if c != 0 {
				return false, nil
			}
		}
		if n == 0 {
			break
		}
		from += int64(n)
	}
	return true, nil
}

// isSecond reports whether a buffer is the first of another log: its first record is a
// log's header, with another clock than this log's.
func (s *scanner) isSecond(at int64, p *peeked) (bool, error) {
	if at == 0 || p.kind != typeHeader || p.compressed() || !p.believable() {
		return false, nil
	}
	b := make([]byte, min(firstLen, s.t.size-at, int64(p.size)))
	n, err := readAt(s.t.r, b, at)
	if err != nil || n < bufferHeaderLen {
		return false, err
	}
	h, err := parseLogfile(b[bufferHeaderLen:n])
	return err == nil && (h.Clock != s.t.Clock || h.Frequency != s.t.Frequency || h.Start != s.t.Start), nil
}
