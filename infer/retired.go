package infer

import (
	"iter"
	"math/bits"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// retired are the flows whose clusters answer for all of their packets: the
// answers are what is kept of them. They are most of a large capture's.
type retired struct {
	shelves [shelves]shelf // by the flow's hash
	n       int
}

// shelves are how many there are: while one grows, it alone is there twice.
const shelves = 64

// of returns the shelf of a flow.
func (t *retired) of(hash uint64) *shelf { return &t.shelves[hash%shelves] }

// all are the clusters, in no order.
func (t *retired) all() iter.Seq[*answered] {
	return func(yield func(*answered) bool) {
		for i := range t.shelves {
			slots := t.shelves[i].slots
			for at := range slots {
				if a := &slots[at]; a.home != 0 && !yield(a) {
					return
				}
			}
		}
	}
}

// shelf has the clusters of some of the flows.
type shelf struct {
	slots []answered // linear probing by the flow's hash
	n     int
}

// grow makes room for more clusters. Those of one flow stay in their order; hashOf returns
// the hash of a cluster's flow.
func (s *shelf) grow(more int, hashOf func(*answered) uint64) {
	room := func(n int) int { return n + n/4 + 1 } // one slot in five is empty
	if more == 0 || room(s.n+more) <= len(s.slots) {
		return
	}
	old := s.slots
	s.slots = make([]answered, room(max(s.n+more, s.n+s.n/8)))
	gap := 0 // no search goes on beyond it that began before it
	for gap < len(old) && old[gap].home != 0 {
		gap++
	}
	for i := range old {
		if a := &old[(gap+i)%len(old)]; a.home != 0 {
			s.put(a, hashOf(a))
		}
	}
}

// put puts a cluster after the others of its flow, whose hash is given.
func (s *shelf) put(a *answered, hash uint64) {
	at := s.begin(hash)
	for s.slots[at].home != 0 {
		at = s.after(at)
	}
	s.slots[at] = *a
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
func (s *shelf) begin(hash uint64) int {
	first, _ := bits.Mul64(hash, uint64(len(s.slots)))
	return int(first)
}

// after returns the place that is searched after another.
func (s *shelf) after(at int) int {
	if at++; at == len(s.slots) {
		return 0
	}
	return at
}

// first returns the place of the first cluster of a flow whose source is the candidate
// home; none if it has not retired.
func (s *shelf) first(home int32, k *flowKey, hash uint64) int {
	if s.n == 0 {
		return none
	}
	return s.next(s.begin(hash), home, k)
}

// next is first from a place on: none after the last.
func (s *shelf) next(at int, home int32, k *flowKey) int {
	for ; s.slots[at].home != 0; at = s.after(at) {
		if a := &s.slots[at]; a.home == home+1 && a.ports == k.ports && a.class == k.class {
			return at
		}
	}
	return none
}

// add takes in c, a cluster of a flow that retires: one after the other, as the
// flow had them. only says that the flow has no other.
func (t *retired) add(home int32, k *flowKey, hash uint64, c *cluster, only bool) {
	a := answered{
		home: home + 1, at: c.at, ports: k.ports, needs: c.needs, class: k.class,
		by: c.by, mode: c.mode, only: only, posterior: c.posterior, second: c.second,
	}
	for m, need := range c.dominant() {
		if need != 0 {
			a.leading |= 1 << m
		}
	}
	s := t.of(hash)
	s.put(&a, hash)
	s.n++
	t.n++
}

// rejoin notes that a packet has come of a flow whose source is the candidate home, and
// that none of its clusters answers for it.
func (t *retired) rejoin(home int32, k *flowKey, hash uint64) {
	s := t.of(hash)
	for at := s.first(home, k, hash); at != none; at = s.next(s.after(at), home, k) {
		s.slots[at].only = false
	}
}

// find returns the cluster that n agrees with of a flow whose source is the
// candidate home, chosen as flows.cluster does, nil where there is none; left
// says that the flow is there.
func (t *retired) find(home int32, k *flowKey, hash uint64, n *header.Needs) (best *answered, left bool) {
	agrees, s := header.Modes, t.of(hash)
	for at := s.first(home, k, hash); at != none; at = s.next(s.after(at), home, k) {
		a := &s.slots[at]
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
	if home, some := e.leaving(func(_ *flow, c *cluster) bool { return c.clear() }); some {
		e.leave(home)
		if e.truncated {
			e.indexPorts()
		}
	}
}

// leaving returns the places among the candidates of the sources of the flows that can
// retire, by flow, none for others; some says that there are any. done says of a cluster
// that its decision may be the last.
func (e *Engine) leaving(done func(*flow, *cluster) bool) (home []int32, some bool) {
	t := &e.flows
	t.findIndependent(done)
	home = make([]int32, t.list.n)
	for i, fl := range t.list.all() {
		if home[i] = none; fl.stays {
			continue
		}
		if home[i] = e.candidates.place(&fl.key.src, fl.key.zone, hashPlace(&fl.key.src, fl.key.zone)); home[i] != none {
			some = true
		}
	}
	return home, some
}

// leave lets the flows with a home retire.
func (e *Engine) leave(home []int32) {
	t, r := &e.flows, &e.retired
	again := r.n > 0 // some may have retired before
	var coming [shelves]int
	for i, fl := range t.list.all() {
		if home[i] != none {
			coming[fl.key.hash()%shelves] += int(fl.clusters)
		}
	}
	for i, n := range coming {
		r.shelves[i].grow(n, e.hashOf)
	}
	for _, c := range t.clusters.all() {
		at := home[c.flow]
		if at == none {
			continue
		}
		fl := t.list.at(c.flow)
		hash, only := fl.key.hash(), fl.clusters == 1
		if again {
			only = only && r.of(hash).first(at, &fl.key, hash) == none
		}
		r.add(at, &fl.key, hash, c, only)
	}
	e.flows = t.without(func(i int32) bool { return home[i] != none })
}

// hashOf returns the hash of the flow of a cluster that has retired.
func (e *Engine) hashOf(a *answered) uint64 {
	source := e.candidates.list.at(a.home - 1)
	return hashFlow(hashPlace(&source.addr, source.zone), a.ports, a.class)
}

// findIndependent marks that all flows stay but those whose packets are all
// answered by clusters that are done, and that nothing else asks for.
func (t *flows) findIndependent(done func(*flow, *cluster) bool) {
	for _, fl := range t.list.all() {
		fl.stays = fl.alone || fl.clusters == 0 || fl.clusters > maxRetired || fl.named != none
	}
	for _, c := range t.clusters.all() {
		fl := t.list.at(c.flow)
		fl.stays = fl.stays || !done(fl, c)
	}
	var wanted portSet
	for _, fl := range t.list.all() {
		if fl.stays && fl.key.twoWay() {
			wanted.add(fl.key.ports.Reversed(), fl.key.class)
		}
	}
	for _, fl := range t.list.all() {
		fl.stays = fl.stays || t.wanted.has(fl.key.ports, fl.key.class) || wanted.has(fl.key.ports, fl.key.class)
	}
}

// without returns t without some of its flows. Of the rest the order stays.
func (t *flows) without(leaves func(i int32) bool) flows {
	rest := flows{max: t.max, names: t.names, esp: t.esp, evicted: t.evicted, unnamed: t.unnamed, wanted: t.wanted}
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

// bit is the same in each run, since answers depend on which flows retire early. Who makes
// others fall into one bit makes a flow stay.
func (s *portSet) bit(p header.Ports, c class) (word int, bit uint64) {
	i := mix(uint64(p)^0x9E3779B97F4A7C15, uint64(c)^0xD1B54A32D192ED03) >> (64 - portSetBits)
	return int(i / 64), 1 << (i % 64)
}
