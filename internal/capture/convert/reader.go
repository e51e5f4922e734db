package convert

import (
	"fmt"
	"io"
)

// Reader gives the packets of a file as a pcapng file. It makes the blocks where they are
// read to, as far as they fit there.
type Reader struct {
	m       maker
	given   int // bytes of m.over that were read
	err     error
	numbers []int64 // in the file, of the packets that were made
	told    int     // how many of them were asked for
}

// Read reads the next bytes of the pcapng file.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.given == len(r.m.over) {
		r.make(p)
	}
	n := len(r.m.made)
	over := copy(p[n:], r.m.over[r.given:])
	r.m.made, r.given = nil, r.given+over
	if n += over; n == 0 {
		return 0, r.err
	}
	return n, nil
}

// make fills p with blocks. The one that does not fit is kept, whole.
func (r *Reader) make(p []byte) {
	m := &r.m
	m.made, m.over, r.given = p[:0:len(p)], m.over[:0], 0
	for r.err == nil && len(m.over) == 0 && len(m.made) < len(p) {
		r.err = r.next()
	}
}

// next makes the blocks that begin the file, and then one packet's or those that end it,
// after which it gives io.EOF.
func (r *Reader) next() error {
	m := &r.m
	if m.from == nil {
		var err error
		if m.from, err = m.of.packets(); err != nil {
			return err
		}
		m.begin()
		return nil
	}
	switch err := m.from.next(&m.p); {
	case err == io.EOF:
		m.end()
		return io.EOF
	case err != nil:
		return fmt.Errorf("read packets of a %s file: %w", m.of.format(), err)
	}
	m.packet(&m.p)
	if r.told > len(r.numbers)/2 {
		r.numbers = r.numbers[:copy(r.numbers, r.numbers[r.told:])]
		r.told = 0
	}
	r.numbers = append(r.numbers, m.p.number)
	return nil
}

// Number gives the number that the next packet of those that were read has in the file.
// It must be called once for each.
func (r *Reader) Number() int64 {
	r.told++
	return r.numbers[r.told-1]
}

// maker makes the blocks.
type maker struct {
	of    *File
	from  source
	made  []byte // blocks, where there is room for them
	over  []byte // those after them for which there was none
	list  []byte // the options that are being made
	usual [3]usual
	p     packet // the last one
}

// usual are the options of the last packet in one direction that had a single comment and
// no identifier. Most packets have those of the one before.
type usual struct {
	comment string
	list    []byte
}
