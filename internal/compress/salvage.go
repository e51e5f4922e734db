package compress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// lookback is how far before the place at which a decompressor fails the next
// member may begin, compressed bytes: it reads on through damage for a while.
const lookback = 128 << 10

// maxTries is how often it is tried to go on in a file: one that consists of
// nothing but beginnings would take for ever.
const maxTries = 10_000

// Gap is damage in compressed data, as an error of its reader.
type Gap struct {
	err     error // of the decompressor
	Offset  int64 // at which it failed, in the compressed file
	Skipped int64 // compressed bytes after that, not decompressed
	last    bool  // nothing follows; else the reader goes on after the gap
}

func (g *Gap) Error() string { return g.err.Error() }
func (g *Gap) Unwrap() error { return g.err }

// GoesOn gives the gap after which more can be read, if an error is one.
func GoesOn(err error) (*Gap, bool) {
	var g *Gap
	if errors.As(err, &g) && !g.last {
		return g, true
	}
	return nil, false
}

// Salvager decompresses a file. After damage it goes on with whatever can be
// decompressed by itself: it gives a *Gap once, and then what follows.
type Salvager struct {
	codec  *Codec
	source *Source
	tape   *tape
	buf    *bufio.Reader // reads the tape
	head   []byte        // the first bytes of the file
	plain  io.Reader
	start  int64  // offset of what plain reads
	first  []byte // of plain, read already
	err    error  // of plain

	Padded  int64 // streams of xz after which the number of zeros is no multiple of four (section 2.2)
	tries   int   // to go on
	spliced bool  // what plain reads was put together: its checksum can't be right
}

// leastBuffer is how much of a small file is read at a time, bytes: what the codecs look
// at together fits.
const leastBuffer = 4 << 10

// NewSalvager decompresses from, which reads src and starts with the first bytes of the
// file. An error says that not even its beginning can be decompressed.
func NewSalvager(c *Codec, src *Source, from io.Reader) (*Salvager, error) {
	s := &Salvager{codec: c, source: src, tape: &tape{r: from}}
	size := BufferSize
	if src.Expected > 0 && src.Expected < BufferSize {
		size = max(int(src.Expected)+1, leastBuffer)
	}
	s.buf = bufio.NewReaderSize(s.tape, size)
	head, _ := s.buf.Peek(headLen)
	s.head = append(s.head, head...)
	var err error
	s.plain, err = s.open()
	return s, err
}

// open opens a decompressor. One of gzip ends with its member, so that it is
// known where the next one begins. One of zstd is used again: it takes much memory.
func (s *Salvager) open() (io.Reader, error) {
	if z, ok := s.plain.(*zstd.Decoder); ok {
		return z, z.Reset(newZstdGuard(s.buf))
	}
	plain, err := s.codec.open(s.buf)
	if z, ok := plain.(*gzip.Reader); ok && err == nil {
		z.Multistream(false)
	}
	return plain, err
}

// nextMember goes on with the member of gzip that follows one.
func (s *Salvager) nextMember() error {
	z, ok := s.plain.(*gzip.Reader)
	if !ok || !s.passZeros() {
		return io.EOF
	}
	s.start = s.offset()
	if head, _ := s.buf.Peek(2); s.source.Err == nil && !startsLike(head, magicGzip) {
		return &Trailing{}
	}
	err := z.Reset(s.buf)
	if err == nil {
		z.Multistream(false)
	}
	return err
}

func (s *Salvager) Read(p []byte) (int, error) {
	if len(s.first) > 0 || len(p) == 0 {
		n := copy(p, s.first)
		s.first = s.first[n:]
		return n, nil
	}
	for s.err == nil {
		n, err := s.plain.Read(p)
		if err == io.EOF {
			err = s.nextMember()
		}
		if s.err = err; n > 0 {
			return n, nil
		}
	}
	var g *Gap
	if s.err == io.EOF || s.source.Err != nil || errors.As(s.err, &g) {
		return 0, s.err
	}
	return 0, s.resume(s.err)
}

// offset is that of the next byte that a decompressor reads.
func (s *Salvager) offset() int64 { return s.tape.offset() - int64(s.buf.Buffered()) }

func (s *Salvager) seek(offset int64) {
	s.tape.seek(offset)
	s.buf.Reset(s.tape)
}

// passZeros passes over zeros, with which files are filled up to a whole number of
// sectors. It says whether something else follows.
func (s *Salvager) passZeros() bool {
	return skipZeros(s.buf) == nil || s.source.Err != nil // which the next read gives
}

// after deals with a failure at what follows the end of the data. It passes over
// zeros and streams without data, and opens the stream that follows; io.EOF says that
// nothing does, and a *Trailing that it is none. Any other failure comes back as it is.
func (s *Salvager) after(cause error) error {
	at := int64(-1) // where the last stream begins
	for {
		beyond := s.beyond(cause)
		if beyond < 0 || s.offset()-beyond <= at {
			break
		}
		s.seek(s.offset() - beyond)
		end := s.offset()
		more := s.passZeros()
		at = s.offset()
		if s.codec.Name == "xz" && (at-end)%4 != 0 {
			s.Padded++
		}
		if !more {
			return io.EOF
		}
		if !bytes.HasPrefix(s.peek(), []byte(s.codec.magic)) {
			break
		}
		if cause = s.begin(at, 0); cause == nil || cause == io.EOF {
			return cause
		}
	}
	if at < 0 {
		return cause
	}
	s.seek(at)
	return &Trailing{}
}

