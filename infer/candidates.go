package infer

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
)

// role says why an address is a candidate; several may hold.
type role uint8

const (
	inCache    role = 1 << iota // the host has sent to it
	inNeighbor                  // the tables name it
	isLocal                     // the host's own
	isSeen                      // seen in the capture
	isResolved                  // DNS has given it, or the resolver's cache holds it
	isJoined                    // a group that somebody has joined
	isKnown                     // a well-known group

	roles = 7 // their number
)

// maxCrowd bounds the candidates of one residue that are looked at. Beyond it
// they are too many to be told apart by less than a name.
const maxCrowd = 1024

// place is an address on an interface; zone is 0 where it doesn't matter or
// isn't known.
type place struct {
	addr packet.Addr
	zone uint32
}

// candidate is an address that packets may have gone to.
type candidate struct {
	place
	roles role
	worth int8 // by arrange: bits that a fitting checksum is worth; fewer in a plan whose addresses collide easily
}

// candidates is the table of addresses, found by their residue.
type candidates struct {
	max   int
	index index // of list
	list  pages[candidate]

	// By arrange: the candidates with residue r are order[start[r]:start[r+1]].
	start    []int32
	order    []int32
	occupied float64        // share of the residues that some candidate has
	shares   [roles]float64 // log2 of one candidate's share among those with a role
}

// limit leaves room for that many more addresses.
func (t *candidates) limit(room int) { t.max = min(t.list.len()+room, math.MaxInt32) }

// add notes that a has a role. Addresses that no packet is sent to, and IPv4's,
// are left out.
func (t *candidates) add(a packet.Addr, zone uint32, r role) {
	if isUnspecified(a) || isMapped(a) {
		return
	}
	p := place{addr: a}
	if isLinkLocal(a) {
		p.zone = zone
	}
	hash := hashPlace(&a, p.zone)
	i := t.place(&a, p.zone, hash)
	if i == none {
		if t.list.len() >= t.max {
			return
		}
		i = t.list.push(candidate{place: p})
		t.index.add(hash, i)
	}
	t.list.at(i).roles |= r
}

// place returns the index of the candidate a on an interface, whose hash is
// given; none if it is none.
func (t *candidates) place(a *packet.Addr, zone uint32, hash uint64) int32 {
	for p := t.index.probe(hash); p.next(); {
		if c := t.list.at(p.at); c.addr == *a && c.zone == zone {
			return p.at
		}
	}
	return none
}

// arrange sorts the candidates by residue, and by address within one, so that
// results do not depend on the order in which they came.
func (t *candidates) arrange() {
	t.start = make([]int32, 1<<16+1)
	t.order = make([]int32, t.list.len())
	sums := make([]residue, t.list.len())
	var counts [roles]int
	for i := range t.list.n {
		c := t.list.at(i)
		sums[i] = residueOf(c.addr)
		t.start[int(sums[i])+1]++
		t.order[i] = i
		for r := range counts {
			counts[r] += int(c.roles >> r & 1)
		}
	}
	for r, n := range counts {
		t.shares[r] = -math.Log2(float64(max(1, n)))
	}
	filled := 0
	for r := 1; r < len(t.start); r++ {
		if t.start[r] > 0 {
			filled++
		}
		t.start[r] += t.start[r-1]
	}
	t.occupied = float64(filled) / 0xFFFF
	slices.SortFunc(t.order, func(i, j int32) int {
		if sums[i] != sums[j] {
			return int(sums[i]) - int(sums[j])
		}
		return compareAddr(t.list.at(i).addr, t.list.at(j).addr)
	})
	t.findPlans(sums)
}

// planWidth is how far the words of two addresses of one plan lie apart at
// most.
const planWidth = 512

// findPlans marks the candidates that have a relative: one with the same first
// 32 bits, where two or more of the other words differ, each by little. Where
// addresses are numbered in two words (2001:db8:1::2, 2001:db8:2::1), one that
// isn't known has the residue of one that is far more often than once in
// 65,536 times. Addresses that differ in one word alone never collide, and
// random ones are no plan.
func (t *candidates) findPlans(sums []residue) {
	const neighbours = 64 // looked at for each: those that may collide have residues next to one another
	byPrefix := slices.Clone(t.order)
	slices.SortStableFunc(byPrefix, func(i, j int32) int {
		return bytes.Compare(t.list.at(i).addr[:4], t.list.at(j).addr[:4])
	})
	t.weighNumbered(byPrefix)
	for n, i := range byPrefix {
		a := t.list.at(i)
		if isMulticast(a.addr) {
			break // no owner numbers groups, and they are sorted last
		}
		for _, j := range slices.Backward(byPrefix[max(0, n-neighbours):n]) {
			b := t.list.at(j)
			if [4]byte(a.addr[:4]) != [4]byte(b.addr[:4]) || sums[i]-sums[j] > planWidth {
				break
			}
			if a.worth == bitsPlanned && b.worth == bitsPlanned {
				continue
			}
			if a.zone == b.zone && related(&a.addr, &b.addr) {
				a.worth, b.worth = bitsPlanned, bitsPlanned
			}
		}
	}
}

