package capture

import (
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/mendcap/mendcap/internal/compress"
)

// The limits that hold where ReaderOptions says nothing, bytes.
const (
	defaultBatchSize = 256 << 10
	defaultMaxBlock  = 64 << 20
	MinBatchSize     = 1 << 10
)

// ReaderOptions are the limits of a Reader. The zero value is fit for use.
type ReaderOptions struct {
	BatchSize int // memory of one batch, bytes; 0 = 256 KiB
	MaxBlock  int // largest block or record that is believed, bytes; 0 = 64 MiB
	Salvage   Salvage
	// MaxUnpacked is how much a compressed file may decompress to, bytes; 0 = any
	// amount. Beyond it the capture ends with an ErrUnpacked, whatever Salvage says.
	MaxUnpacked int64
}

// Reader reads a capture block by block. One goroutine may call its methods
// at a time; Consumed and Batch.Release may be called from any.
type Reader struct {
	source      *compress.Source
	src         io.Reader // source, decompressed
	compression string
	layout      Layout
	batchSize   int
	fit         reading
	maxBlock    int
	free        chan *Batch

	pending  []Block // blocks that stand before the first that is read: the header of a pcap file
	carry    []byte  // what was read and is not in a batch yet
	enough   bool    // the last batch has as many blocks as it may: carry can have whole ones
	late     error   // then: with what the source ended behind carry, if it has
	offset   int64   // of the next block in the decompressed file
	frame    int64   // number of the last packet
	blocks   int     // of the batch that was delivered last
	err      error   // what Next returns from now on
	consumed atomic.Int64

	// Of salvage only.
	opts    ReaderOptions
	damages Damages
	last    Damage // the last place of damage, which may grow yet
	resumer *compress.Salvager
	text    bool    // carriage returns are taken out
	tries   int     // to undo a transfer as text
	lost    bool    // bytes are being passed over: nothing is expected here
	opening []Block // that openDamaged found
	recent  [recentStamps]recentStamp
	sure    int64 // offset of a block that was looked at with the one before
	proved  int64 // offset up to which a long chain leads from record to record
	odd     [Oddities]oddCount
}

// Layout is how one format cuts a file into blocks and understands them.
type Layout interface {
	name() string
	// size gives the length of the block that p starts with, and 0 where p is
	// too short to tell. It does not trust p to hold the block.
	size(p []byte) (uint64, error)
	// decode fills in a block whose Raw is set and whole. The frame number is
	// the reader's business.
	decode(b *Block) error

	// believable looks at a block of a credible length, which p need not hold: it
	// says how many bytes are needed to judge it (0: no more), and whether it is
	// to be believed at once. sure says that it was looked at already, as what
	// follows the block before. Only salvage asks.
	believable(p []byte, size int, sure bool) (need int, ok bool)
	// credible says whether a block may have a size, bytes.
	credible(size int) bool
	// window says how much of p, which a block of a size starts, is to be looked at
	// for a decision, bytes. It may be more than p has.
	window(p []byte, size int) int
	// chained says whether lengths lead on from the start of p so far that a block
	// is there, whatever it holds. p is what window asked for.
	chained(r *Reader, p []byte, eof bool) bool
	// rescue deals with the damage at the start of p. It delivers what it can
	// and says how many bytes of p are done with; where that is none, blocks stand
	// there after all. p holds all that it may look at, and the end of the file if
	// eof is set.
	rescue(r *Reader, b *Batch, p []byte, eof bool, why error) int
}

// NewReader finds out what the bytes are: a pcap or pcapng capture, plain or
// compressed by gzip, zstd, xz, lz4 or bzip2. It returns a *FormatError that
// wraps ErrEmpty, ErrNotCapture, ErrVersion, ErrTruncated or ErrCompressed
// where they are nothing
// that it can read, and the error of r where that failed.
func NewReader(r io.Reader, opts ReaderOptions) (*Reader, error) {
	rd := &Reader{
		source:    &compress.Source{R: r},
		sure:      -1,
		opts:      opts,
		batchSize: opts.BatchSize,
		maxBlock:  opts.MaxBlock,
		free:      make(chan *Batch, freeBatches),
	}
	if rd.batchSize <= 0 {
		rd.batchSize = defaultBatchSize
	}
	rd.batchSize = max(rd.batchSize, MinBatchSize)
	rd.fit.size = rd.batchSize
	if rd.maxBlock <= 0 {
		rd.maxBlock = defaultMaxBlock
	}
	if err := rd.open(); err != nil {
		return nil, err
	}
	return rd, nil
}