// beyond says how much a decompressor that failed at the end of the data had read
// of what follows, bytes; -1 where it failed elsewhere.
func (s *Salvager) beyond(cause error) int64 {
	var t *Trailing
	switch {
	case errors.As(cause, &t):
		return t.left
	case errors.Is(cause, zstd.ErrMagicMismatch), errors.Is(cause, lz4.ErrInvalidFrame):
		return 4
	case errors.Is(cause, bzip2.StructuralError("bad magic value in continuation file")):
		return 2
	case s.codec.Name == "bzip2" && errors.Is(cause, io.ErrUnexpectedEOF) && s.endsBzip2():
		return 1
	}
	return -1
}

// endsBzip2 says whether the byte before the offset follows the end of a stream of bzip2.
func (s *Salvager) endsBzip2() bool {
	p := s.tape.before(s.offset()-1, bzip2Tail)
	return len(p) == bzip2Tail && endsBzip2(binary.BigEndian.Uint64(p))
}

// seam is what may be between blocks of which the first ones are lost and the
// next stream, bytes: checksums and headers.
const seam = 16

// resume finds what can be decompressed next after damage, and returns the gap:
// none where what was spliced came to its end, whose checksum can't be right.
func (s *Salvager) resume(cause error) error {
	end := s.spliced && isEnd(cause)
	cause = s.after(cause)
	if cause == nil || cause == io.EOF {
		s.err = cause
		return cause
	}
	g := &Gap{err: cause, Offset: s.offset()}
	found := s.next(g)
	switch quiet := end && (g.Skipped <= seam || errors.Is(cause, errSplicedIndex)); {
	case s.source.Err != nil:
		s.err = s.source.Err
	case found && quiet:
		return nil
	case found:
		return g
	case quiet:
		s.err = io.EOF
	case errors.Is(cause, io.ErrUnexpectedEOF):
		s.err = cause
	default:
		g.last = true
		s.err = g
	}
	return s.err
}

// isEnd says whether an error is about a stream as a whole.
func isEnd(err error) bool {
	return errors.Is(err, errSplicedIndex) || errors.Is(err, bzip2.StructuralError("file checksum mismatch")) ||
		errors.Is(err, lz4.ErrInvalidFrameChecksum) || errors.Is(err, lz4.ErrInvalidContentSize)
}

// next goes to what can be decompressed next, and says how far after the gap's
// beginning that is.
func (s *Salvager) next(g *Gap) bool {
	if s.codec.here && s.begin(g.Offset, 0) == nil {
		return true
	}
	s.seek(max(s.start+1, g.Offset-s.codec.back))
	for s.tries < maxTries {
		at, bit, found := s.scan()
		if !found {
			break
		}
		if s.begin(at, bit) == nil {
			g.Skipped = max(0, at-g.Offset)
			return true
		}
		s.seek(at + 1)
	}
	_, _ = io.Copy(io.Discard, s.buf) // where it fails the source keeps the error
	g.Skipped = max(0, s.offset()-g.Offset)
	return false
}

// scan goes to the next place at which decompression may go on. A decompressor
// may also begin some bits into the byte there.
func (s *Salvager) scan() (at int64, bit int, found bool) {
	for {
		w, err := s.buf.Peek(s.buf.Size())
		if i, bit := s.codec.next(w); i >= 0 {
			_, _ = s.buf.Discard(i) // they are in the buffer
			return s.offset(), bit, true
		}
		if err != nil {
			_, _ = s.buf.Discard(len(w))
			return 0, 0, false
		}
		_, _ = s.buf.Discard(len(w) - s.codec.look + 1)
	}
}

// begin opens what is here, at an offset and a bit, if that gives anything. Where it
// doesn't, the error is the decompressor's: io.EOF where the file ends without more data.
func (s *Salvager) begin(at int64, bit int) error {
	s.tries++
	splice := s.codec.splice != nil && !bytes.HasPrefix(s.peek(), []byte(s.codec.magic))
	open := s.open
	if splice {
		open = func() (io.Reader, error) { return s.codec.splice(s.head, s.buf, bit) }
	}
	plain, err := open()
	if err != nil {
		return err
	}
	first := make([]byte, headLen)
	n, err := io.ReadAtLeast(plain, first, 1) // an error comes again
	if n == 0 {
		return err
	}
	s.plain, s.start, s.first, s.err, s.spliced = plain, at, first[:n], nil, splice
	return nil
}

func (s *Salvager) peek() []byte {
	p, _ := s.buf.Peek(len(s.codec.magic))
	return p
}

// tape keeps what was read of a file last, so that one can go back.
type tape struct {
	r    io.Reader
	kept []byte
	at   int   // in kept, of the next byte
	end  int64 // offset after kept in the file
}

// tapeKept is how much is kept: what lies between the file and a decompressor,
// and what is looked at again.
const tapeKept = BufferSize + lookback

func (t *tape) Read(p []byte) (int, error) {
	if t.at < len(t.kept) {
		n := copy(p, t.kept[t.at:])
		t.at += n
		return n, nil
	}
	n, err := t.r.Read(p)
	if len(t.kept) > tapeKept {
		t.kept = t.kept[:copy(t.kept, t.kept[len(t.kept)-tapeKept:])]
	}
	t.kept = append(t.kept, p[:n]...)
	t.at, t.end = len(t.kept), t.end+int64(n)
	return n, err
}

// before gives as many as n bytes before an offset, which were just read.
func (t *tape) before(offset int64, n int) []byte {
	end := max(0, len(t.kept)-int(t.end-offset))
	return t.kept[max(0, end-n):end]
}

func (t *tape) offset() int64 { return t.end - int64(len(t.kept)-t.at) }

// seek goes back to an offset, or as far as there is something kept.
func (t *tape) seek(offset int64) {
	t.at = max(0, len(t.kept)-int(t.end-offset))
}

// gapless passes over gaps in silence.
type gapless struct{ r io.Reader }

func (g gapless) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if _, more := GoesOn(err); more {
		err = nil
	}
	return n, err
}
