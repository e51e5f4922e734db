package capture

// Structure decides, not plausibility: where the lengths of records lead from one
// to the next up to the end of the file, or on for long, each of them is a record,
// whatever else its header holds.

const (
	// margin is how many records at the end of a chain that breaks, or that leads
	// out of sight, are not believed for the chain's sake: a wrong length leads to
	// what looks like a few records at most, but for a capture within a packet.
	margin = 6
	// maxAhead is how far behind a record it is looked for so many others, bytes.
	maxAhead = 4 << 20
)

// ending is how a chain of records ends.
type ending uint8

const (
	broken ending = iota // at an impossible length, one that is proved to be wrong, or zeros
	cut                  // within the last record
	onward               // beyond what may be looked at
	filled               // at zeros, and nothing else follows
	whole                // with the file
)

// chain is a run of records that follow each other by their lengths alone.
type chain struct {
	records int // whole ones
	end     int // offset behind the last of them
	next    int // where the header at end says that the next one is
	safe    int // records before this offset are believed
	ending  ending
}

// chain follows records by their lengths. Where that does not lead to the end of the
// file it asks of each of them whether others begin within it.
func (s *search) chain(at int) chain {
	c := s.walk(at, false)
	if c.ending != whole {
		c = s.walk(at, true)
	}
	return c
}

func (s *search) walk(at int, rivals bool) (c chain) {
	var last [margin]int // starts of the last records
	for c.end = at; ; c.end = c.next {
		if s.zeros(c.end) {
			c.ending = filled
			break
		}
		c.next = c.end + s.p.headerLen
		if rest := len(s.w) - c.end; rest < s.p.headerLen {
			c.ending = s.edge(rest == 0)
			break
		}
		rec := s.w[c.end:]
		captured, _ := s.p.lengths(rec)
		if c.next += int(min(captured, maxStatedSnap)); captured > s.p.longest {
			break
		}
		if c.next > len(s.w) {
			c.ending = s.edge(false)
			break
		}
		if s.blank(c.end, c.next) {
			break
		}
		if s.rightLength(c.end, s.strong) != 0 || rivals && (s.rightLength(c.end, s.pair) != 0 || s.rival(c.end, c.next)) {
			break
		}
		last[c.records%margin] = c.end
		c.records++
	}
	c.safe = at
	if c.records >= margin {
		c.safe = last[c.records%margin]
	}
	if c.ending == whole || c.ending == filled {
		c.safe = c.end
	}
	return c
}

// zeros says whether nothing but zeros follows from an offset to the end of the
// file, or for longer than a packet can carry them: a file that was made longer
// than what was written to it. One record's header of zeros is a record.
func (s *search) zeros(at int) bool {
	rest := s.w[at:]
	return len(rest) > 0 && len(rest) != s.p.headerLen && (s.eof || len(rest) > longTrail) && allZero(rest)
}

// edge is how a chain ends at the end of the window.
func (s *search) edge(exactly bool) ending {
	switch {
	case !s.eof:
		return onward
	case exactly:
		return whole
	}
	return cut
}

// blank says whether the header of a record is all zero, and what follows it too:
// what fills a hole in a file, or its end, is no record.
func (s *search) blank(at, next int) bool {
	if !allZero(s.w[at:][:PcapRecordLen]) {
		return false
	}
	rest := s.w[next:min(next+PcapRecordLen, len(s.w))]
	return len(rest) > 0 && allZero(rest)
}

// chained says whether the record at hand is one for the chain's sake.
func (p *Pcap) chained(r *Reader, w []byte, eof bool) bool {
	s := &search{r: r, p: p, w: w, eof: eof}
	c := s.chain(0)
	if c.safe == 0 {
		return false
	}
	r.proved = r.offset + int64(c.safe)
	return true
}

