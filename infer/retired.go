package infer

import (
	"math"
	"math/bits"
)

// retired are the flows that have one answer for all of their packets: it is
// what is kept of them. They are most of a large capture's.
type retired struct {
	slots []answered // linear probing by the flow's hash
	n     int
}

// answered is a flow that has retired, with its one cluster.
type answered struct {
	home    int32 // place of its source among the candidates, plus one; 0 is an empty slot
	ports   ports
	class   uint16
	needs   needs
	leading uint8 // modes in which most of its packets agree, a bit each

	// As in verdict; it was found.
	by                evidence
	mode              mode
	at                int32
	posterior, second float32
}

func (a *answered) verdict() verdict {
	return verdict{at: a.at, protocol: uint8(a.class), by: a.by, mode: a.mode, found: true, posterior: a.posterior, second: a.second}
}

// leads reports whether its packets need what r is: see flows.leads.
func (a *answered) leads(r residue) bool {
	for m, need := range a.needs {
		if need == r && a.leading>>m&1 != 0 {
			return true
		}
	}
	return false
}

// newRetired leaves room for n flows.
func newRetired(n int) retired { return retired{slots: make([]answered, n+n/4+1)} }

// slot returns where the flow is whose hash is given, or the empty slot where it
// belongs.
func (t *retired) slot(home int32, p ports, c class, hash uint64) *answered {
	first, _ := bits.Mul64(hash, uint64(len(t.slots)))
	for i := int(first); ; i++ {
		if i == len(t.slots) {
			i = 0
		}
		a := &t.slots[i]
		if a.home == 0 || a.home == home+1 && a.ports == p && class(a.class) == c {
			return a
		}
	}
}

// add takes in a flow that retires with c, its cluster.
func (t *retired) add(home int32, k *flowKey, c *cluster) {
	a := t.slot(home, k.ports, k.class, k.hash())
	*a = answered{home: home + 1, ports: k.ports, class: uint16(k.class), needs: c.needs, by: c.by, mode: c.mode,
		at: c.at, posterior: c.posterior, second: c.second}
	for m, need := range c.dominant() {
		if need != 0 {
			a.leading |= 1 << m
		}
	}
	t.n++
}

// retiredAs returns what is kept of the flow with key k, nil where it has not
// retired; home is the hash of its source.
func (e *Engine) retiredAs(k *flowKey, home uint64) *answered {
	if e.retired.n == 0 {
		return nil
	}
	at := e.candidates.place(&k.src, k.zone, home)
	if at == none {
		return nil
	}
	if a := e.retired.slot(at, k.ports, k.class, hashFlow(home, k.ports, k.class)); a.home != 0 {
		return a
	}
	return nil
}

// retire leaves of every flow its answer alone, where no packet needs more of
// it, and gives the room of its records back.
func (e *Engine) retire() {
	t := &e.flows
	for i := range t.list.n {
		if fl := t.list.at(i); fl.key.twoWay() && !t.answered(fl) {
			t.wanted.add(fl.key.ports.reversed(), fl.key.class)
		}
	}
	home, leaving := make([]int32, t.list.n), 0
	for i := range t.list.n {
		fl := t.list.at(i)
		if home[i] = none; !t.answered(fl) || t.wanted.has(fl.key.ports, fl.key.class) {
			continue
		}
		if home[i] = e.candidates.place(&fl.key.src, fl.key.zone, hashPlace(&fl.key.src, fl.key.zone)); home[i] != none {
			leaving++
		}
	}
	if leaving == 0 {
		return
	}
	e.retired = newRetired(leaving)
	for i, at := range home {
		if fl := t.list.at(int32(i)); at != none {
			e.retired.add(at, &fl.key, t.clusters.at(fl.first))
		}
	}
	e.flows = t.without(func(i int32) bool { return home[i] != none })
	if e.truncated {
		e.indexPorts()
	}
}

// answered reports whether all packets of fl are answered by its one cluster,
// and nothing else asks for it.
func (t *flows) answered(fl *flow) bool {
	return fl.clusters == 1 && !fl.alone && fl.named == none && fl.key.class <= math.MaxUint16 &&
		t.clusters.at(fl.first).clear()
}

// without returns t without some of its flows. Of the rest the order stays.
func (t *flows) without(leaves func(i int32) bool) flows {
	rest := flows{max: t.max, names: t.names, evicted: t.evicted}
	moved := make([]int32, t.list.n)
	for i := range t.list.n {
		if moved[i] = none; leaves(i) {
			continue
		}
		fl := *t.list.at(i)
		fl.first, fl.clusters, fl.settled = none, 0, min(fl.settled, none)
		moved[i] = rest.list.push(fl)
		rest.index.add(fl.key.hash(), moved[i])
	}
	for j := range t.clusters.n {
		c := *t.clusters.at(j)
		settled := t.list.at(c.flow).settled == j
		if c.flow = moved[c.flow]; c.flow == none {
			continue
		}
		place := rest.found(c.flow, c)
		if settled {
			rest.list.at(c.flow).settled = place
		}
	}
	return rest
}

// portSet is a set of the ports that flows may have, with their class. It may
// have some that weren't added.
type portSet struct{ words []uint64 }

const portSetBits = 20

func (s *portSet) add(p ports, c class) {
	if s.words == nil {
		s.words = make([]uint64, 1<<portSetBits/64)
	}
	i := s.bit(p, c)
	s.words[i/64] |= 1 << (i % 64)
}

func (s *portSet) has(p ports, c class) bool {
	if s.words == nil {
		return false
	}
	i := s.bit(p, c)
	return s.words[i/64]>>(i%64)&1 != 0
}

func (s *portSet) bit(p ports, c class) uint64 {
	return mix(uint64(p)^hashKeys[0], uint64(c)^hashKeys[1]) >> (64 - portSetBits)
}
