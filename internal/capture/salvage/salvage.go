// Package salvage reads captures that may be damaged. Its Reader drives one of package
// capture: it mends what is proved, passes over what can't be read, goes on with the
// next true block, and keeps account of both. A capture without damage is read as it is.
//
// The Reader that is driven holds the bytes, the position and the blocks. This package
// decides of each block whether it is to be believed, and what is at a place
// where none is.
package salvage

import (
	"errors"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
)

// Options are those of the reader that is wrapped, and what to do about damage.
type Options struct {
	capture.ReaderOptions      // Described and Gap are this package's
	Refuse                bool // end with a *capture.FormatError at the first damage
	// Foreign says of the beginning of a file that no capture is read from whether it
	// is of another format, so that none is to be looked for within it; nil = it isn't.
	Foreign func(head []byte) bool
}

// The limits of salvage.
const (
	// lookahead is how far after damage bytes are looked at for a decision, and
	// stride how many of them may be passed over by one. Decisions depend on
	// nothing else, hence not on how the bytes arrive.
	lookahead = 256 << 10
	stride    = lookahead / 2
)

// Reader reads a capture that may be damaged. One goroutine may call its methods at
// a time; Consumed may be called from any.
type Reader struct {
	in   *capture.Reader
	form form // of the layout by which in reads

	refuse  bool
	foreign func(head []byte) bool
	err     error // with which Refuse ends
	damages Damages
	last    Damage // the last place of damage, which may grow yet
	text    bool   // carriage returns are taken out
	tries   int    // to undo a transfer as text
	lost    bool   // bytes are being passed over: nothing is expected here
	recent  recent
	sure    int64 // offset of a block that was looked at with the one before
	proved  int64 // offset up to which a long chain leads from record to record
	odd     [capture.Oddities]oddCount
}

// form is what salvage knows of a format beyond its layout.
type form interface {
	capture.Layout
	// believable looks at a block of a credible length, which p need not hold: it
	// says how many bytes are needed to decide (0: no more; -1: its size is not
	// credible), and whether it is to be believed at once. sure says that it was
	// looked at already, as what follows the block before.
	believable(p []byte, size int, sure bool) (need int, ok bool)
	// window says how much of p, which a block of a size starts, is to be looked at
	// for a decision, bytes. It may be more than p has.
	window(p []byte, size int) int
	// chained says whether lengths lead on from the start of a window so far that a
	// block is there, whatever it holds.
	chained(w window) bool
	// rescue deals with the damage at the start of a window: it goes over some of
	// it, or finds that blocks are there after all.
	rescue(w window, why error)
}

// resume reads what follows by a layout.
func (r *Reader) resume(l capture.Layout) {
	r.in.Resume(l)
	switch l := l.(type) {
	case *capture.Pcap:
		r.form = newPcap(l)
	case *capture.Pcapng:
		r.form = &pcapng{l}
	}
}

// NewReader finds out what the bytes are: a pcap or pcapng capture, plain or compressed
// by gzip, zstd, xz, lz4 or bzip2. It returns a *capture.FormatError where they are
// nothing that it can read, and the error of from where that failed. Of a file that
// starts like no capture it looks for the beginning of one.
func NewReader(from io.Reader, o Options) (*Reader, error) {
	r := &Reader{sure: -1, refuse: o.Refuse, foreign: o.Foreign}
	o.Described, o.Gap = true, r.reportGap
	r.in = capture.Unopened(from, o.ReaderOptions)
	head, err := r.in.Head()
	if err != nil {
		return nil, err
	}
	if err = r.in.Recognise(head); err != nil && r.in.Source.Err == nil {
		err = r.openDamaged(err)
	}
	if err != nil {
		return nil, err
	}
	if r.form == nil {
		r.resume(r.in.Layout())
	}
	return r, nil
}

// Format is "pcap" or "pcapng".
func (r *Reader) Format() string { return r.in.Format() }

// Compression is that of the file, "" for a plain one.
func (r *Reader) Compression() string { return r.in.Compression() }

// Consumed is how much of the decompressed file was delivered so far, bytes.
func (r *Reader) Consumed() int64 { return r.in.Consumed() }

// Next delivers the next blocks, at least one. It returns io.EOF after the last one,
// and a failure of the underlying reader as capture.Reader does.
func (r *Reader) Next() (*capture.Batch, error) {
	if r.err != nil {
		return nil, r.err
	}
	r.recent.noted = 0
	return r.in.Drive(r)
}

// Step takes what can be read of the bytes that are there, and deals with what can't.
func (r *Reader) Step(eof bool) (need int, err error) {
	need = r.split(eof)
	r.recent.note(r.in.Blocks())
	return need, r.err
}

