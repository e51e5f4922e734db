package capture

import (
	"bytes"
	"io"
)

// A file that was transferred as text (FTP's type A, RFC 959, section 3.1.1.1)
// has a carriage return in front of every line feed, or lost all that stood
// there. The first can be undone without a rest. The second is mended record by
// record, where lengths leave one way only.

// enoughLines is how many line feeds with a carriage return, and none without,
// show that a file was transferred as text. Of binary bytes each second pair
// of that kind has another byte in front.
const enoughLines = 8

// textTries is at how many places of damage a text transfer is thought of.
const textTries = 8

// textTransfer says whether all line feeds of a window have a carriage return,
// and there are enough of them.
func textTransfer(w []byte) bool {
	lines := 0
	for at := 0; ; lines++ {
		n := bytes.IndexByte(w[at:], '\n')
		if n < 0 {
			return lines >= enoughLines
		}
		if at += n + 1; at < 2 || w[at-2] != '\r' {
			return false
		}
	}
}

// undoText takes the carriage returns out of what is left in the buffer and of
// all that follows, where that gives records or blocks. Offsets are from here on
// those of the file without them.
func (r *Reader) undoText(b *Batch, used int, eof bool) bool {
	p := b.buf[used:]
	if r.tries++; r.text || r.tries > textTries || !textTransfer(p[:min(len(p), lookahead)]) {
		return false
	}
	plain := &textReader{r: r.src}
	kept := plain.strip(append([]byte(nil), p...))
	if !r.goesOn(kept[:min(len(kept), lookahead/2)], eof && len(kept) <= lookahead/2) {
		return false
	}
	r.report(0, false, ErrASCII)
	r.text, r.src = true, plain
	b.buf = append(b.buf[:used], kept...)
	return true
}

// goesOn says whether records or blocks of the present layout stand in w.
func (r *Reader) goesOn(w []byte, eof bool) bool {
	switch l := r.layout.(type) {
	case *Pcap:
		t := (&search{r: r, p: l, w: w, eof: eof}).follow(0, trailMost, 0)
		return t.records >= 2 || t.records == 1 && t.closed
	case *Pcapng:
		s := &ngSearch{r: r, w: w, eof: eof, big: l.big}
		t := s.follow(0, longTrail)
		return t.blocks >= 2 || t.blocks == 1 && t.closed
	}
	return false
}

// textBuffer is how much a textReader reads at a time, bytes.
const textBuffer = 64 << 10

// textReader takes the carriage returns out that stand before line feeds.
type textReader struct {
	r    io.Reader
	buf  []byte
	left []byte // of buf, still to be given
	held bool   // a carriage return was the last byte so far
	err  error
}

func (t *textReader) Read(p []byte) (int, error) {
	for len(t.left) == 0 {
		if err := t.err; err != nil {
			t.err = nil // behind some errors more can be read
			return 0, err
		}
		if t.buf == nil {
			t.buf = make([]byte, textBuffer+1) // a byte that was held may come in front
		}
		var n int
		n, t.err = t.r.Read(t.buf[:textBuffer])
		t.left = t.strip(t.buf[:n])
		if t.err != nil && t.held {
			t.left, t.held = append(t.left, '\r'), false
		}
	}
	n := copy(p, t.left)
	t.left = t.left[n:]
	return n, nil
}

// strip works in place, but that p may grow by the byte that was held.
func (t *textReader) strip(p []byte) []byte {
	if t.held && len(p) > 0 {
		t.held = false
		if p[0] != '\n' {
			p = append(p, 0)
			copy(p[1:], p)
			p[0] = '\r'
		}
	}
	kept := p[:0]
	for i, c := range p {
		if c == '\r' {
			if i+1 == len(p) {
				t.held = true
				break
			}
			if p[i+1] == '\n' {
				continue
			}
		}
		kept = append(kept, c)
	}
	return kept
}

// openText opens a capture whose very first bytes show that it was transferred
// as text.
func (r *Reader) openText(w []byte) bool {
	plain := &textReader{}
	kept := plain.strip(append([]byte(nil), w...))
	if !textTransfer(w) || len(kept) < sniffLen {
		return false
	}
	src := r.src
	r.src = &textReader{r: src}
	if r.recognise(kept[:sniffLen]) != nil {
		r.src = src
		return false
	}
	r.text = true
	r.report(0, false, ErrASCII)
	return true
}

// mendText delivers a record whose carriage returns were lost, where every line
// feed in it must have had one: the next records stand at an offset nearer by
// just so many bytes.
func (s *search) mendText(b *Batch, next int) int {
	if next < s.p.headerLen {
		return 0
	}
	captured, _ := s.p.lengths(s.w)
	data := s.w[s.p.headerLen:next]
	lost := s.p.headerLen + int(captured) - next
	if lost <= 0 || bytes.Count(data, []byte{'\n'}) != lost {
		return 0
	}
	raw := append([]byte(nil), s.w[:s.p.headerLen]...)
	raw = append(raw, bytes.ReplaceAll(data, []byte{'\n'}, []byte("\r\n"))...)
	if !s.r.mend(b, raw, next, ErrASCII) {
		return 0
	}
	return next
}
