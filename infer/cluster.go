package infer

import (
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// cluster is what the packets of a flow have in common that need the same
// residue of their destination: one destination, unless two collide. What their
// checksums hold is not known yet: they agree with the first one in some mode.
type cluster struct {
	flow   int32
	needs  header.Needs
	least  int8                 // bits of its least plausible header
	rivals bool                 // a packet of it is plausible under another hypothesis too
	hits   [header.Modes]uint32 // packets that agree in each mode
	bodies uint64               // the data seen, without the checksum's place, hashed to a bit each
	verdict
	proven bool // by Conclude: see proved
}

// dominant returns what c needs in the modes in which most of its packets
// agree.
func (c *cluster) dominant() (n header.Needs) {
	most := c.most()
	for m, hits := range c.hits {
		if hits == most {
			n[m] = c.needs[m]
		}
	}
	return n
}

func (c *cluster) most() uint32 {
	return max(c.hits[header.Whole], c.hits[header.Partial], c.hits[header.Lengthless])
}

// clusterHash is that of a cluster's place by what it needs in a mode.
func clusterHash(flow int32, m header.Mode, need header.Residue) uint64 {
	return mix(uint64(uint32(flow))^hashKeys[0], uint64(m)<<16^uint64(need)^hashKeys[1])
}

// cluster returns that of flow i that n agrees with, none if there is none.
func (t *flows) cluster(i int32, n *header.Needs) int32 {
	fl := t.list.at(i)
	if fl.first == none || t.clusters.at(fl.first).needs.Agreeing(n) < header.Modes {
		return fl.first
	}
	if fl.clusters < 2 {
		return none
	}
	for m, need := range n {
		if need == 0 {
			continue
		}
		at := t.clusterAt.find(clusterHash(i, header.Mode(m), need), func(at int32) bool {
			c := t.clusters.at(at)
			return c.flow == i && c.needs[m] == need
		})
		if at != none {
			return at
		}
	}
	return none
}

// leads reports whether packets of flow i need what r is, in a mode that most
// of their cluster agree in.
func (t *flows) leads(i int32, r header.Residue) bool {
	j := t.cluster(i, &header.Needs{r, r, r})
	if j == none {
		return false
	}
	n := t.clusters.at(j).dominant()
	return slices.Contains(n[:], r)
}

// add counts f, read under h, to its cluster of flow i, and reports whether there is
// one.
func (t *flows) add(i int32, f *Facts, h header.Hypothesis) bool {
	n := f.read.Needs(h)
	if !n.Any() {
		return false
	}
	j := t.cluster(i, &n)
	if j == none {
		fl := t.list.at(i)
		if t.clusters.len() >= t.max || fl.clusters >= maxNeeds {
			t.evicted++
			return false
		}
		if n[header.Whole] == 0 {
			if fl.cut >= maxCut {
				return false // nothing like it came before: its field says nothing
			}
			fl.cut++
		}
		j = t.found(i, cluster{needs: n, least: f.read.Bits[h], verdict: undecided})
	}
	t.clusters.at(j).join(f, h, &n)
	return true
}

// found takes in a cluster of flow i.
func (t *flows) found(i int32, c cluster) int32 {
	c.flow = i
	fl, j := t.list.at(i), t.clusters.push(c)
	fl.clusters++
	if fl.first == none {
		fl.first = j
		return j
	}
	for m, need := range c.needs {
		if need != 0 {
			t.clusterAt.add(clusterHash(i, header.Mode(m), need), j)
		}
	}
	return j
}

// join counts f to c.
func (c *cluster) join(f *Facts, h header.Hypothesis, n *header.Needs) {
	for m := range n {
		if n[m] != 0 && n[m] == c.needs[m] {
			c.hits[m]++
		}
	}
	c.least = min(c.least, f.read.Bits[h])
	c.bodies |= 1 << (f.read.Body(h) * 0x9E37 >> 10)
	if _, alone := f.only(); !alone {
		c.rivals = true
	}
}

// proved reports whether c's packets show by themselves that what they need is
// no chance, whatever the destination: different data, and always the same
// need. By chance a flow of m packets has n with one need C(m, n) / 65536^(n-1)
// times, in each mode.
func (fl *flow) proved(c *cluster) bool {
	const credible = 10 // bits
	n := float64(bits.OnesCount64(c.bodies))
	if n < 2 || c.most() < 2 {
		return false
	}
	m := math.Max(float64(fl.packets), n)
	ways := math.Log2(float64(header.Modes)) // log2 C(m, n)
	for k := 0.0; k < n && m > n; k++ {      // else there is one way
		ways += math.Log2((m - k) / (n - k))
	}
	return 16*(n-1)-ways >= credible
}
