package infer

import (
	"math/bits"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// retired are the flows whose clusters answer for all of their packets: the
// answers are what is kept of them. They are most of a large capture's.
type retired struct {
	slots []answered // linear probing by the flow's hash
	n     int
}

// answered is a cluster of a flow that has retired.
type answered struct {
	home    int32 // place of its source among the candidates, plus one; 0 is an empty slot
	at      int32 // as in verdict; it was found and proved
	ports   header.Ports
	needs   header.Needs
	class   class
	by      evidence
	mode    header.Mode
	leading uint8 // modes in which most of its packets agree, a bit each
	only    bool  // all packets of its flow are in it

	posterior, second float32
}

// verdict returns what was decided of a.
func (a *answered) verdict() verdict {
	return verdict{
		at: a.at, listed: none, protocol: uint8(a.class), by: a.by, mode: a.mode,
		found: true, proved: true, protocolProved: true, posterior: a.posterior, second: a.second,
	}
}

// leads reports whether a's packets need what r is: see flows.leads.
func (a *answered) leads(r header.Residue) bool {
	for m, need := range a.needs {
		if need == r && a.leading>>m&1 != 0 {
			return true
		}
	}
	return false
}

// begin returns the place at which a search for a flow begins.
func (t *retired) begin(hash uint64) int {
	first, _ := bits.Mul64(hash, uint64(len(t.slots)))
	return int(first)
}

// after returns the place that is searched after another.
func (t *retired) after(at int) int {
	if at++; at == len(t.slots) {
		return 0
	}
	return at
}

// next returns the place, from one on, of the next cluster of a flow whose source is the
// candidate home; none after the last.
func (t *retired) next(at int, home int32, k *flowKey) int {
	for ; t.slots[at].home != 0; at = t.after(at) {
		if a := &t.slots[at]; a.home == home+1 && a.ports == k.ports && a.class == k.class {
			return at
		}
	}
	return none
}

// add takes in c, a cluster of a flow that retires: one after the other, as the
// flow had them. only says that the flow has no other.
func (t *retired) add(home int32, k *flowKey, c *cluster, only bool) {
	at := t.begin(k.hash())
	for t.slots[at].home != 0 {
		at = t.after(at)
	}
	a := &t.slots[at]
	*a = answered{
		home: home + 1, at: c.at, ports: k.ports, needs: c.needs, class: k.class,
		by: c.by, mode: c.mode, only: only, posterior: c.posterior, second: c.second,
	}
	for m, need := range c.dominant() {
		if need != 0 {
			a.leading |= 1 << m
		}
	}
	t.n++
}

// find returns the cluster that n agrees with of a flow whose source is the
// candidate home, chosen as flows.cluster does, nil where there is none; left
// says that the flow is there.
func (t *retired) find(home int32, k *flowKey, hash uint64, n *header.Needs) (best *answered, left bool) {
	agrees := header.Modes
	for at := t.next(t.begin(hash), home, k); at != none; at = t.next(t.after(at), home, k) {
		a := &t.slots[at]
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

// maxRetired bounds the clusters of a flow that retires: they are searched one by
// one.
const maxRetired = 16

// retire leaves of every flow its answers alone, where no packet needs more of
// it, and gives the room of its records back.
func (e *Engine) retire() {
	t, r := &e.flows, &e.retired
	t.findIndependent()
	home, leaving := make([]int32, t.list.n), 0
	for i, fl := range t.list.all() {
		if home[i] = none; fl.stays {
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
			fl := t.list.at(c.flow)
			r.add(at, &fl.key, c, fl.clusters == 1)
		}
	}
	e.flows = t.without(func(i int32) bool { return home[i] != none })
	if e.truncated {
		e.indexPorts()
	}
}

// findIndependent marks that all flows stay but those whose packets are all
// answered by clusters, and that nothing else asks for.
func (t *flows) findIndependent() {
	for _, c := range t.clusters.all() {
		fl := t.list.at(c.flow)
		fl.stays = fl.stays || !c.clear()
	}
	for _, fl := range t.list.all() {
		fl.stays = fl.stays || fl.alone || fl.clusters == 0 || fl.clusters > maxRetired || fl.named != none
		if fl.stays && fl.key.twoWay() {
			t.wanted.add(fl.key.ports.Reversed(), fl.key.class)
		}
	}
	for _, fl := range t.list.all() {
		fl.stays = fl.stays || t.wanted.has(fl.key.ports, fl.key.class)
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
