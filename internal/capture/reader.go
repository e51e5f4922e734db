package capture

import (
	"cmp"
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
	MinBatchSize     = 1 << 10 // of any
)

// ReaderOptions are the limits of a Reader. The zero value is fit for use.
type ReaderOptions struct {
	BatchSize int // memory of one batch, bytes; 0 = 256 KiB
	// Expected is how long the file is, bytes, as far as that is known; 0 = it isn't. No
	// batch begins with more room than it is likely to need for that.
	Expected int64
	MaxBlock int // largest block or record that is believed, bytes; 0 = 64 MiB
	// MaxUnpacked is how much a compressed file may decompress to, bytes; 0 = any
	// amount. Beyond it the capture ends with an ErrUnpacked.
	MaxUnpacked int64
	// Batches are those of Readers before, which this one uses again; nil = there are none.
	Batches Batches
	// Described asks for an ErrInterface of a packet whose interface is not described.
	Described bool
	// Number gives the numbers of packets, in their order; nil = they count from 1.
	Number func() int64
	// Gap is told of damage before the capture's first bytes, which are read after it;
	// nil = it ends the capture.
	Gap func(*compress.Gap)
}

// Reader holds what was read of a capture, the position in it and the blocks so far.
// One goroutine may call its methods at a time; Consumed and Batch.Release may be
// called from any.
//
// Whoever knows what to do where a block can't be read is its Driver: Drive hands it
// what was read, and the driver takes blocks off that or skips what is none.
//
//	Rest    what was read and not gone over yet, from the position on
//	Size    how long the block is that bytes start with
//	Read    read a block, and go over it
//	Skip    go over bytes without a block
//	Resume  read what follows by another layout
//	Broken  an error with the position
//
// Add, Discard and Replace are for what is no block of the file: made up, not read
// yet, or read otherwise. A Reader doesn't know who drives it or why bytes were
// skipped, and a driver knows nothing of batches and buffers.
type Reader struct {
	Source *compress.Source // the file
	Plain  io.Reader        // Source, decompressed; who drives may wrap it

	// Unpacked decompresses Source, nil where that is not compressed.
	Unpacked *compress.Salvager

	opts        ReaderOptions
	compression string
	layout      Layout
	batchSize   int
	fit         reading
	maxBlock    int
	free        Batches

	batch    *Batch // that is being filled
	used     int    // bytes of it that the position is past
	carry    []byte // what was read and is not in a batch yet
	enough   bool   // the last batch has as many blocks as it may: carry can have whole ones
	late     error  // then: with what the source ended after carry, if it has
	offset   int64  // of the position in the decompressed file
	frame    int64  // number of the last packet
	blocks   int    // of the batch that was delivered last
	err      error  // what Drive returns from now on
	consumed atomic.Int64
}

// Layout is how one format cuts a file into blocks and understands them: a reader
// of one block. *Pcap and *Pcapng are such.
type Layout interface {
	Name() string
	// Size gives the length of the block that p starts with, and 0 where p is
	// too short to tell. It does not trust p to hold the block. One of more bytes
	// than most is an ErrTooLarge.
	Size(p []byte, most int) (int, error)
	// Decode fills in a block whose Raw is set and whole. The frame number is
	// the Reader's business.
	Decode(b *Block) error
}

// Driver says what is done with the bytes that a Reader has read.
type Driver interface {
	// Step goes over what was read, as far as that can be decided; all of it where
	// the source has ended, but for what a full batch has no room for. need is how
	// many bytes of Rest it takes to go on. An error ends the capture.
	Step(ended bool) (need int, err error)
	// Ended says what the error means with which the source ended: nil where more
	// can be read.
	Ended(err error) error
}

// Unopened returns a Reader whose Head and Recognise must be called first. Where
// the latter gives an error, who drives may know a layout for Resume.
func Unopened(r io.Reader, opts ReaderOptions) *Reader {
	batchSize := max(cmp.Or(opts.BatchSize, defaultBatchSize), MinBatchSize)
	fit := batchSize
	if e := opts.Expected; e > 0 && e < int64(batchSize) {
		fit = max(int(e)+1, MinBatchSize) // with room to see that no more comes
	}
	if opts.Batches == nil {
		opts.Batches = NewBatches()
	}
	return &Reader{
		Source:    &compress.Source{R: r, Expected: opts.Expected},
		opts:      opts,
		batchSize: batchSize,
		fit:       reading{size: fit},
		maxBlock:  cmp.Or(opts.MaxBlock, defaultMaxBlock),
		free:      opts.Batches,
	}
}

// Format is "pcap" or "pcapng".
func (r *Reader) Format() string { return r.layout.Name() }

// Compression is "gzip", "zstd", "xz", "lz4" or "bzip2", or "" for a plain file.
func (r *Reader) Compression() string { return r.compression }

// Consumed is how much of the decompressed file was delivered so far, bytes.
func (r *Reader) Consumed() int64 { return r.consumed.Load() }

// Drive delivers the next blocks, at least one, as a driver takes them, or the
// error with which it ended the capture.
func (r *Reader) Drive(d Driver) (*Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	b := r.begin()
	for need := 0; ; {
		ended := r.fill(need)
		need, r.err = d.Step(ended != nil)
		r.enough, r.late = r.Full(), ended
		if r.err == nil && ended != nil && !r.enough {
			r.err = d.Ended(ended)
		}
		if len(b.Blocks) > 0 || r.err != nil {
			break
		}
	}
	r.carry, r.batch = b.buf[r.used:], nil
	r.consumed.Store(r.offset)
	if len(b.Blocks) == 0 {
		b.Release()
		return nil, r.err
	}
	r.blocks = len(b.Blocks)
	r.fit.learn(len(b.buf), r.used, r.enough, r.batchSize)
	return b, nil
}

