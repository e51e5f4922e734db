package salvage

import (
	"bufio"
	"bytes"
	"io"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// A file that was transferred as text (FTP's type A, RFC 959, section 3.1.1.1)
// has a carriage return in front of every line feed, or lost all that were
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

// undoText takes the carriage returns out of the bytes that are there and of all that
// follows, where that gives records or blocks. Offsets are from here on those of the
// file without them.
func (r *Reader) undoText(p []byte, eof bool) bool {
	if r.tries++; r.text || r.tries > textTries || !textTransfer(p[:min(len(p), lookahead)]) {
		return false
	}
	end := len(p)
	if !eof && p[end-1] == '\r' {
		end-- // a line feed may follow
	}
	kept, held := withoutReturns(p[:end]), bytes.NewReader(slices.Clone(p[end:]))
	if !r.goesOn(kept[:min(len(kept), lookahead/2)], eof && len(kept) <= lookahead/2) {
		return false
	}
	r.report(0, false, ErrASCII)
	r.text = true
	r.in.Replace(kept, newTextReader(io.MultiReader(held, r.in.Plain)))
	return true
}

// goesOn says whether records or blocks of the present form are in w.
func (r *Reader) goesOn(w []byte, eof bool) bool {
	t, win := trail{}, window{r: r, w: w, eof: eof}
	switch f := r.form.(type) {
	case *pcap:
		t = (&records{window: win, p: f}).follow(0, trailMost, 0)
	case *pcapng:
		t = (&blocks{window: win, f: f, big: f.Big}).follow(0, longTrail)
	}
	return t.records >= 2 || t.records == 1 && t.closed
}

// withoutReturns gives p without the carriage returns that are before line feeds.
func withoutReturns(p []byte) []byte { return bytes.ReplaceAll(p, []byte("\r\n"), []byte("\n")) }

// textReader is withoutReturns for what is read.
type textReader struct{ r *bufio.Reader }

func newTextReader(r io.Reader) io.Reader { return textReader{bufio.NewReader(r)} }

func (t textReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	if err == nil && n > 0 && p[n-1] == '\r' {
		var next []byte
		if next, err = t.r.Peek(1); string(next) == "\n" {
			n--
		}
	}
	return copy(p, withoutReturns(p[:n])), err
}

// openText opens a capture whose very first bytes show that it was transferred
// as text.
func (r *Reader) openText(w []byte) bool {
	kept := withoutReturns(w)
	if !textTransfer(w) || len(kept) < capture.SniffLen {
		return false
	}
	src := r.in.Plain
	r.in.Plain = newTextReader(src)
	if r.in.Recognise(kept[:capture.SniffLen]) != nil {
		r.in.Plain = src
		return false
	}
	r.text = true
	r.report(0, false, ErrASCII)
	return true
}

// mendText delivers a record whose carriage returns were lost, where every line
// feed in it must have had one: the next records are at an offset nearer by
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
