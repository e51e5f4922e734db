package capture

import (
	"errors"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/compress"
)

// Salvage says what a Reader does about damage.
type Salvage uint8

const (
	// SalvageNone ends the capture with a *FormatError where a block can't be
	// read. A pcap record counts as readable if its length fits the limit.
	SalvageNone Salvage = iota
	// SalvageOn mends what is proved, passes over what can't be read, goes on
	// with the next true block, and keeps account of it: see Reader.Damage.
	SalvageOn
	// SalvageRefuse looks at a capture as SalvageOn does, and ends with a
	// *FormatError at the first damage.
	SalvageRefuse
)

// The limits of salvage.
const (
	// lookahead is how far behind damage bytes are looked at for a decision, and
	// stride how many of them may be passed over by one. Decisions depend on
	// nothing else, hence not on how the bytes arrive.
	lookahead = 256 << 10
	stride    = lookahead / 2
	// maxDamages is how many places of damage a Reader lists.
	maxDamages = 1000
)

// Damage is a place in a capture that is not as it should be.
type Damage struct {
	Frame  int64 // the last packet delivered before it; 0 = none
	Offset int64 // in the decompressed file, bytes
	Length int64 // bytes
	Lost   bool  // the bytes were passed over; else they were mended and delivered
	Err    error // what is wrong there; wraps one of the sentinels
}

// What is wrong with a place beyond what a strict reader says of it.
var (
	ErrGarbage   = errors.New("no record or block can be made out")
	ErrZeros     = errors.New("zeros where a record or block must begin")
	ErrPasted    = errors.New("another capture's header stands inside")
	ErrNoHeader  = errors.New("the file header is missing or unreadable")
	ErrNoSHB     = errors.New("a section header is missing")
	ErrInterface = errors.New("a packet's interface is not described")
	ErrMixed     = errors.New("a block is in the other byte order")
	ErrASCII     = errors.New("transferred as text")
)

// Damages is what a Reader found so far.
type Damages struct {
	List  []Damage // the first ones, in their order
	Total int64    // of all
	Lost  int64    // bytes passed over, of all
}

// Damage gives the damage met so far, all of it once Next has returned io.EOF.
// It may be called by the goroutine that calls Next. Without SalvageOn it is
// empty.
func (r *Reader) Damage() Damages {
	d := r.damages
	if r.last.Length > 0 || r.last.Err != nil {
		d.count(r.last)
	}
	return d
}

func (d *Damages) count(one Damage) {
	d.Total++
	if one.Lost {
		d.Lost += one.Length
	}
	if len(d.List) < maxDamages {
		d.List = append(d.List[:len(d.List):len(d.List)], one)
	}
}

// report takes in one place of damage at the reader's offset. Bytes passed over
// behind bytes passed over are one place, and so are blocks behind each other
// that were mended in one way.
func (r *Reader) report(length int, lost bool, err error) {
	if r.opts.Salvage == SalvageRefuse && r.err == nil {
		r.err = r.damage(err)
	}
	one := Damage{Frame: r.frame, Offset: r.offset, Length: int64(length), Lost: lost, Err: err}
	last, same := &r.last, lost && r.last.Lost || err == r.last.Err && !r.last.Lost
	if same && last.Offset+last.Length == one.Offset && last.Length > 0 {
		last.Length += one.Length
		return
	}
	if r.last.Err != nil {
		r.damages.count(r.last)
	}
	r.last = one
}

// splitSalvaging is split for captures that may be damaged.
func (r *Reader) splitSalvaging(b *Batch, eof bool) (used, need int) {
	for r.err == nil && len(b.Blocks) < MaxBlocks {
		p := b.buf[used:]
		if len(p) == 0 && eof {
			break
		}
		size, need, err := r.measure(p, eof)
		if need > 0 {
			return used, need
		}
		if err == nil {
			looked := r.offset >= r.proved // at what follows it too
			if err = r.deliver(b, p[:size:size], size); err == nil {
				used += size
				if looked && len(p) >= size+PcapRecordLen {
					r.sure = r.offset
				}
				continue
			}
		}
		want := lookahead
		if size <= r.maxBlock {
			want = r.layout.window(p, size)
		}
		if len(p) < want && !eof {
			return used, want
		}
		r.remember(b)
		p, last := p[:min(len(p), want)], eof && len(p) <= want
		if startsWithZeros(p, last) {
			err = ErrZeros
		}
		if size <= len(p) && !r.lost && r.layout.chained(r, p, last) && r.deliver(b, p[:size:size], size) == nil {
			used += size
			continue
		}
		if r.undoText(b, used, eof) {
			r.proved = 0
			continue
		}
		used += r.layout.rescue(r, b, p, last, err)
	}
	r.enough = len(b.Blocks) >= MaxBlocks
	return used, 0
}

// salvage cuts the buffer into blocks, whatever is between them. It says whether
// more has to be read before there is one.
func (r *Reader) salvage(b *Batch, readErr error) (again bool) {
	used, need := r.splitSalvaging(b, readErr != nil)
	r.remember(b)
	g, more := compress.GoesOn(readErr)
	switch {
	case r.err != nil: // of SalvageRefuse
	case r.enough:
		r.carry, r.late = b.buf[used:], readErr
	case more:
		r.reportGap(g)
		b.buf = b.buf[:0]
		return len(b.Blocks) == 0 && r.err == nil
	case readErr != nil && used == len(b.buf):
		r.err = r.endSalvaged(readErr)
	case len(b.Blocks) == 0:
		b.buf = b.buf[:copy(b.buf, b.buf[used:])]
		if need > cap(b.buf) {
			b.grow(need + r.batchSize)
		}
		return true
	default:
		r.carry = b.buf[used:]
	}
	return false
}