// Format is "pcap" or "pcapng".
func (r *Reader) Format() string { return r.layout.name() }

// Compression is "gzip", "zstd", "xz", "lz4" or "bzip2", or "" for a plain file.
func (r *Reader) Compression() string { return r.compression }

// Consumed is how much of the decompressed file was delivered so far, bytes.
func (r *Reader) Consumed() int64 { return r.consumed.Load() }

// Next delivers the next blocks, at least one. It returns io.EOF behind the
// last block of an undamaged file, or of any with SalvageOn. Of a damaged file every block before the
// damage is delivered, and then a *FormatError; a failure of the underlying
// reader comes back as it is, with the position added.
func (r *Reader) Next() (*Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	b := r.batch()
	if cap(b.Blocks) == 0 { // most batches have about as many blocks as the one before
		b.Blocks = make([]Block, 0, r.blocks)
	}
	b.Blocks = append(b.Blocks, r.pending...)
	r.pending = nil
	for {
		readErr := r.fill(b)
		if r.opts.Salvage != SalvageNone {
			if r.salvage(b, readErr) {
				continue
			}
			break
		}
		used, need, err := r.split(b)
		switch {
		case err != nil:
			r.err = r.damage(err)
		case r.enough:
			r.carry, r.late = b.buf[used:], readErr
		case readErr != nil:
			r.err = r.ended(len(b.buf)-used, readErr)
		case len(b.Blocks) == 0:
			b.grow(need)
			continue
		default:
			r.carry = b.buf[used:]
		}
		break
	}
	r.consumed.Store(r.offset)
	if len(b.Blocks) == 0 {
		b.Release()
		return nil, r.err
	}
	r.blocks = len(b.Blocks)
	r.fit.learn(len(b.buf), len(b.buf)-len(r.carry), r.enough, r.batchSize)
	return b, nil
}

// fill reads until the buffer is full or the source has ended. What a batch of
// many blocks has left is cut up first, where it is likely to make up a batch.
func (r *Reader) fill(b *Batch) error {
	if r.enough {
		r.enough = false
		if r.late != nil || len(b.buf) >= r.fit.size {
			return r.late
		}
	}
	for len(b.buf) < cap(b.buf) {
		n, err := r.src.Read(b.buf[len(b.buf):cap(b.buf)])
		b.buf = b.buf[:len(b.buf)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// split cuts the buffer into blocks, as many as a batch may have. It says how
// many bytes the whole ones take, and how many bytes the one behind them needs at
// least.
func (r *Reader) split(b *Batch) (used, need int, err error) {
	for len(b.Blocks) < MaxBlocks {
		p := b.buf[used:]
		size, err := r.layout.size(p)
		if err == nil && size > uint64(r.maxBlock) {
			err = fmt.Errorf("%w of %d bytes: block of %d bytes", ErrTooLarge, r.maxBlock, size)
		}
		if err != nil {
			return used, 0, err
		}
		if size == 0 || size > uint64(len(p)) {
			return used, max(int(size), len(p)+MinBatchSize), nil
		}
		block := b.add()
		block.Raw = p[:size:size]
		block.Offset = r.offset
		if err := r.layout.decode(block); err != nil {
			b.Blocks = b.Blocks[:len(b.Blocks)-1]
			return used, 0, err
		}
		if block.Kind == Packet {
			r.frame++
			block.Frame = r.frame
		}
		used += int(size)
		r.offset += int64(size)
	}
	r.enough = true
	return used, 0, nil
}

// ended says what it means that the source ended with err while so many bytes
// of an incomplete block were left.
func (r *Reader) ended(left int, err error) error {
	if errors.Is(r.source.Err, ErrUnpacked) {
		return r.damage(r.source.Err)
	}
	if r.source.Err != nil {
		return fmt.Errorf("read capture at byte %d, %s: %w", r.offset+int64(left), afterFrame(r.frame), r.source.Err)
	}
	damaged := r.compressionError(err)
	switch {
	case damaged != nil && left > 0 && !errors.Is(damaged, ErrTruncated):
		return r.damage(fmt.Errorf("%w: %w", ErrTruncated, damaged))
	case damaged != nil:
		return r.damage(damaged)
	case left > 0:
		return r.damage(fmt.Errorf("%w: only %s of its last block could be read", ErrTruncated, ByteCount(int64(left))))
	}
	return io.EOF
}

// damage adds the position to an error.
func (r *Reader) damage(err error) error {
	return &FormatError{Frame: r.frame, Offset: r.offset, Err: err}
}
