package infer

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// residueCount is the number of residues that an address can have.
const residueCount = 0xFFFF

// residues says how addresses are spread over the residues. Without any it is even.
type residues struct {
	hits  []float32 // draws with each residue from 1, the last ones before the first, too
	drawn float32
}

const (
	blur  = 0.03 // share of the draws that is spread over residues that lie close
	width = 8    // to each side
)

// density is how much more often than by chance addresses have a residue.
func (r *residues) density(need header.Residue) float64 {
	if r == nil {
		return 1
	}
	if need == 0 {
		return 0
	}
	around := r.hits[need-1:][:2*width+1]
	window := float32(0)
	for _, n := range around {
		window += n
	}
	share := (1-blur)*around[width] + blur*window/(2*width+1)
	return float64(share * residueCount / r.drawn)
}

// neighborhoods estimates how the residues of addresses are spread that are no
// candidates, but are numbered like those that are: with words of two of them
// that have the first 32 bits in common, or with a word that is a little
// different. Addresses that are numbered in two words collide far more often
// than by chance (2001:db8:1::2 and 2001:db8:2::1); random ones never do.
func (t *candidates) neighborhoods() *residues {
	const (
		each  = 64 // draws for each address
		least = 1 << 12
		most  = 1 << 16
	)
	known := t.numberable()
	if len(known) == 0 {
		return nil
	}
	if t.drawnAt == t.list.n && slices.Equal(t.drawnOf, known) {
		return t.drawn
	}
	draw := &drawer{t: t, known: known, rng: rand.New(rand.NewPCG(1, 2))}
	draw.findOwners()
	hits := make([]float32, width+residueCount+width) // the last ones before the first, too
	drawn := 0
	for range min(max(each*len(known), least), most) {
		if r, known := draw.next(); !known {
			drawn++
			hits[width+int(r)-1]++
		}
	}
	t.drawn, t.drawnOf, t.drawnAt = nil, known, t.list.n
	if drawn == 0 {
		return nil
	}
	copy(hits[:width], hits[residueCount:])
	copy(hits[width+residueCount:], hits[width:2*width])
	t.drawn = &residues{hits, float32(drawn)}
	return t.drawn
}

// numberable returns the addresses that neighbors are numbered like, sorted:
// all but those whose interface identifier looks random.
func (t *candidates) numberable() []packet.Addr {
	known := t.addresses(func(c *candidate) bool {
		return c.roles&^(isKnown|isJoined) != 0 && !c.addr.IsMulticast() && !c.addr.IsLinkLocal() && !c.addr.IsLoopback()
	})
	var numbered []packet.Addr
	for i, a := range known {
		if !looksRandom(known, i) {
			numbered = append(numbered, a)
		}
	}
	return numbered
}

// looksRandom reports whether most words of the interface identifier of known[i]
// are neither zero nor those of the address before or after it.
func looksRandom(known []packet.Addr, i int) bool {
	a, free := &known[i], 0
	for w := words / 2; w < words; w++ {
		n := word(a, w)
		if n != 0 && (i == 0 || word(&known[i-1], w) != n) && (i+1 == len(known) || word(&known[i+1], w) != n) {
			free++
		}
	}
	return free > words/4
}

// drawer draws unlisted neighbors of known addresses.
type drawer struct {
	t       *candidates
	known   []packet.Addr
	ownerOf []*owner // by place in known
	rng     *rand.Rand
}

// owner is a run of known addresses with the same first 32 bits.
type owner struct {
	known     []packet.Addr
	low, high [words]uint16 // of each word
	shifts    [words]uint8  // how often a word is the one that is shifted, of the sum
	sum       int
}

// words is the number of 16-bit words in an address.
const words = 8

func word(a *packet.Addr, w int) uint16 { return binary.BigEndian.Uint16(a[2*w:]) }

func (d *drawer) findOwners() {
	const often, last, seldom = 16, 4, 1
	for from := 0; from < len(d.known); from = len(d.ownerOf) {
		o, first := &owner{}, &d.known[from]
		for to := from; to < len(d.known) && [4]byte(d.known[to][:4]) == [4]byte(first[:4]); to++ {
			d.ownerOf = append(d.ownerOf, o)
		}
		o.known = d.known[from:len(d.ownerOf)]
		for w := 2; w < words; w++ {
			o.low[w] = word(first, w)
			for i := range o.known {
				n := word(&o.known[i], w)
				o.low[w], o.high[w] = min(o.low[w], n), max(o.high[w], n)
			}
			switch {
			case o.low[w] != o.high[w]:
				o.shifts[w] = often
			case w == words-1:
				o.shifts[w] = last
			default:
				o.shifts[w] = seldom
			}
			o.sum += int(o.shifts[w])
		}
	}
}

// next draws one and returns its residue, and whether it is a candidate.
func (d *drawer) next() (r header.Residue, known bool) {
	i := d.rng.IntN(len(d.known))
	a, o := d.known[i], d.ownerOf[i]
	b := &o.known[d.rng.IntN(len(o.known))]
	coins := d.rng.Uint32()
	for w := 2; w < words; w++ {
		if coins>>w&1 != 0 {
			binary.BigEndian.PutUint16(a[2*w:], word(b, w))
		}
	}
	if coins&1 != 0 || a == d.known[i] {
		d.shift(&a, o)
	}
	r = header.ResidueOf(a)
	return r, len(d.t.with(r)) > 0 && d.t.place(&a, 0, hashPlace(&a, 0)) != none
}

// shift makes one of a's words another one: mostly one that differs among the
// owner's addresses. Where they are close it comes from among them, or from just
// beyond, else from close to a's own. A word of 0 may become 0xFFFF, which leaves the
// residue as it was: that counts for the neighbors that differ in two words, by as
// much in opposite directions, and keeps the lists of few addresses from being
// believed too soon.
func (d *drawer) shift(a *packet.Addr, o *owner) {
	const close = 1 << 12
	w := 2
	for n := d.rng.IntN(o.sum); n >= int(o.shifts[w]); w++ {
		n -= int(o.shifts[w])
	}
	if span := int(o.high[w] - o.low[w]); span > 0 && span < close {
		beyond := 1 + span/8
		binary.BigEndian.PutUint16(a[2*w:], o.low[w]+uint16(d.rng.IntN(span+2*beyond+1)-beyond))
		return
	}
	by := 1 + d.rng.IntN(1<<d.rng.IntN(9))
	if d.rng.IntN(2) == 0 {
		by = -by
	}
	binary.BigEndian.PutUint16(a[2*w:], word(a, w)+uint16(by))
}