// begin gives the batch that is being filled, a new one if there is none.
func (r *Reader) begin() *Batch {
	if r.batch == nil {
		r.batch, r.used = r.newBatch(), 0
	}
	return r.batch
}

// fill reads until the buffer is full or the source has ended. A buffer without
// blocks makes room for so many bytes. What a batch of many blocks has left is cut
// up first, where it is likely to make up a batch.
func (r *Reader) fill(need int) error {
	b := r.batch
	if len(b.Blocks) == 0 && r.used > 0 {
		b.buf, r.used = b.buf[:copy(b.buf, b.buf[r.used:])], 0
	}
	if need > cap(b.buf) {
		b.grow(need + r.batchSize)
	}
	if r.enough {
		r.enough = false
		if r.late != nil || len(b.buf) >= r.fit.size {
			return r.late
		}
	}
	for len(b.buf) < cap(b.buf) {
		n, err := r.Plain.Read(b.buf[len(b.buf):cap(b.buf)])
		b.buf = b.buf[:len(b.buf)+n]
		if err != nil {
			return err
		}
	}
	return nil
}

// Rest is what was read and is not gone over yet.
func (r *Reader) Rest() []byte { return r.batch.buf[r.used:] }

// Full says whether the batch has as many blocks as it may.
func (r *Reader) Full() bool { return len(r.batch.Blocks) >= MaxBlocks }

// Blocks are those of the batch so far.
func (r *Reader) Blocks() []Block { return r.batch.Blocks }

// Offset is that of the position in the decompressed file, bytes.
func (r *Reader) Offset() int64 { return r.offset }

// Frame is the number of the last packet before the position; 0 = none.
func (r *Reader) Frame() int64 { return r.frame }

// MaxBlock is the size of the largest block that is believed, bytes.
func (r *Reader) MaxBlock() int { return r.maxBlock }

// Size gives the length of the block that p starts with, 0 where p is too short to
// tell. p need not hold the block.
func (r *Reader) Size(p []byte) (int, error) { return r.layout.Size(p, r.maxBlock) }

// Read adds to the batch the block that raw is, as at the position, and goes over the
// bytes that it takes in the file. It adds nothing, and stays, where raw can't be read.
func (r *Reader) Read(raw []byte, size int) (*Block, error) {
	b := r.batch.add()
	b.Raw, b.Offset = raw, r.offset
	err := r.layout.Decode(b)
	if err == nil && b.Kind == Packet && b.Interface == nil && r.opts.Described {
		err = ErrInterface
	}
	if err != nil {
		r.batch.Blocks = r.batch.Blocks[:len(r.batch.Blocks)-1]
		return nil, err
	}
	if b.Kind == Packet {
		r.frame = r.number()
		b.Frame = r.frame
	}
	r.Skip(size)
	return b, nil
}

// number is that of the next packet.
func (r *Reader) number() int64 {
	if r.opts.Number != nil {
		return r.opts.Number()
	}
	return r.frame + 1
}

// ReadPackets reads the enhanced packet blocks at the position and goes over them, as
// long as there is nothing unusual about any: nearly all of a pcapng file.
func (r *Reader) ReadPackets() {
	f, ok := r.layout.(*Pcapng)
	if !ok {
		return
	}
	for batch, p := r.batch, r.Rest(); len(batch.Blocks) < MaxBlocks; {
		size := f.enhancedSize(p)
		if size == 0 || size > r.maxBlock {
			return
		}
		b := batch.add()
		b.Raw, b.Offset, b.Type, b.Order = p[:size:size], r.offset, TypeEPB, f.Order
		if f.packet(b) != nil || b.Odd != 0 || b.Interface == nil {
			batch.Blocks = batch.Blocks[:len(batch.Blocks)-1]
			return
		}
		r.frame = r.number()
		b.Frame = r.frame
		r.Skip(size)
		p = p[size:]
	}
}

// Add adds blocks to the batch as they are.
func (r *Reader) Add(blocks []Block) {
	r.batch.Blocks = append(r.batch.Blocks, blocks...)
}

// Skip goes over bytes.
func (r *Reader) Skip(size int) {
	r.offset += int64(size)
	r.used += size
}

// Discard goes over bytes of Plain that were not read yet.
func (r *Reader) Discard(n int64) error {
	_, err := io.CopyN(io.Discard, r.Plain, n)
	r.offset += n
	return err
}

// Replace puts other bytes in place of Rest, and reads more from plain.
func (r *Reader) Replace(rest []byte, plain io.Reader) {
	r.batch.buf = append(r.batch.buf[:r.used], rest...)
	r.Plain = plain
}

// Layout is how blocks are read.
func (r *Reader) Layout() Layout { return r.layout }

// Resume reads what follows by a layout.
func (r *Reader) Resume(l Layout) {
	r.layout = l
	r.begin()
}

// End says what it means that the source ended with err after the position: where that
// is within a block, so many bytes of it were left.
func (r *Reader) End(left int, err error) error {
	if errors.Is(r.Source.Err, ErrUnpacked) {
		return r.Broken(r.Source.Err)
	}
	if r.Source.Err != nil {
		return fmt.Errorf("read capture at byte %d, %s: %w", r.offset+int64(left), afterFrame(r.frame), r.Source.Err)
	}
	if damaged := r.Damaged(err); damaged != nil {
		return r.Broken(damaged)
	}
	return io.EOF
}

// CutShort is the error for a block of which the file has so many bytes only.
func CutShort(left int) error {
	return fmt.Errorf("%w: only %s of its last block could be read", ErrTruncated, byteCount(int64(left)))
}

// Broken adds the position to an error.
func (r *Reader) Broken(err error) error {
	return &FormatError{Frame: r.frame, Offset: r.offset, Err: err}
}
