package etl

import (
	"fmt"
	"io"
	"math/bits"
)

const (
	lookBack   = 8192 // bytes that a match of Plain LZ77 may lie back
	leastMatch = 3
	inputPart  = 16 << 10 // bytes that are read of compressed data at a time
)

// decoder decompresses Plain LZ77 ([MS-XCA] 2.4.4) in parts.
type decoder struct {
	r        io.ReaderAt
	from, to int64  // the compressed bytes that have not been read
	in       []byte // those that have; a part of buf
	buf      []byte

	flags uint64 // those not yet used, from the highest bit on, and a one after the last
	half  byte   // a length of 4 bits that the next long match takes, or noHalf
	match int    // bytes of a match that are still to be copied
	back  int    // how far back they lie
	made  int64  // bytes made so far
}

var errMatchLength = fmt.Errorf("%w: impossible length of a match", ErrCompressed)

const (
	noFlags = 1 << 63 // what flags are once all were used
	noHalf  = 0xff    // there is no length of 4 bits
)

// reset begins a stream that lies in the file between two offsets. The buffer for the
// input is kept.
func (d *decoder) reset(r io.ReaderAt, from, to int64) {
	if d.buf == nil {
		d.buf = make([]byte, inputPart)
	}
	*d = decoder{r: r, from: from, to: to, buf: d.buf, flags: noFlags, half: noHalf}
}

// resetBytes begins a stream of which those are the first bytes.
func (d *decoder) resetBytes(in []byte) {
	*d = decoder{in: in, buf: d.buf, flags: noFlags, half: noHalf}
}

// read fills out from w on and returns where it stopped: before the end only with an
// error. The bytes before w are what was made last, as far as a match may lie back.
// ErrCompressed is damage; other errors are those of reading.
func (d *decoder) read(out []byte, w int) (int, error) {
	start := w
	first := w - int(min(d.made, int64(w))) // of what was made, as far as it is here
	for w < len(out) {
		if len(d.in) < fastIn && d.from < d.to {
			if err := d.refill(); err != nil {
				return w, err
			}
		}
		switch {
		case d.match == 0 && len(d.in) >= fastIn && len(out)-w >= fastOut:
			n, err := d.run(out[first:], w-first)
			w = first + n
			if err != nil {
				return w, err
			}
		case d.match > 0:
			n := min(d.match, len(out)-w)
			repeat(out[:w+n], w, d.back)
			d.match -= n
			w += n
		case d.flags == noFlags:
			if len(d.in) < 4 {
				return w, fmt.Errorf("%w: it ends early", ErrCompressed)
			}
			d.flags = newFlags(d.in)
			d.in = d.in[4:]
		case d.flags < noFlags:
			n := min(bits.LeadingZeros64(d.flags), len(out)-w, len(d.in))
			if n == 0 {
				return w, fmt.Errorf("%w: it ends early", ErrCompressed)
			}
			copy(out[w:], d.in[:n])
			d.in = d.in[n:]
			d.flags <<= n
			w += n
		default:
			d.flags <<= 1
			if err := d.beginMatch(w - first); err != nil {
				return w, err
			}
		}
	}
	d.made += int64(w - start)
	return w, nil
}

// newFlags are the flags that come next.
func newFlags(in []byte) uint64 { return uint64(le.Uint32(in))<<32 | 1<<31 }

// What run needs before each step: in the input as many bytes as there are flags, and the
// longest form of a match, which has 2 bytes and a length of up to 1+1+2+4; and room for
// those bytes and for a match that is copied at once.
const (
	fastIn  = 32 + 2 + 1 + 1 + 2 + 4
	fastOut = 32 + word
	word    = 32 // bytes that are copied at once
)

// run does what read does, without asking at each step whether input or room end: it
// stops before that, at the beginning of a step or within a match. out begins with what a
// match may lie back.
func (d *decoder) run(out []byte, w int) (int, error) {
	for len(d.in) >= fastIn && len(out)-w >= fastOut {
		var back, length int
		switch w, back, length = d.steps(out, w); length {
		case noMatch:
			return w, nil
		case anyMatch:
			if err := d.beginMatch(w); err != nil {
				return w, err
			}
		case longMatch:
			more, ok := d.longestLength()
			if !ok {
				return w, errMatchLength
			}
			d.match, d.back = more+leastMatch, back
		default:
			d.match, d.back = length, back
		}
		n := min(d.match, len(out)-w)
		repeat(out[:w+n], w, d.back)
		d.match -= n
		w += n
	}
	return w, nil
}

// What steps gives instead of a match's length.
const (
	noMatch   = -iota
	anyMatch  // one begins there
	longMatch // its length follows in 16 bits or more
)

