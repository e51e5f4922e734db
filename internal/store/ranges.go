package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Ranges reads parts of one version of an object. It keeps the blocks that were asked for
// last, 16 MiB at most, and reads ahead where one block after the other is asked for.
type Ranges struct {
	ctx context.Context
	s   Store
	o   Object

	mu     sync.Mutex
	blocks map[int64][]byte // by their number
	recent []int64          // the same, those that were used last at the end
	next   int64            // the block after those that were read last
	ahead  int64            // how many of them there were
	failed error
}

// What is read of an object.
const (
	blockSize  = 1 << 20 // bytes
	mostBlocks = 16      // that are kept
	mostAhead  = 8       // blocks of one request
)

// NewRanges returns a reader of an object's version, whose size and key are known. It reads
// until the context is done.
func NewRanges(ctx context.Context, s Store, o Object) *Ranges {
	return &Ranges{ctx: ctx, s: s, o: o, blocks: make(map[int64][]byte)}
}

// Size is how many bytes the object has.
func (r *Ranges) Size() int64 { return r.o.Size }

// Err is the first error of reading, after which nothing is read any more. Ends of the
// object are none.
func (r *Ranges) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// ReadAt implements io.ReaderAt. Errors are Store.Open's.
func (r *Ranges) ReadAt(p []byte, at int64) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if at < 0 {
		return 0, errors.New("read before the start")
	}
	for n < len(p) && at < r.o.Size {
		block, err := r.block(at / blockSize)
		if err != nil {
			return n, err
		}
		some := copy(p[n:], block[at%blockSize:])
		n += some
		at += int64(some)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// block returns a block, which is read if it is not there.
func (r *Ranges) block(number int64) ([]byte, error) {
	if r.failed == nil && r.blocks[number] == nil {
		r.failed = r.read(number)
	}
	if r.failed != nil {
		return nil, r.failed
	}
	at := slices.Index(r.recent, number)
	r.recent = append(slices.Delete(r.recent, at, at+1), number)
	return r.blocks[number], nil
}

// read reads a block, and those after it that are likely to be asked for: twice as many as
// the last time where that ended here, or nearly so.
func (r *Ranges) read(number int64) error {
	if number != r.next && number != r.next+1 {
		r.ahead = 0
	}
	count := max(1, min(2*r.ahead, mostAhead, (r.o.Size+blockSize-1)/blockSize-number))
	for n := range count {
		if r.blocks[number+n] != nil {
			count = n
			break
		}
	}
	r.ahead, r.next = count, number+count
	start := number * blockSize
	length := min(count*blockSize, r.o.Size-start)
	from, err := r.s.Open(r.ctx, r.o.Key, r.o.Version, start, length)
	if err != nil {
		return err
	}
	for n := range count {
		block := make([]byte, min(blockSize, length-n*blockSize))
		if _, err := io.ReadFull(from, block); err != nil {
			if err == io.EOF || err == io.ErrUnexpectedEOF { // it is shorter than it was
				err = fmt.Errorf("%s: %w", r.s.URL(r.o.Key), ErrChanged)
			}
			return errors.Join(err, from.Close())
		}
		r.keep(number+n, block)
	}
	return from.Close()
}

// keep keeps a block in place of the one that was not used for longest.
func (r *Ranges) keep(number int64, block []byte) {
	if len(r.recent) == mostBlocks {
		delete(r.blocks, r.recent[0])
		r.recent = r.recent[1:]
	}
	r.blocks[number] = block
	r.recent = append(r.recent, number)
}
