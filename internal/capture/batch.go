package capture

import "slices"

// Batch is a run of consecutive blocks. It belongs to whoever got it from
// Drive, until it is released.
type Batch struct {
	Blocks []Block

	buf  []byte // what the blocks alias
	home Batches
}

// Batches are those that were released, for reuse. Any goroutine may hold them.
type Batches chan *Batch

// NewBatches returns room for released batches.
func NewBatches() Batches { return make(Batches, freeBatches) }

// MaxBlocks is how many blocks a batch has at most, but for the last one that
// salvage rescues at once: whoever reads it keeps more of each than a small block
// has bytes.
const MaxBlocks = 1024

// reading is how many bytes are read for a batch: no more than as many blocks take
// as it may have, as far as those before tell. What is read beyond them would be
// kept as long as the batch is, and copied into the next one.
type reading struct {
	size int
	run  int // batches in a row that had as many blocks as they may
}

// readingRun is how many such batches make the next ones smaller.
const readingRun = 4

// learn notes how many bytes a batch had, how many of them its blocks took, and
// whether they were as many as they may be. most is the size for blocks of any size.
func (f *reading) learn(had, used int, full bool, most int) {
	switch {
	case full:
		if f.run++; f.run >= readingRun {
			f.size = min(max(used+used/8, MinBatchSize), most)
		}
	case had >= f.size:
		f.size, f.run = min(2*f.size, most), 0
	}
}

// freeBatches is how many released batches are kept for reuse.
const freeBatches = 64

// Release gives the batch's memory back for the next ones. The batch, its blocks
// and all that aliases them are invalid afterwards. It may be called from any
// goroutine, once; a batch that is never released is left to the collector.
func (b *Batch) Release() {
	select {
	case b.home <- b:
	default: // as many are kept as may be
	}
}

// Size is how much of the file's bytes the batch keeps in memory until it is
// released, at most.
func (b *Batch) Size() int { return cap(b.buf) }

// newBatch gives an empty batch whose buffer starts with the bytes that were
// carried over.
func (r *Reader) newBatch() *Batch {
	var b *Batch
	select {
	case b = <-r.free:
		b.Blocks = b.Blocks[:0]
	default:
		b = &Batch{home: r.free}
	}
	// What was carried over to be looked at again must not leave room for a few
	// bytes only: it would be copied for each of many small blocks.
	size := max(r.fit.size, len(r.carry))
	if !r.enough && len(r.carry) > r.fit.size/2 {
		size = r.fit.size + len(r.carry)
	}
	// A buffer that grew for one huge block is not kept, nor one for larger blocks.
	if cap(b.buf) < size || cap(b.buf) > size+size/2 {
		b.buf = make([]byte, 0, size)
	}
	// The carried bytes may lie in this very buffer: copy allows for it.
	b.buf = b.buf[:copy(b.buf[:cap(b.buf)], r.carry)]
	r.carry = nil
	if cap(b.Blocks) == 0 { // most batches have about as many blocks as the one before
		b.Blocks = make([]Block, 0, r.blocks)
	}
	return b
}

// grow gives the buffer more room, doubling, for a block of need bytes: so
// much memory is taken only when half of it has really arrived.
func (b *Batch) grow(need int) {
	bigger := make([]byte, len(b.buf), min(need, 2*cap(b.buf)))
	copy(bigger, b.buf)
	b.buf = bigger
}

// add appends an empty block and returns it for filling in.
func (b *Batch) add() *Block {
	n := len(b.Blocks)
	if n == cap(b.Blocks) {
		b.Blocks = slices.Grow(b.Blocks, 1)
	}
	b.Blocks = b.Blocks[:n+1]
	b.Blocks[n] = Block{}
	return &b.Blocks[n]
}
