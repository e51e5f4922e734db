package salvage

import "github.com/mendcap/mendcap/internal/capture"

// Structure decides, not plausibility: where the lengths of records lead from one
// to the next up to the end of the file, or on for long, each of them is a record,
// whatever else its header holds.

const (
	// margin is how many records at the end of a chain that breaks, or that leads
	// out of sight, are not believed for the chain's sake: a wrong length leads to
	// what looks like a few records at most, but for a capture within a packet.
	margin = 6
	// maxAhead is how far after a record it is looked for so many others, bytes.
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
	end     int // offset after the last of them
	next    int // where the header at end says that the next one is
	safe    int // records before this offset are believed
	ending  ending
}

// chain follows records by their lengths. Where that does not lead to the end of the
// file it asks of each of them whether others begin within it.
func (s *records) chain(at int) chain {
	c := s.walk(at, false)
	if c.ending != whole {
		c = s.walk(at, true)
	}
	return c
}

func (s *records) walk(at int, rivals bool) (c chain) {
	var last [margin]int // starts of the last records
	for c.end = at; ; c.end = c.next {
		if s.zeros(c.end) {
			c.ending = filled
			break
		}
		if c.next = c.end + s.p.HeaderLen; c.next > len(s.w) {
			c.ending = s.edge(c.end == len(s.w))
			break
		}
		if c.next = s.after(c.end); !s.credible(c.end) {
			break
		}
		if c.next > len(s.w) {
			c.ending = s.edge(false)
			break
		}
		if s.hole(c.end, c.next) || s.rightLength(c.end, s.strong) != 0 ||
			rivals && (s.rightLength(c.end, s.pair) != 0 || s.rival(c.end, c.next)) {
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
func (s *records) zeros(at int) bool {
	rest := s.w[at:]
	return len(rest) > 0 && len(rest) != s.p.HeaderLen && (s.eof || len(rest) > longTrail) && allZero(rest)
}

// edge is how a chain ends at the end of the window.
func (s *records) edge(exactly bool) ending {
	switch {
	case !s.eof:
		return onward
	case exactly:
		return whole
	}
	return cut
}

// hole says whether the header of a record is all zero, and what follows it too:
// what fills a hole in a file, or its end, is no record.
func (s *records) hole(at, next int) bool {
	rest := s.w[next:min(next+capture.PcapRecordLen, len(s.w))]
	return s.blank(at) && len(rest) > 0 && allZero(rest)
}

// chained says whether the current record is one for the chain's sake.
func (p *pcap) chained(w window) bool {
	safe := (&records{window: w, p: p}).chain(0).safe
	if safe > 0 {
		w.r.proved = w.r.in.Offset() + int64(safe)
	}
	return safe > 0
}

// leads says whether a chain begins at an offset that goes on past another: to the
// end of the file, or for long. The times of its first two records are near to each
// other, which those of what leads into a chain by chance hardly are.
func (s *records) leads(at, past int) bool {
	if !s.room(at) || !s.credible(at) {
		return false
	}
	next := s.after(at)
	if !s.room(next) || !s.nearby(at, next) || s.blank(at) || s.blank(next) {
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
func (p *pcap) window(buf []byte, size int) int {
	want, most := size+lookahead, size+maxAhead
	for want < most && len(buf) >= want {
		c := (&records{window: window{w: buf[:want]}, p: p}).chain(0)
		if c.ending != onward || c.records > margin {
			break
		}
		want = min(most, c.next+lookahead)
	}
	return want
}

// strong says whether the record at from reaches into others, which begin at an
// offset.
func (s *records) strong(from, at int) bool {
	return at < s.after(from) && s.pair(from, at)
}

// pair says whether records begin at an offset: several of a usual look with a time
// near to that of the record at from.
func (s *records) pair(from, at int) bool {
	for n := 0; ; n++ {
		if n >= 2 || n == 1 && s.eof && at == len(s.w) {
			return true
		}
		if !s.sound(at) || !s.nearby(from, at) {
			return false
		}
		if at = s.after(at); at > len(s.w) {
			return n >= 1 && !s.eof
		}
	}
}

// rival says whether others than the record from an offset to another begin within
// it, and go on past its end: two of a usual look with times near to its own, or one
// that its packet proves. Where bytes are missing a chain may go on for long, by
// original lengths that it takes for captured ones.
func (s *records) rival(from, to int) bool {
	if s.sound(to) && s.nearby(from, to) {
		return false
	}
	return s.scan(from+s.p.HeaderLen, to, func(at int) bool {
		return s.sound(at) && s.nearby(from, at) && s.passes(from, at, to)
	}) >= 0
}

// passes says whether the record at an offset goes past another, proved by its
// packet, or by the record after it.
func (s *records) passes(from, at, past int) bool {
	next := s.after(at)
	return past < next && next <= len(s.w) &&
		(s.agrees(at, next, 0) == exactly || s.sound(next) && s.nearby(from, next))
}

// nearby says whether the times of two records lie near to each other.
func (p *pcap) nearby(a, b []byte) bool {
	return nearSeconds(capture.U32(a, p.Big), capture.U32(b, p.Big))
}

// nearSeconds says whether two times lie near to each other, where they pass 2^32 too.
func nearSeconds(a, b uint32) bool { return b-a+nearTime <= 2*nearTime }

// rightLength gives the captured length of the record at an offset where the one in
// its header is wrong, and the one that its original length or its packet gives is
// proved, as holds says, by what follows it. It gives 0 for none.
func (s *records) rightLength(at int, holds func(from, at int) bool) uint32 {
	if !s.p.AsNamed() {
		return 0
	}
	rec := s.w[at:]
	captured, original := s.p.Lengths(rec)
	_, own := resemble(s.p.Interface.LinkType, rec[s.p.HeaderLen:])
	for _, n := range [...]uint32{original, uint32(own)} {
		if n == 0 || n == captured || n > s.p.longest {
			continue
		}
		if next := at + s.p.HeaderLen + int(n); next <= len(s.w) && holds(at, next) {
			return n
		}
	}
	return 0
}