// startsWithZeros says whether two records' headers would be all zero, or what is
// left of the file is.
func startsWithZeros(p []byte, eof bool) bool {
	const two = 2 * PcapRecordLen
	return (len(p) >= two || eof) && allZero(p[:min(len(p), two)])
}

// errSuspect marks a block that can be read, but that may not be one.
var errSuspect = fmt.Errorf("%w", ErrGarbage)

// measure gives the size of the block that p starts with, or how many bytes
// are needed to tell, or what is wrong with it. Where no length is credible size
// is beyond the limit.
func (r *Reader) measure(p []byte, eof bool) (size, need int, err error) {
	n, err := r.layout.size(p)
	switch {
	case err != nil:
		return r.maxBlock + 1, 0, err
	case n > uint64(r.maxBlock):
		return r.maxBlock + 1, 0, fmt.Errorf("%w of %d bytes: block of %d bytes", ErrTooLarge, r.maxBlock, n)
	case n == 0 && !eof:
		return 0, len(p) + MinBatchSize, nil
	case n == 0 && len(p) > 0:
		return r.maxBlock + 1, 0, fmt.Errorf("%w: only %s of its last block could be read", ErrTruncated, ByteCount(int64(len(p))))
	}
	size = int(n)
	if r.offset < r.proved && !r.lost && (size <= len(p) || !eof) {
		if size > len(p) {
			return size, size, nil
		}
		return size, 0, nil
	}
	need, ok := r.layout.believable(p, size, r.sure == r.offset && size <= lookahead)
	if ok {
		need = max(need, size)
	}
	switch {
	case need > len(p) && !eof:
		return size, need, nil
	case !ok && need == 0 && size > lookahead && !r.layout.credible(size):
		return r.maxBlock + 1, 0, errSuspect
	case size > len(p):
		return size, 0, fmt.Errorf("%w: only %s of its last block could be read", ErrTruncated, ByteCount(int64(len(p))))
	case !ok || r.lost && len(p) > 0:
		return size, 0, errSuspect
	}
	return size, 0, nil
}

// deliver adds a block that takes so many bytes of the file: its own, unless it
// was mended. It adds nothing where the block can't be decoded.
func (r *Reader) deliver(b *Batch, raw []byte, size int) error {
	block := b.add()
	block.Raw, block.Offset = raw, r.offset
	err := r.layout.decode(block)
	if err == nil && block.Kind == Packet && block.Interface == nil {
		err = ErrInterface
	}
	if err != nil {
		b.Blocks = b.Blocks[:len(b.Blocks)-1]
		return err
	}
	r.settled(block, size)
	return nil
}

// settled counts a block that was delivered.
func (r *Reader) settled(block *Block, size int) {
	r.lost = false
	if block.Kind == Packet {
		r.frame++
		block.Frame = r.frame
	}
	if block.odd != 0 {
		r.countOdd(block.odd)
	}
	r.offset += int64(size)
}

// pass goes over bytes that can't be read.
func (r *Reader) pass(n int, why error) int {
	r.report(n, true, why)
	r.offset += int64(n)
	return n
}

// mend delivers a block whose bytes were corrected. It says whether that could
// be decoded.
func (r *Reader) mend(b *Batch, raw []byte, size int, why error) bool {
	block := b.add()
	block.Raw, block.Offset = raw, r.offset
	if err := r.layout.decode(block); err != nil || block.Kind == Packet && block.Interface == nil {
		b.Blocks = b.Blocks[:len(b.Blocks)-1]
		return false
	}
	r.report(size, false, why)
	r.settled(block, size)
	return true
}

// endSalvaged says what it means that a salvaged source ended with err.
func (r *Reader) endSalvaged(err error) error {
	if r.source.Err != nil {
		return r.ended(0, err)
	}
	var g *compress.Gap
	if errors.As(err, &g) {
		r.reportGap(g)
	} else if damaged := r.compressionError(err); damaged != nil {
		r.report(0, true, damaged)
	}
	if r.err != nil {
		return r.err
	}
	return io.EOF
}

// reportGap takes in damage of compressed data, apart from what it has cut short.
// Nothing is expected behind it.
func (r *Reader) reportGap(g *compress.Gap) {
	if r.last.Err != nil {
		r.damages.count(r.last)
		r.last = Damage{}
	}
	r.report(0, true, r.compressionError(g))
	r.lost, r.sure, r.proved = true, -1, 0
}

// remember notes the stamps of the last packets delivered, those of this batch.
func (r *Reader) remember(b *Batch) {
	for i, left := len(b.Blocks)-1, recentStamps; i >= b.remembered && left > 0; i-- {
		if block := &b.Blocks[i]; block.Kind == Packet {
			r.recent[block.Frame%recentStamps] = recentStamp{block.Ticks, block.Interface, block.HasStamp}
			left--
		}
	}
	b.remembered = len(b.Blocks)
}

// recentStamps is how many stamps tell whether another is near.
const recentStamps = 4

// recentStamp is the stamp of a packet that was delivered.
type recentStamp struct {
	ticks uint64
	iface *Interface
	known bool
}

// nearTime is how far stamps of neighbours may lie apart, seconds. It only
// serves to tell a capture's own packets from what packets carry.
const nearTime = 24 * 60 * 60

// near says whether a time is near one of the last packets', and whether there
// are such.
func (r *Reader) near(seconds int64) (near, known bool) {
	for _, n := range r.recent {
		if !n.known || n.iface == nil {
			continue
		}
		known = true
		if d := n.iface.Nanos(n.ticks)/1e9 - seconds; d >= -nearTime && d <= nearTime {
			return true, true
		}
	}
	return false, known
}