// weighNumbered sets what a fitting checksum is worth, plans aside. byPrefix has
// the candidates by their first 32 bits. An address that was numbered by hand
// may be of a plan that isn't seen: the likelier, the more of its owner's
// addresses are numbered so.
func (t *candidates) weighNumbered(byPrefix []int32) {
	const (
		inPlan = 1.0 / 32 // that two numbers of one plan collide
		chance = 1.0 / 65536
	)
	for from := 0; from < len(byPrefix); {
		owner := [4]byte(t.list.at(byPrefix[from]).addr[:4])
		to, count := from, 0.0
		for ; to < len(byPrefix) && [4]byte(t.list.at(byPrefix[to]).addr[:4]) == owner; to++ {
			if numbered(&t.list.at(byPrefix[to]).addr) {
				count++
			}
		}
		share := (count - 0.5) / (float64(to-from) + 4) // without the address itself
		worth := int8(math.Round(-math.Log2(share*inPlan + chance)))
		for _, i := range byPrefix[from:to] {
			t.list.at(i).worth = bitsSum
			if numbered(&t.list.at(i).addr) {
				t.list.at(i).worth = worth
			}
		}
		from = to
	}
}

// numbered reports whether a looks numbered by hand: a global or local address
// whose identifier has one word alone, other than the router's anycast address
// (RFC 4291, section 2.6.1). In another network of the same owner there may be
// one with the same residue.
func numbered(a *packet.Addr) bool {
	if isMulticast(*a) || isLinkLocal(*a) || isLoopback(*a) {
		return false
	}
	return [6]byte(a[8:14]) == [6]byte{}
}

// related reports whether a and b look like numbers of one plan, counted in
// two or more words.
func related(a, b *packet.Addr) bool {
	apart := 0
	for i := 0; i < len(a); i += 2 {
		d := int(binary.BigEndian.Uint16(a[i:])) - int(binary.BigEndian.Uint16(b[i:]))
		if d < -planWidth || d > planWidth {
			return false
		}
		if d != 0 {
			apart++
		}
	}
	return apart > 1
}

// with returns the indices of the candidates that have residue r.
func (t *candidates) with(r residue) []int32 {
	if t.start == nil {
		return nil
	}
	return t.order[t.start[r]:t.start[int(r)+1]]
}

// share returns log2 of one candidate's share among those with role r.
func (t *candidates) share(r role) float64 { return t.shares[bits.TrailingZeros8(uint8(r))] }

// distinct returns the number of addresses, zones and well-known groups aside.
func (t *candidates) distinct() int {
	addresses := make([]packet.Addr, 0, t.list.len())
	for i := range t.list.n {
		if c := t.list.at(i); c.roles != isKnown {
			addresses = append(addresses, c.addr)
		}
	}
	slices.SortFunc(addresses, compareAddr)
	return len(slices.Compact(addresses))
}

func compareAddr(a, b packet.Addr) int { return bytes.Compare(a[:], b[:]) }

func isUnspecified(a packet.Addr) bool { return a == packet.Addr{} }

// isSolicitedNode reports whether a is the group of the neighbours of some
// address (RFC 4291, section 2.7.1).
func isSolicitedNode(a packet.Addr) bool {
	return [13]byte(a[:13]) == [13]byte{0: 0xFF, 1: 0x02, 11: 0x01, 12: 0xFF}
}

func isLoopback(a packet.Addr) bool  { return a == packet.Addr{15: 1} }
func isMulticast(a packet.Addr) bool { return a[0] == 0xFF }
func isLinkLocal(a packet.Addr) bool { return a[0] == 0xFE && a[1]&0xC0 == 0x80 }

// isMapped reports whether a is an IPv4 address (::ffff:0:0/96).
func isMapped(a packet.Addr) bool {
	return [12]byte(a[:12]) == [12]byte{10: 0xFF, 11: 0xFF}
}
