package pipeline

import "math/bits"

// maxPrints is how many packets are remembered at once, to recognise them when
// they come again; fewestPrints is for how many there is room at first.
const (
	maxPrints    = 1 << 13
	fewestPrints = 1 << 6
)

// printSet remembers packets with their stamps. When it is full it forgets half
// of them, and from then on takes in only such packets as it would have kept. By
// that it recognises copies at any distance, among those. Which packets it takes
// in depends on what they say alone, so that each run decides the same.
type printSet struct {
	slots  []printed // linear probing
	used   int
	newest int64  // stamp since stamps went back last
	steps  uint16 // times that they went far back, up to maxSteps
	drop   uint8  // packets are taken in whose content ends in so many zero bits
}

// printed is a packet that was seen.
type printed struct {
	print uint64 // a hash by which it is found; 0 for none
	stamp int64
	steps uint16 // how often stamps had gone far back, up to maxSteps
	zeros uint8  // bits at the end of its content
	again bool   // it has come twice
}

const maxSteps = 1<<9 - 1

// see looks the packet up and remembers it: it has come once, twice, or more
// often, 0 where it isn't looked at. weight is how many packets it stands for,
// and first what it was when it came first.
func (p *printSet) see(u *unit) (first printed, times int, weight int64) {
	if u.seg.Stamp < p.newest-clockStep {
		p.newest, p.steps = u.seg.Stamp, min(p.steps+1, maxSteps)
	}
	p.newest = max(p.newest, u.seg.Stamp)
	content := contentOf(u)
	zeros := uint8(bits.TrailingZeros64(content | 1<<63))
	if zeros < p.drop {
		return printed{}, 0, 0
	}
	if 2*p.used >= len(p.slots) {
		p.grow()
	}
	weight = 1 << p.drop
	print := max(mixed(content, u.pair.Hash^uint64(u.pair.Dir)), 1)
	slot := &p.slots[p.find(print)]
	switch {
	case slot.print == 0:
		*slot = printed{print: print, stamp: u.seg.Stamp, steps: p.steps, zeros: zeros}
		p.used++
		return *slot, 1, weight
	case !slot.again:
		slot.again = true
		return *slot, 2, weight
	}
	return *slot, 3, weight
}

// find is where the print is, or the empty place where it belongs.
func (p *printSet) find(print uint64) int {
	at := int(print>>32) & (len(p.slots) - 1)
	for p.slots[at].print != 0 && p.slots[at].print != print {
		at = (at + 1) & (len(p.slots) - 1)
	}
	return at
}

// grow makes room for twice as many packets, or forgets half of them.
func (p *printSet) grow() {
	old, size := p.slots, max(2*len(p.slots), 2*fewestPrints)
	if size > 2*maxPrints {
		size = len(old)
		p.drop++
	}
	p.slots, p.used = make([]printed, size), 0
	for i := range old {
		if one := &old[i]; one.print != 0 && one.zeros >= p.drop {
			p.slots[p.find(one.print)] = *one
			p.used++
		}
	}
}

// contentOf is a hash of what copies of a TCP packet have in common, the same in
// each run. The same packet sent again differs in its IPv4 Identification or its
// TSval, where it has one.
func contentOf(u *unit) uint64 {
	s := &u.seg
	h := mixed(uint64(s.Seq)<<32|uint64(s.Ack), uint64(s.Len)<<32|uint64(s.Sum)<<16|uint64(s.IPID))
	return mixed(h, uint64(s.Bits)<<32|uint64(s.TSval))
}

// mixed is a hash of two words.
func mixed(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return high ^ low
}