// leads says whether a chain begins at an offset that goes on past another: to the
// end of the file, or for long. The times of its first two records are near to each
// other, which those of what leads into a chain by chance hardly are.
func (s *search) leads(at, past int) bool {
	if len(s.w)-at < s.p.headerLen {
		return false
	}
	captured, _ := s.p.lengths(s.w[at:])
	if captured > s.p.longest {
		return false
	}
	next := at + s.p.headerLen + int(captured)
	if len(s.w)-next < s.p.headerLen || !s.p.nearby(s.w[at:], s.w[next:]) || allZero(s.w[at:][:PcapRecordLen]) || allZero(s.w[next:][:PcapRecordLen]) {
		return false
	}
	c := s.chain(at)
	if c.ending == whole {
		return true
	}
	return c.records > margin && c.end > past && s.near(s.w[at:])
}

// window asks for more than usual where large records follow: for so many that
// they tell.
func (p *Pcap) window(buf []byte, size int) int {
	want, most := size+lookahead, size+maxAhead
	for want < most && len(buf) >= want {
		c := (&search{p: p, w: buf[:want]}).chain(0)
		if c.ending != onward || c.records > margin {
			break
		}
		want = min(most, c.next+lookahead)
	}
	return want
}

func (p *Pcap) credible(size int) bool { return size-p.headerLen <= int(p.longest) }

// strong says whether the record at from reaches into others, which begin at an
// offset.
func (s *search) strong(from, at int) bool {
	captured, _ := s.p.lengths(s.w[from:])
	return at-from-s.p.headerLen < int(captured) && s.pair(from, at)
}

// pair says whether records begin at an offset: several of a usual look with a time
// near to that of the record at from.
func (s *search) pair(from, at int) bool {
	for n := 0; ; n++ {
		if n >= 2 || n == 1 && s.eof && at == len(s.w) {
			return true
		}
		if len(s.w)-at < s.p.headerLen || !s.p.sound(s.w[at:]) || !s.p.nearby(s.w[from:], s.w[at:]) {
			return false
		}
		captured, _ := s.p.lengths(s.w[at:])
		if at += s.p.headerLen + int(captured); at > len(s.w) {
			return n >= 1 && !s.eof
		}
	}
}

// rival says whether others than the record from an offset to another begin within
// it, and go on past its end: two of a usual look with times near to its own, or one
// that its packet proves. Where bytes are missing a chain may go on for long, by
// original lengths that it takes for captured ones.
func (s *search) rival(from, to int) bool {
	if len(s.w)-to >= s.p.headerLen && s.p.sound(s.w[to:]) && s.p.nearby(s.w[from:], s.w[to:]) {
		return false
	}
	for c := from + s.p.headerLen; c < to && len(s.w)-c >= s.p.headerLen; c++ {
		if s.p.sound(s.w[c:]) && s.p.nearby(s.w[from:], s.w[c:]) && s.passes(from, c, to) {
			return true
		}
	}
	return false
}

// passes says whether the record at an offset goes past another, proved by its
// packet, or by the record behind it.
func (s *search) passes(from, at, past int) bool {
	captured, original := s.p.lengths(s.w[at:])
	next := at + s.p.headerLen + int(captured)
	if next <= past || next > len(s.w) {
		return false
	}
	if agrees(s.p.iface.LinkType, s.w[at+s.p.headerLen:next], int(min(original, LongOriginal))) == exactly {
		return true
	}
	return len(s.w)-next >= s.p.headerLen && s.p.sound(s.w[next:]) && s.p.nearby(s.w[from:], s.w[next:])
}

// nearby says whether the times of two records lie near to each other.
func (p *Pcap) nearby(a, b []byte) bool { return U32(b, p.big)-U32(a, p.big)+nearTime <= 2*nearTime }

// rightLength gives the captured length of the record at an offset where the one in
// its header is wrong, and the one that its original length or its packet gives is
// proved, as holds says, by what follows it. It gives 0 for none.
func (s *search) rightLength(at int, holds func(from, at int) bool) uint32 {
	if s.p.swapped != asNamed {
		return 0
	}
	rec := s.w[at:]
	captured, original := s.p.lengths(rec)
	_, own := resemble(s.p.iface.LinkType, rec[s.p.headerLen:])
	for _, n := range [...]uint32{original, uint32(own)} {
		if n == 0 || n == captured || n > s.p.longest {
			continue
		}
		if next := at + s.p.headerLen + int(n); next <= len(s.w) && holds(at, next) {
			return n
		}
	}
	return 0
}