func (r *Reader) split(eof bool) (need int) {
	for r.err == nil {
		if !r.lost {
			r.in.ReadPackets()
		}
		if r.in.Full() {
			break
		}
		p := r.in.Rest()
		if len(p) == 0 && eof {
			break
		}
		size, need, err := r.measure(p, eof)
		if need > len(p) {
			return need
		}
		looked := r.in.Offset() >= r.proved // at what follows it too
		if err == nil {
			err = r.deliver(p[:size:size], size)
		}
		if err != nil {
			if need = r.decide(p, size, eof, err); need > 0 {
				return need
			}
		} else if looked && len(p) >= size+capture.PcapRecordLen {
			r.sure = r.in.Offset()
		}
	}
	return 0
}

// decide deals with a block of a size that is not to be believed at once. It says how
// many bytes that takes.
func (r *Reader) decide(p []byte, size int, eof bool, why error) (need int) {
	want := lookahead
	if size <= r.in.MaxBlock() {
		want = r.form.window(p, size)
	}
	if len(p) < want && !eof {
		return want
	}
	r.recent.note(r.in.Blocks())
	w := window{r: r, w: p[:min(len(p), want)], eof: eof && len(p) <= want}
	if startsWithZeros(w.w, w.eof) {
		why = ErrZeros
	}
	switch {
	case size <= len(w.w) && !r.lost && r.form.chained(w) && r.deliver(w.w[:size:size], size) == nil:
	case r.undoText(p, eof):
		r.proved = 0
	default:
		r.form.rescue(w, why)
	}
	return 0
}

// Ended says what it means that the source ended with err: damage, after which there
// may be more.
func (r *Reader) Ended(err error) error {
	_, more := compress.GoesOn(err)
	if r.in.Source.Err != nil && !more {
		return r.in.End(len(r.in.Rest()), err)
	}
	var g *compress.Gap
	if errors.As(err, &g) {
		r.reportGap(g)
	} else if damaged := r.in.Damaged(err); damaged != nil {
		r.report(0, true, damaged)
	}
	if r.err != nil || more {
		return r.err
	}
	return io.EOF
}

// startsWithZeros says whether two records' headers would be all zero, or what is
// left of the file is.
func startsWithZeros(p []byte, eof bool) bool {
	const two = 2 * capture.PcapRecordLen
	return (len(p) >= two || eof) && allZero(p[:min(len(p), two)])
}

// measure gives the size of the block that p starts with, and how many bytes are needed
// to tell, or what is wrong with it. Where no length is credible size is beyond the limit.
func (r *Reader) measure(p []byte, eof bool) (size, need int, err error) {
	beyond := r.in.MaxBlock() + 1
	size, err = r.in.Size(p)
	switch {
	case err != nil:
		return beyond, 0, err
	case size == 0 && !eof:
		return 0, len(p) + capture.MinBatchSize, nil
	case size == 0 && len(p) > 0:
		return beyond, 0, capture.CutShort(len(p))
	}
	if r.in.Offset() < r.proved && !r.lost && (size <= len(p) || !eof) {
		return size, size, nil
	}
	need, ok := r.form.believable(p, size, r.sure == r.in.Offset() && size <= lookahead)
	if ok {
		need = max(need, size)
	}
	switch {
	case need > len(p) && !eof, ok && need <= len(p) && !r.lost:
		return size, need, nil
	case need < 0:
		return beyond, 0, ErrGarbage
	case size > len(p):
		return size, 0, capture.CutShort(len(p))
	case !ok || r.lost:
		return size, 0, ErrGarbage
	}
	return size, 0, nil
}

// deliver adds a block that takes so many bytes of the file. It adds nothing where
// the block can't be decoded.
func (r *Reader) deliver(raw []byte, size int) error {
	block, err := r.in.Read(raw, size)
	if err != nil {
		return err
	}
	r.lost = false
	if block.Odd != 0 {
		r.countOdd(block.Odd)
	}
	return nil
}

// mend is deliver of a block whose bytes were corrected. It says whether that could
// be decoded.
func (r *Reader) mend(raw []byte, size int, why error) bool {
	damage := r.at(size, false, why)
	if r.deliver(raw, size) != nil {
		return false
	}
	r.note(damage)
	return true
}

// made delivers a block that was made up, if it can be read.
func (r *Reader) made(raw []byte) bool {
	block, err := r.in.Read(raw, 0)
	if err == nil {
		block.Made = true
	}
	return err == nil
}

// pass goes over bytes that can't be read.
func (r *Reader) pass(n int, why error) {
	r.report(n, true, why)
	r.in.Skip(n)
}
