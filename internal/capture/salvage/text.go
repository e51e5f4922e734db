package salvage

import (
	"bytes"
	"io"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
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

// undoText takes the carriage returns out of the bytes at hand and of all that
// follows, where that gives records or blocks. Offsets are from here on those of the
// file without them.
func (r *Reader) undoText(p []byte, eof bool) bool {
	if r.tries++; r.text || r.tries > textTries || !textTransfer(p[:min(len(p), lookahead)]) {
		return false
	}
	plain := &textReader{r: r.in.Plain}
	kept := plain.strip(slices.Clone(p))
	if !r.goesOn(kept[:min(len(kept), lookahead/2)], eof && len(kept) <= lookahead/2) {
		return false
	}
	r.report(0, false, ErrASCII)
	r.text = true
	r.in.Replace(kept, plain)
	return true
}

// goesOn says whether records or blocks of the present form stand in w.
func (r *Reader) goesOn(w []byte, eof bool) bool {
	n, closed, win := 0, false, window{r: r, w: w, eof: eof}
	switch f := r.form.(type) {
	case *pcap:
		t := (&records{window: win, p: f}).follow(0, trailMost, 0)
		n, closed = t.records, t.closed
	case *pcapng:
		t := (&blocks{window: win, f: f, big: f.Big}).follow(0, longTrail)
		n, closed = t.blocks, t.closed
	}
	return n >= 2 || n == 1 && closed
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
			t.err = nil // after some errors more can be read
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
	kept := plain.strip(slices.Clone(w))
	if !textTransfer(w) || len(kept) < capture.SniffLen {
		return false
	}
	src := r.in.Plain
	r.in.Plain = &textReader{r: src}
	if r.in.Recognise(kept[:capture.SniffLen]) != nil {
		r.in.Plain = src
		return false
	}
	r.text = true
	r.report(0, false, ErrASCII)
	return true
}

// mendText delivers a record whose carriage returns were lost, where every line
// feed in it must have had one: the next records stand at an offset nearer by
// just so many bytes.
func (s *records) mendText(next int) bool {
	head := s.p.HeaderLen
	if next < head {
		return false
	}
	captured, _ := s.p.Lengths(s.w)
	lost := head + int(captured) - next
	if lost <= 0 || bytes.Count(s.w[head:next], []byte{'\n'}) != lost {
		return false
	}
	raw := slices.Concat(s.w[:head], bytes.ReplaceAll(s.w[head:next], []byte{'\n'}, []byte("\r\n")))
	return s.r.mend(raw, next, ErrASCII)
}
