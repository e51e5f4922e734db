package infer

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"sort"

	"github.com/mendcap/mendcap/infer/internal/header"
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
	isPeer                      // a table has a connection that ends there

	roles = 8 // their number
)

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
}

// candidates is the table of addresses, found by their residue.
type candidates struct {
	max   int
	left  int64 // times that an address was left out for it
	index index // of list
	list  pages[candidate]

	// By arrange: the candidates by residue, those of residues that are r>>coarse from
	// start[r>>coarse] up to the next start. The fewer there are, the coarser that is.
	order    []int32
	sums     []header.Residue // of those in order
	start    []int32
	coarse   int
	occupied float64        // share of the residues that some candidate has
	counts   [roles]int     // of the candidates with a role
	largest  int            // how many candidates a residue has at most
	shares   [roles]float64 // log2 of one candidate's share among those

	drawn   *residues     // by neighborhoods, when drawnAt candidates were there
	drawnOf []packet.Addr // numbered ones
	drawnAt int32
}

// add notes that a has a role. Addresses that no packet is sent to, and IPv4's,
// are left out.
func (t *candidates) add(a packet.Addr, zone uint32, r role) {
	if a.IsUnspecified() || a.IsMapped() {
		return
	}
	p := place{addr: a}
	if a.IsLinkLocal() {
		p.zone = zone
	}
	hash := hashPlace(&a, p.zone)
	i := t.place(&a, p.zone, hash)
	if i == none {
		if t.list.len() >= t.max {
			t.left++
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
	return t.index.find(hash, func(at int32) bool {
		c := t.list.at(at)
		return c.addr == *a && c.zone == zone
	})
}

// arrange sorts the candidates by residue, and by address within one, so that
// results do not depend on the order in which they came.
func (t *candidates) arrange() {
	n := t.list.len()
	own := make([]header.Residue, n)
	t.order = make([]int32, n)
	t.counts = [roles]int{}
	for i, c := range t.list.all() {
		own[i] = header.ResidueOf(c.addr)
		t.order[i] = i
		for r := range t.counts {
			t.counts[r] += int(c.roles >> r & 1)
		}
	}
	for r, n := range t.counts {
		t.shares[r] = -math.Log2(float64(max(1, n)))
	}
	slices.SortFunc(t.order, func(i, j int32) int {
		if own[i] != own[j] {
			return int(own[i]) - int(own[j])
		}
		return compareAddr(t.list.at(i).addr, t.list.at(j).addr)
	})
	t.sums = make([]header.Residue, n)
	for at, i := range t.order {
		t.sums[at] = own[i]
	}
	t.indexSums()
}

// indexSums makes start of the sorted sums, and says how they are spread.
func (t *candidates) indexSums() {
	const each = 16 // entries of start for a candidate, so that most are empty
	t.coarse = max(0, 16-bits.Len(uint(each*len(t.sums))))
	t.start = make([]int32, 1<<(16-t.coarse)+1)
	filled, run := 0, 0
	t.largest = 0
	for at, r := range t.sums {
		t.start[int(r)>>t.coarse+1]++
		if run++; at == 0 || r != t.sums[at-1] {
			filled, run = filled+1, 1
		}
		t.largest = max(t.largest, run)
	}
	for i := range t.start[1:] {
		t.start[i+1] += t.start[i]
	}
	t.occupied = float64(filled) / residueCount
}

// with returns the indices of the candidates that have residue r.
func (t *candidates) with(r header.Residue) []int32 {
	if t.start == nil {
		return nil
	}
	bucket := int(r) >> t.coarse
	if from, to := t.start[bucket], t.start[bucket+1]; t.coarse == 0 || from == to {
		return t.order[from:to]
	}
	return t.among(bucket, r)
}

// among returns those of a bucket of start that have residue r.
func (t *candidates) among(bucket int, r header.Residue) []int32 {
	from, to := t.start[bucket], t.start[bucket+1]
	sums, order := t.sums[from:to], t.order[from:to]
	below, _ := slices.BinarySearch(sums, r)
	equal := sort.Search(len(sums)-below, func(i int) bool { return sums[below+i] > r })
	return order[below : below+equal]
}

// addresses returns those of the candidates for which some holds, sorted, zones aside.
func (t *candidates) addresses(some func(*candidate) bool) []packet.Addr {
	list := make([]packet.Addr, 0, t.list.len())
	for _, c := range t.list.all() {
		if some(c) {
			list = append(list, c.addr)
		}
	}
	slices.SortFunc(list, compareAddr)
	return slices.Compact(list)
}

func compareAddr(a, b packet.Addr) int {
	if c := cmp.Compare(binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(b[:8])); c != 0 {
		return c
	}
	return cmp.Compare(binary.BigEndian.Uint64(a[8:]), binary.BigEndian.Uint64(b[8:]))
}
