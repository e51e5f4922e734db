package convert

import (
	"fmt"
	"io"
	"sync"
)

// Reader gives the packets of a file as a pcapng file. It makes the next part of it while
// the one before is read.
type Reader struct {
	m       maker
	begin   sync.Once
	stop    chan struct{} // closed once no more is wanted
	made    chan part
	spare   chan part
	now     part // what is read
	read    int  // bytes of it that were read
	numbers []int64
}

// part is a part of the pcapng file.
type part struct {
	blocks  []byte
	numbers []int64 // of its packets, in the file
	err     error   // after the blocks
}

// ahead is how many parts are made before they are read.
const ahead = 2

// Read reads the next bytes of the pcapng file.
func (r *Reader) Read(p []byte) (int, error) {
	for r.read == len(r.now.blocks) {
		if r.now.err != nil {
			return 0, r.now.err
		}
		r.next()
	}
	n := copy(p, r.now.blocks[r.read:])
	r.read += n
	return n, nil
}

// next takes the next part.
func (r *Reader) next() {
	r.begin.Do(func() {
		r.made, r.spare = make(chan part, ahead), make(chan part, ahead+1)
		go r.run()
	})
	if r.now.blocks != nil {
		r.spare <- r.now // there is room for all
	}
	r.now, r.read = <-r.made, 0
	r.numbers = append(r.numbers, r.now.numbers...)
}

// run makes one part after the other.
func (r *Reader) run() {
	for {
		var p part
		select {
		case p = <-r.spare:
		default:
		}
		r.m.more(&p)
		select {
		case r.made <- p:
		case <-r.stop:
			return
		}
		if p.err != nil {
			return
		}
	}
}

// Close ends the reading. What is being read of the file when it is called may go on a
// little.
func (r *Reader) Close() error {
	close(r.stop)
	return nil
}

// Number gives the number that the next packet of those that were read has in the file.
// It must be called once for each.
func (r *Reader) Number() int64 {
	n := r.numbers[0]
	r.numbers = r.numbers[1:]
	return n
}

// maker makes the blocks.
type maker struct {
	of   *File
	from source
	buf  []byte // what was made
	list []byte // the options that are being made
	p    packet // the last one
}

// chunk is how many bytes are made at a time, about.
const chunk = 256 << 10

// more makes the next blocks in the place of those of a part.
func (m *maker) more(next *part) {
	m.buf = next.blocks[:0]
	next.numbers = next.numbers[:0]
	next.err = m.blocks(next)
	next.blocks = m.buf
}

func (m *maker) blocks(next *part) error {
	if m.from == nil {
		var err error
		if m.from, err = m.of.packets(); err != nil {
			return err
		}
		m.begin()
	}
	for len(m.buf) < chunk {
		switch err := m.from.next(&m.p); {
		case err == io.EOF:
			m.end()
			return io.EOF
		case err != nil:
			return fmt.Errorf("read packets of a %s file: %w", m.of.format(), err)
		}
		m.packet(&m.p)
		next.numbers = append(next.numbers, m.p.number)
	}
	return nil
}