// steps takes rows of literals, which may be empty, and what follows each: new flags, or a
// match, as long as that is short and not too near. It stops at another one, which it gives
// without having copied it, and where input or room may end.
func (d *decoder) steps(out []byte, w int) (_, back, length int) {
	in, flags, half := d.in, d.flags, d.half
	at := 0
	for at <= len(in)-fastIn && w <= len(out)-fastOut {
		if flags == noFlags {
			flags = newFlags(in[at:])
			at += 4
			continue
		}
		from := (*[fastIn]byte)(in[at:])
		n := bits.LeadingZeros64(flags)
		move((*[word]byte)(out[w:]), (*[word]byte)(from[:])) // n of them count
		flags <<= n & 63
		at, w = at+n, w+n
		if flags == noFlags {
			continue
		}
		flags <<= 1
		match := le.Uint32(from[n&31:])
		back, length = int(match>>3&(lookBack-1))+1, int(match&7)+leastMatch
		if back > w {
			length = anyMatch
			break
		}
		at += 2
		if length == leastMatch+7 {
			more := match >> 16 & 0xff
			nibble := half
			half = noHalf
			if nibble == noHalf {
				nibble, half, more = byte(more&15), byte(more>>4), match>>24
				at++
			}
			length += int(nibble)
			if nibble == 15 {
				at++
				if length += int(more); more == 255 {
					length = longMatch
				}
				break
			}
		}
		if back >= word/2 {
			move((*[word]byte)(out[w:]), (*[word]byte)(out[w-back:])) // length of them count
		} else if back == 1 {
			fill((*[word]byte)(out[w:]), out[w-1])
		} else {
			break
		}
		w += length
		length = noMatch
	}
	d.in, d.flags, d.half = in[at:], flags, half
	return w, back, length
}

// move copies the second half after the first, so that the two may lie half their length
// apart. An assignment of the whole would be a call.
func move(to, from *[word]byte) {
	*(*[word / 2]byte)(to[:]) = *(*[word / 2]byte)(from[:])
	*(*[word / 2]byte)(to[word/2:]) = *(*[word / 2]byte)(from[word/2:])
}

// fill repeats a byte.
func fill(to *[word]byte, b byte) {
	all := uint64(b) * 0x0101010101010101
	for at := 0; at < word; at += 8 {
		le.PutUint64(to[at:], all)
	}
}

// beginMatch reads the length and the distance of a match, which may lie so far back.
func (d *decoder) beginMatch(most int) error {
	if len(d.in) < 2 {
		return fmt.Errorf("%w: it ends early", ErrCompressed)
	}
	token := int(le.Uint16(d.in))
	d.in = d.in[2:]
	length := token & 7
	d.back = token>>3 + 1
	if d.back > most {
		return fmt.Errorf("%w: a match before its start", ErrCompressed)
	}
	if length == 7 {
		more, ok := d.longLength()
		if !ok {
			return errMatchLength
		}
		length = more
	}
	d.match = length + leastMatch
	return nil
}

// longLength reads the length of a match that 3 bits do not hold: 4 bits of a byte that
// two matches share, then 8, 16 or 32. It is not yet raised by the least length.
func (d *decoder) longLength() (int, bool) {
	nibble := d.half
	d.half = noHalf
	if nibble == noHalf {
		shared, ok := d.number(1)
		if !ok {
			return 0, false
		}
		nibble, d.half = byte(shared&15), byte(shared>>4)
	}
	if nibble < 15 {
		return int(nibble) + 7, true
	}
	if length, ok := d.number(1); !ok || length < 255 {
		return length + 15 + 7, ok
	}
	return d.longestLength()
}

// longestLength is longLength of one that 8 bits do not hold either.
func (d *decoder) longestLength() (int, bool) {
	length, ok := d.number(2)
	if ok && length == 0 {
		length, ok = d.number(4)
	}
	return length, ok && length >= 15+7
}

// number takes a number of 1, 2 or 4 bytes from the input.
func (d *decoder) number(size int) (int, bool) {
	if len(d.in) < size {
		return 0, false
	}
	b := d.in[:size]
	d.in = d.in[size:]
	switch size {
	case 1:
		return int(b[0]), true
	case 2:
		return int(le.Uint16(b)), true
	default:
		return int(le.Uint32(b)), true
	}
}

// refill reads more of the compressed data.
func (d *decoder) refill() error {
	n := copy(d.buf, d.in)
	room := int(min(int64(len(d.buf)-n), d.to-d.from))
	got, err := readAt(d.r, d.buf[n:n+room], d.from)
	if err != nil {
		return err
	}
	d.in = d.buf[:n+got]
	d.from += int64(got)
	if got < room {
		d.to = d.from
	}
	return nil
}

// repeat copies what lies back bytes before w until out is full; the two may overlap.
func repeat(out []byte, w, back int) {
	if len(out)-w <= back {
		copy(out[w:], out[w-back:])
		return
	}
	for from := w - back; w < len(out); {
		w += copy(out[w:], out[from:w])
	}
}

// readAt reads as much as the file has of what is asked for.
func readAt(r io.ReaderAt, b []byte, offset int64) (int, error) {
	n, err := r.ReadAt(b, offset)
	if err == io.EOF || n == len(b) {
		err = nil
	}
	if err != nil {
		return n, fmt.Errorf("read at byte %d: %w", offset, err)
	}
	return n, nil
}
