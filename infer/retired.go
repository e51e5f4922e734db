package infer

import (
	"iter"
	"math/bits"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// retired are the flows whose clusters answer for all of their packets: the
// answers are what is kept of them. They are most of a large capture's.
type retired struct {
	slots []answered // linear probing by the flow's hash
	n     int
	kinds []known // by answered.kind
	kind  map[kind]uint16
}

// answered is a cluster of a flow that has retired.
type answered struct {
	home  int32 // place of its source among the candidates, plus one; 0 is an empty slot
	at    int32 // as in verdict; it was found
	ports header.Ports
	needs header.Needs
	kind  uint16
}

// kind is what many clusters share: their protocol, and how sure their answer
// is.
type kind struct {
	class             class
	by                evidence
	mode              header.Mode
	leading           uint8 // modes in which most of its packets agree, a bit each
	posterior, second float32
}

// known is a kind and the answer of its packets, but for their destination.
type known struct {
	kind
	answer Answer
}

// maxKinds bounds the kinds of clusters that retire.
const maxKinds = 1 << 16

// kindOf returns that of c, a cluster of a flow of a class.
func kindOf(class class, c *cluster) kind {
	k := kind{class: class, by: c.by, mode: c.mode, posterior: c.posterior, second: c.second}
	for m, need := range c.dominant() {
		if need != 0 {
			k.leading |= 1 << m
		}
	}
	return k
}

// answer returns what was decided of a, for f, but for the destination.
func (t *retired) answer(a *answered, f *Facts) Answer {
	to := t.kinds[a.kind].answer
	if f.read.NextHeader != Unknown {
		to.NextHeader, to.NextHeaderOrigin = f.read.NextHeader, f.recorded()
	}
	to.HopLimit = f.read.HopLimit(to.NextHeader)
	return to
}

// leads reports whether a's packets need what r is: see flows.leads.
func (t *retired) leads(a *answered, r header.Residue) bool {
	for m, need := range a.needs {
		if need == r && t.kinds[a.kind].leading>>m&1 != 0 {
			return true
		}
	}
	return false
}

// from are the slots at which a search for a flow looks, without end.
func (t *retired) from(hash uint64) iter.Seq[*answered] {
	return func(yield func(*answered) bool) {
		first, _ := bits.Mul64(hash, uint64(len(t.slots)))
		for i := int(first); yield(&t.slots[i]); {
			if i++; i == len(t.slots) {
				i = 0
			}
		}
	}
}

// add takes in c, a cluster of a flow that retires: one after the other, as the
// flow had them.
func (t *retired) add(home int32, k *flowKey, c *cluster) {
	for a := range t.from(k.hash()) {
		if a.home == 0 {
			*a = answered{home: home + 1, at: c.at, ports: k.ports, needs: c.needs, kind: t.kind[kindOf(k.class, c)]}
			t.n++
			return
		}
	}
}

// find returns the cluster that n agrees with of a flow whose source is the
// candidate home, chosen as flows.cluster does, nil where there is none; left
// says that the flow is there.
func (t *retired) find(home int32, k *flowKey, hash uint64, n *header.Needs) (best *answered, left bool) {
	agrees := header.Modes
	for a := range t.from(hash) {
		if a.home == 0 {
			break
		}
		if a.home != home+1 || a.ports != k.ports || t.kinds[a.kind].class != k.class {
			continue
		}
		if m := a.needs.Agreeing(n); m < header.Modes && !left {
			return a, true
		} else if m < agrees {
			best, agrees = a, m
		}
		left = true
	}
	return best, left
}

// retiredAs returns what is kept of the cluster that n agrees with of the flow
// with key k, nil where there is none; home is the hash of the flow's source, left
// says that the flow has retired.
func (e *Engine) retiredAs(k *flowKey, home uint64, n *header.Needs) (a *answered, left bool) {
	if e.retired.n == 0 {
		return nil, false
	}
	at := e.candidates.place(&k.src, k.zone, home)
	if at == none {
		return nil, false
	}
	return e.retired.find(at, k, hashFlow(home, k.ports, k.class), n)
}

// knows numbers a kind, as far as there is room.
func (t *retired) knows(k kind) bool {
	if _, ok := t.kind[k]; ok {
		return true
	}
	if len(t.kinds) >= maxKinds {
		return false
	}
	if t.kind == nil {
		t.kind = map[kind]uint16{}
	}
	t.kind[k] = uint16(len(t.kinds))
	found := verdict{protocol: uint8(k.class), by: k.by, mode: k.mode, found: true, proved: true, protocolProved: true, posterior: k.posterior, second: k.second}
	any := Facts{read: header.Facts{NextHeader: Unknown}}
	t.kinds = append(t.kinds, known{k, any.answer(&outcome{verdict: found})})
	return true
}

// maxRetired bounds the clusters of a flow that retires: they are searched one by
// one.
const maxRetired = 16

// retire leaves of every flow its answers alone, where no packet needs more of
// it, and gives the room of its records back.
func (e *Engine) retire() {
	t, r := &e.flows, &e.retired
	t.findIndependent(r)
	home, leaving := make([]int32, t.list.n), 0
	for i, fl := range t.list.all() {
		if home[i] = none; fl.alone {
			continue
		}
		if home[i] = e.candidates.place(&fl.key.src, fl.key.zone, hashPlace(&fl.key.src, fl.key.zone)); home[i] != none {
			leaving += int(fl.clusters)
		}
	}
	if leaving == 0 {
		return
	}
	r.slots = make([]answered, leaving+leaving/4+1)
	for _, c := range t.clusters.all() {
		if at := home[c.flow]; at != none {
			r.add(at, &t.list.at(c.flow).key, c)
		}
	}
	e.flows = t.without(func(i int32) bool { return home[i] != none })
	if e.truncated {
		e.indexPorts()
	}
	r.kind = nil
}

// findIndependent marks all flows as alone but those whose packets are all
// answered by clusters, and that nothing else asks for.
func (t *flows) findIndependent(r *retired) {
	for _, c := range t.clusters.all() {
		if fl := t.list.at(c.flow); !fl.alone {
			fl.alone = !c.clear() || !r.knows(kindOf(fl.key.class, c))
		}
	}
	for _, fl := range t.list.all() {
		fl.alone = fl.alone || fl.clusters == 0 || fl.clusters > maxRetired || fl.named != none
		if fl.alone && fl.key.twoWay() {
			t.wanted.add(fl.key.ports.Reversed(), fl.key.class)
		}
	}
	for _, fl := range t.list.all() {
		fl.alone = fl.alone || t.wanted.has(fl.key.ports, fl.key.class)
	}
}

// without returns t without some of its flows. Of the rest the order stays.
func (t *flows) without(leaves func(i int32) bool) flows {
	rest := flows{max: t.max, names: t.names, evicted: t.evicted, unnamed: t.unnamed}
	moved := make([]int32, t.list.n)
	for i, fl := range t.list.all() {
		if moved[i] = none; leaves(i) {
			continue
		}
		moved[i] = rest.list.push(*fl)
		left := rest.list.at(moved[i])
		left.first, left.clusters, left.settled = none, 0, min(fl.settled, none)
		rest.index.add(fl.key.hash(), moved[i])
	}
	for j, c := range t.clusters.all() {
		if i := moved[c.flow]; i != none {
			place := rest.found(i, *c)
			if t.list.at(c.flow).settled == j {
				rest.list.at(i).settled = place
			}
		}
	}
	return rest
}

// portSet is a set of the ports that flows may have, with their class. It may
// have some that weren't added.
type portSet struct {
	words [portSetPages]*[portSetPage]uint64 // made when something is put there
}

const (
	portSetBits  = 20
	portSetPage  = 64 // words
	portSetPages = 1 << portSetBits / 64 / portSetPage
)

func (s *portSet) add(p header.Ports, c class) {
	i, bit := s.bit(p, c)
	page := &s.words[i/portSetPage]
	if *page == nil {
		*page = new([portSetPage]uint64)
	}
	(*page)[i%portSetPage] |= bit
}

func (s *portSet) has(p header.Ports, c class) bool {
	i, bit := s.bit(p, c)
	page := s.words[i/portSetPage]
	return page != nil && page[i%portSetPage]&bit != 0
}

func (s *portSet) bit(p header.Ports, c class) (word int, bit uint64) {
	i := mix(uint64(p)^hashKeys[0], uint64(c)^hashKeys[1]) >> (64 - portSetBits)
	return int(i / 64), 1 << (i % 64)
}
