package pipeline

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/salvage"
	"github.com/mendcap/mendcap/internal/packet"
)

// chunk is one batch of blocks with its packets decoded.
type chunk struct {
	batch    *capture.Batch
	units    []unit            // one for each block; those of other blocks than packets are zero but for block
	facts    []infer.Facts     // of the units that lack their header, in the pass that gathers facts
	answers  infer.Sheet       // to those, in the passes after it
	inner    []packet.View     // of what comes in tunnels
	names    []names           // of the units that have some, in those passes
	mentions [][]infer.Mention // of the units that mention something, in the pass that gathers facts
	left     atomic.Int32      // units that are still needed; the last one gives the batch back
	share    int               // of the bytes that the batch keeps, for each unit
	size     int               // all that it keeps, bytes
	waiting  [stages]int       // units that wait, by the stage that holds them
	open     bool              // one of the units is
	err      error
	ready    chan struct{} // gets one element once the chunk is decoded elsewhere
	read     int64         // bytes of the file read with it
	home     chan *chunk   // where it goes when it is done with
}

// release says that n units of the chunk are done with. It may be called from any
// goroutine.
func (c *chunk) release(n int) {
	if c.left.Add(int32(-n)) > 0 {
		return
	}
	if c.batch == nil {
		return // units that were moved here: see mover
	}
	c.batch.Release()
	c.batch = nil
	select {
	case c.home <- c:
	default:
	}
}

// spareChunks is how many chunks that are done with are kept for the next ones:
// as many as are on their way at most, but where a window is wide.
const spareChunks = 64

// room returns one more record of a chunk with that many blocks, each of which
// has one at most. It holds anything.
func room[T any](records *[]T, blocks int) *T {
	n := len(*records)
	if n == 0 {
		*records = slices.Grow(*records, blocks)
	}
	*records = (*records)[:n+1]
	return &(*records)[n]
}

// ahead is how many chunks are read and decoded before they are asked for. Order takes
// packets by the thousand, some chunks at once: with half as many of them ahead, processors
// waited for each other, for a twelfth of a repair's time.
const ahead = 8

// reader is the stage that reads the capture, once a pass. In: the source; out: chunks of
// decoded blocks, in the order of the file.
type reader struct {
	source  *source
	options *Options    // how it is read, and who is told how far
	spare   chan *chunk // that are done with
	passed  int         // passes that are over

	// What the last pass has shown.
	format, compression string
	odd                 []salvage.Odd // of the last one over the whole capture
}

func newReader(o *Options) *reader { return &reader{options: o, spare: make(chan *chunk, spareChunks)} }

// pass reads the capture once: one goroutine reads, others decode, unless the caller's
// does both, and each is called with the chunks in the order of the file. It returns the
// damage that it met, if there was some.
func (f *reader) pass(ctx context.Context, d *decoder, each func(*chunk) error) (*salvage.Damages, error) {
	file, r, err := f.source.open(ctx, f.options)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	f.format, f.compression = r.Format(), r.Compression()
	if c := f.source.converted; c != nil {
		f.format, f.compression = c.Format(), c.compression
	}

	ctx, stop := context.WithCancel(ctx)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer stop()
	chunks := f.decodeHere(r, d)
	if !f.options.Sequential {
		chunks = f.decodeAhead(ctx, r, d, &workers)
	}
	resolver := newResolver(d)
	for c := range chunks {
		if c.err != nil {
			return f.ended(r, c.err)
		}
		resolver.take(c)
		f.progress(c.read)
		if err := each(c); err != nil {
			return nil, err
		}
	}
	return nil, ctx.Err()
}

// decodeHere reads and decodes one chunk after the other, the last one of which has an
// error.
func (f *reader) decodeHere(r *salvage.Reader, d *decoder) iter.Seq[*chunk] {
	return func(yield func(*chunk) bool) {
		for {
			c := f.readChunk(r)
			if c.err == nil {
				c.decode(d)
			}
			if !yield(c) || c.err != nil {
				return
			}
		}
	}
}

// decodeAhead is decodeHere in goroutines that it starts. It also ends when ctx is done.
func (f *reader) decodeAhead(ctx context.Context, r *salvage.Reader, d *decoder, wg *sync.WaitGroup) iter.Seq[*chunk] {
	work := make(chan *chunk, ahead)
	out := make(chan *chunk, ahead)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for c := range work {
				c.decode(d)
				c.ready <- struct{}{}
			}
		})
	}
	wg.Go(func() {
		defer close(out)
		defer close(work)
		for {
			c := f.readChunk(r)
			select {
			case out <- c:
			case <-ctx.Done():
				return
			}
			if c.err != nil {
				return
			}
			select {
			case work <- c:
			case <-ctx.Done():
				return
			}
		}
	})
	return func(yield func(*chunk) bool) {
		for c := range out {
			if c.err == nil {
				select {
				case <-c.ready:
				case <-ctx.Done():
					return
				}
			}
			if !yield(c) {
				return
			}
		}
	}
}

func (f *reader) readChunk(r *salvage.Reader) *chunk {
	var c *chunk
	select {
	case c = <-f.spare:
	default:
		c = &chunk{home: f.spare, ready: make(chan struct{}, 1)}
	}
	c.batch, c.err = r.Next()
	c.read = r.Consumed()
	if c.err == nil {
		c.left.Store(int32(len(c.batch.Blocks)))
	}
	return c
}

func (c *chunk) decode(d *decoder) {
	c.units = slices.Grow(c.units[:0], len(c.batch.Blocks))[:len(c.batch.Blocks)]
	c.share, c.open = c.batch.Size()/len(c.units)+1, false
	c.names, c.inner, c.facts, c.mentions = c.names[:0], c.inner[:0], c.facts[:0], c.mentions[:0]
	if d.answers != nil {
		c.facts, c.mentions = nil, nil
		c.answers.Clear(len(c.units))
	}
	for i := range c.units {
		u := &c.units[i]
		*u = unit{block: &c.batch.Blocks[i], chunk: c}
		if u.block.Kind == capture.Packet {
			d.decode(u)
			if u.open {
				c.open = true
			}
		}
	}
	c.size = c.batch.Size() + len(c.units)*recordSize + c.answers.Len()*answerSize + len(c.inner)*innerSize
}

// progress reports how far the passes have come.
func (f *reader) progress(read int64) {
	if f.options.Progress == nil {
		return
	}
	total := int64(-1)
	if f.compression == "" && f.source.size >= 0 {
		total = max(passes, int64(f.passed)+1) * f.source.size
		read = min(read, f.source.size) + int64(f.passed)*f.source.size
	}
	f.options.Progress(read, total)
}

// passes over the capture: facts, survey, emit.
const passes = 3
