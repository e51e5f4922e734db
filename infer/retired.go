package infer

import (
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// retired are the flows whose clusters answer for all of their packets: the
// answers are what is kept of them. They are most of a large capture's.
type retired struct {
	shelves [shelves]shelf // by the flow's hash
	n       int
	kinds   []kind // each twice, the second time with only
	known   map[kind]uint16
}

// shelves are how many there are: while one grows, it alone is there twice.
const shelves = 64

// of returns the shelf of a flow.
func (t *retired) of(hash uint64) *shelf { return &t.shelves[hash%shelves] }

// all are the clusters with what they are, in no order.
func (t *retired) all() iter.Seq2[*answered, *kind] {
	return func(yield func(*answered, *kind) bool) {
		for i := range t.shelves {
			list := t.shelves[i].list
			for at := range list {
				if a := &list[at]; !yield(a, &t.kinds[a.kind]) {
					return
				}
			}
		}
	}
}

// answered is a cluster of a flow that has retired.
type answered struct {
	home  int32 // place of its source among the candidates
	at    int32 // as in verdict; it was found and proved
	ports header.Ports
	needs header.Needs
	kind  uint16 // its place in retired.kinds
}

// kind is what many clusters have in common.
type kind struct {
	class   class
	by      evidence
	mode    header.Mode
	leading uint8 // modes in which most of its packets agree, a bit each
	only    bool  // all packets of its flow are in it

	posterior, second float32
}

// kindOf returns what c of a flow is, but for only.
func kindOf(k *flowKey, c *cluster) kind {
	of := kind{class: k.class, by: c.by, mode: c.mode, posterior: c.posterior, second: c.second}
	for m, need := range c.dominant() {
		if need != 0 {
			of.leading |= 1 << m
		}
	}
	return of
}

// number returns the place of a kind that is not only; ok is false where there is no room
// for it.
func (t *retired) number(k kind) (n uint16, ok bool) {
	if n, ok = t.known[k]; ok {
		return n, true
	}
	if len(t.kinds) > math.MaxUint16 {
		return 0, false
	}
	if t.known == nil {
		t.known = map[kind]uint16{}
	}
	n = uint16(len(t.kinds))
	t.known[k] = n
	alone := k
	alone.only = true
	t.kinds = append(t.kinds, k, alone)
	return n, true
}

// verdict returns what was decided of a.
func (t *retired) verdict(a *answered) verdict {
	k := &t.kinds[a.kind]
	return verdict{
		at: a.at, listed: none, protocol: uint8(k.class), by: k.by, mode: k.mode,
		found: true, proved: true, protocolProved: true, posterior: k.posterior, second: k.second,
	}
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

// shelf has the clusters of some of the flows, those of a flow in their order.
type shelf struct {
	list   []answered
	starts []int32 // of the rows of list, by the flow's hash; the last one is list's end
}

// inRow is how many clusters a row has on average.
const inRow = 4

// row returns the clusters among which those of a flow are, whose hash is given.
func (s *shelf) row(hash uint64) []answered {
	if len(s.list) == 0 {
		return nil
	}
	n := s.rowOf(hash)
	return s.list[s.starts[n]:s.starts[n+1]]
}

func (s *shelf) rowOf(hash uint64) int {
	n, _ := bits.Mul64(hash, uint64(len(s.starts)-1))
	return int(n)
}

// add takes in more clusters, after those that are there; hashOf returns the hash of a
// cluster's flow.
func (s *shelf) add(more []answered, hashOf func(*answered) uint64) {
	if len(more) == 0 {
		return
	}
	n := len(s.list) + len(more)
	grown := shelf{make([]answered, n), make([]int32, n/inRow+2)}
	rows := make([]int32, 0, n)
	for _, list := range [][]answered{s.list, more} {
		for i := range list {
			row := grown.rowOf(hashOf(&list[i]))
			rows = append(rows, int32(row))
			grown.starts[row+1]++
		}
	}
	for i := range grown.starts[1:] {
		grown.starts[i+1] += grown.starts[i]
	}
	next := slices.Clone(grown.starts)
	for i, row := range rows {
		a := &more[max(0, i-len(s.list))]
		if i < len(s.list) {
			a = &s.list[i]
		}
		grown.list[next[row]] = *a
		next[row]++
	}
	*s = grown
}

// hasRetired reports whether a is of the flow with key k.
func (e *Engine) hasRetired(a *answered, k *flowKey) bool {
	if a.ports != k.ports || e.retired.kinds[a.kind].class != k.class {
		return false
	}
	source := e.candidates.list.at(a.home)
	return source.addr == k.src && source.zone == k.zone
}

// firstRetired returns the first cluster of a flow, whose hash is given; nil if it has not
// retired.
func (e *Engine) firstRetired(k *flowKey, hash uint64) *answered {
	row := e.retired.of(hash).row(hash)
	for i := range row {
		if a := &row[i]; e.hasRetired(a, k) {
			return a
		}
	}
	return nil
}

// rejoin notes that a packet has come of a flow that has retired, and that none of its
// clusters answers for it.
func (e *Engine) rejoin(k *flowKey, hash uint64) {
	row := e.retired.of(hash).row(hash)
	for i := range row {
		if a := &row[i]; e.hasRetired(a, k) {
			a.kind &^= 1
		}
	}
}

// retiredAs returns what is kept of the cluster that n agrees with of a flow, whose hash
// is given, chosen as flows.cluster does, nil where there is none; left says that the flow
// has retired.
func (e *Engine) retiredAs(k *flowKey, hash uint64, n *header.Needs) (best *answered, left bool) {
	agrees, row := header.Modes, e.retired.of(hash).row(hash)
	for i := range row {
		a := &row[i]
		if !e.hasRetired(a, k) {
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
	t.findIndependent(func(fl *flow, c *cluster) bool {
		if !done(fl, c) {
			return false
		}
		_, room := e.retired.number(kindOf(&fl.key, c))
		return room
	})
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
	var coming [shelves][]answered
	for _, c := range t.clusters.all() {
		at := home[c.flow]
		if at == none {
			continue
		}
		fl := t.list.at(c.flow)
		hash := fl.key.hash()
		a := answered{home: at, at: c.at, ports: fl.key.ports, needs: c.needs}
		a.kind, _ = r.number(kindOf(&fl.key, c)) // for which leaving has found room
		if fl.clusters == 1 && !(again && e.firstRetired(&fl.key, hash) != nil) {
			a.kind |= 1
		}
		coming[hash%shelves] = append(coming[hash%shelves], a)
		r.n++
	}
	for i, more := range coming {
		r.shelves[i].add(more, e.hashOf)
		coming[i] = nil
	}
	e.flows = t.without(func(i int32) bool { return home[i] != none })
}

// hashOf returns the hash of the flow of a cluster that has retired.
func (e *Engine) hashOf(a *answered) uint64 {
	source := e.candidates.list.at(a.home)
	return hashFlow(hashPlace(&source.addr, source.zone), a.ports, e.retired.kinds[a.kind].class)
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
