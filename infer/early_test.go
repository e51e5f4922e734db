package infer

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// observing returns an engine that has observed packets, of whose flows some could retire
// after each round of new ones.
func observing(o Options, round int, list []*Packet) *Engine {
	e := New(o)
	e.round, e.early = round, e.flows.list.len()+round
	for _, p := range list {
		f := Examine(p)
		e.Observe(&f)
	}
	return e
}

// Of a long capture in which each connection is new, few flows are kept beside those that
// came last, and no packet is answered without its flow. So it is where packets of
// connections that have retired come again.
func TestFlowsOfLongCapturesRetireEarly(t *testing.T) {
	const connections, round = 3000, 512
	s := &Snapshot{Interfaces: []Interface{{Index: 1, Addresses: []netip.Addr{host}}}}
	r := rand.New(rand.NewPCG(201, 202))
	var list []sent
	for i := range connections {
		list = append(list, conversation(r, host, randomAddr(r, "2a00:1450::"), uint16(1024+i), 443, 1)...)
		if i%3 == 0 { // half open: nobody answers
			list = append(list, tcpTo(randomAddr(r, "2a00:1450::"), host, uint16(1024+i), 22, r.Uint32(), 0, flagSYN, nil))
		}
		if again := i - connections/2; again >= 0 {
			list = append(list, list[again*5])
		}
	}
	e := observing(Options{Snapshot: s}, round, hideAll(list))
	if got := e.flows.list.len(); got > 2*round {
		t.Errorf("flows kept: got %d of %d, want at most %d", got, connections*7/3, 2*round)
	}
	answers := e.Conclude()
	for i := range list {
		f := Examine(list[i].hidden())
		if a := answers.Infer(&f); a.Destination != list[i].dst || a.NextHeader != packet.ProtoTCP || a.DestinationOrigin != Inferred {
			t.Fatalf("packet %d: got %+v, want TCP to %v", i, a, list[i].dst)
		}
	}
	if left := answers.GivenUp(); left != (GivenUp{}) {
		t.Errorf("got %+v, want nothing given up", left)
	}
}

// Whatever is lost, offloaded, cut or unknown: what retires early leaves no wrong answer,
// and of a thousand packets at most one without the answer that it has otherwise.
func TestRetiringEarlyKeepsThePromise(t *testing.T) {
	var early, late tally
	retired := 0
	for seed := range uint64(100) {
		list, hidden, s := mixture(rand.New(rand.NewPCG(seed, 203)))
		for _, c := range []struct {
			round int
			count *tally
		}{{8, &early}, {len(hidden) + 1, &late}} {
			e := observing(Options{Snapshot: s, Confidence: 1}, c.round, hidden)
			retired += e.retired.n
			answers := e.Conclude()
			for i := range list {
				f := Examine(hidden[i])
				c.count.add(list[i], answers.Infer(&f))
			}
		}
	}
	if early.dstWrong+early.nextWrong != 0 || early.dst < late.dst*999/1000 {
		t.Errorf("got %v, want none wrong, and nearly as many right as of %v", early, late)
	}
	if retired < 300 {
		t.Errorf("got %d clusters that retired early, want 300 at least", retired)
	}
}

// Which flows retire early, and so the answers, do not depend on the keys of hashes, which
// differ from run to run.
func TestPortSetsAreTheSameInEachRun(t *testing.T) {
	defer func(keys [3]uint64) { hashKeys = keys }(hashKeys)
	var s portSet
	word, bit := s.bit(header.PortsOf(443, 50000), packet.ProtoTCP)
	hashKeys = [3]uint64{1, 2, 3}
	if w, b := s.bit(header.PortsOf(443, 50000), packet.ProtoTCP); w != word || b != bit {
		t.Errorf("got bit %b of word %d with other keys, want %b of %d", b, w, bit, word)
	}
}

// A flow that has retired, and goes elsewhere later, is answered for each packet by what
// that one needs, also where no more than its ports are read.
func TestRetiredFlowsBeginAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(207, 208))
	s := &Snapshot{Interfaces: []Interface{{Index: 1, Addresses: []netip.Addr{host}}}}
	var list []sent
	for range 2 {
		for i := range 60 {
			list = append(list, conversation(r, host, randomAddr(r, "2a00:1450::"), uint16(1024+i), 443, 1)...)
		}
	}
	e := observing(Options{Snapshot: s}, 40, hideAll(list))
	if e.retired.n < 60 {
		t.Fatalf("got %d clusters that retired early, want half at least", e.retired.n)
	}
	answers := e.Conclude()
	var sheet Sheet
	sheet.Clear(len(list))
	for i := range list {
		if a := answers.InferObserved(list[i].hidden(), &sheet); a.Destination != list[i].dst {
			t.Errorf("packet %d: got %v, want %v", i, a.Destination, list[i].dst)
		}
	}
}

// What flows have shown that retired early counts as if they were still there.
func TestWhatRetiredIsRemembered(t *testing.T) {
	r := rand.New(rand.NewPCG(209, 210))
	s := &Snapshot{Interfaces: []Interface{{Index: 1, Addresses: []netip.Addr{host}}}}
	var list []sent
	for i := range 400 {
		for _, p := range conversation(r, host, randomAddr(r, "2a00:1450::"), uint16(1024+i), 443, 1) {
			if p.src == host {
				p = offload(p)
			}
			list = append(list, p)
		}
	}
	early, late := observing(Options{Snapshot: s}, 100, hideAll(list)), observing(Options{Snapshot: s}, len(list), hideAll(list))
	if early.retired.n < 400 || late.retired.n > 0 {
		t.Fatalf("got %d and %d clusters that retired early, want half at least, and none", early.retired.n, late.retired.n)
	}
	early.Conclude()
	late.Conclude()
	for d := range directions {
		for m := range header.Modes {
			if got, want := early.modes[d][header.AsTCP][m], late.modes[d][header.AsTCP][m]; math.Abs(got-want) > 0.1 {
				t.Errorf("direction %d, mode %d: got %.2f bits, want %.2f", d, m, got, want)
			}
		}
	}
	if math.Abs(early.open-late.open) > 0.1 {
		t.Errorf("for none of the candidates: got %.2f bits, want %.2f", early.open, late.open)
	}
	if got, want := len(early.observeClusters(outbound)), len(late.observeClusters(outbound)); got < want*9/10 {
		t.Errorf("observations: got %d, want about %d", got, want)
	}
}

// A shelf that grows keeps all that is on it, and the clusters of a flow in their order.
func TestShelvesGrow(t *testing.T) {
	const flows, clusters = 20, 3
	hashOf := func(a *answered) uint64 { return math.MaxUint64 - uint64(a.ports) }
	var s shelf
	for round := range clusters {
		var more []answered
		for i := range flows {
			more = append(more, answered{ports: header.Ports(i), at: int32(round)})
		}
		s.add(more, hashOf)
	}
	if len(s.list) != flows*clusters {
		t.Fatalf("got %d clusters, want %d", len(s.list), flows*clusters)
	}
	for i := range flows {
		var order []int32
		for _, a := range s.row(hashOf(&answered{ports: header.Ports(i)})) {
			if a.ports == header.Ports(i) {
				order = append(order, a.at)
			}
		}
		if !slices.Equal(order, []int32{0, 1, 2}) {
			t.Fatalf("flow %d: got clusters %v, want 0, 1, 2", i, order)
		}
	}
}

// What flows that retire have in common is kept once, in both forms; of a kind for which
// there is no room none retires.
func TestKindsOfRetiredFlows(t *testing.T) {
	var r retired
	for i := range 1 << 16 {
		n, ok := r.number(kind{class: class(i)})
		if want := i < 1<<15; ok != want || ok && (int(n) != 2*i || r.kinds[n].only || !r.kinds[n+1].only || r.kinds[n+1].class != class(i)) {
			t.Fatalf("kind %d: got number %d, %v", i, n, ok)
		}
	}
	if n, ok := r.number(kind{class: 7}); !ok || n != 14 {
		t.Errorf("a kind that is known: got number %d, %v, want 14", n, ok)
	}
}

// What is clear is rounded away from certainty, stays clear and proved, and is then a
// power of two, or a bound, so that rounding it again changes nothing.
func TestCoarsePosteriors(t *testing.T) {
	for _, test := range []struct{ posterior, second, least, wantPosterior, wantSecond float64 }{
		{1, 0, credible, 1 - 1.0/(1<<24), 1.0 / (1 << 24)},
		{1 - 1.0/(1<<12), 1.0 / (1 << 15), credible, 1 - 1.0/(1<<12), 1.0 / (1 << 15)},
		{1 - 3.0/(1<<14), 3.0 / (1 << 17), credible, 1 - 1.0/(1<<12), 1.0 / (1 << 15)},
		{0.99901, 0.00009, credible, 0.999, narrow},
		{0.99991, 0.00008, credibleAlone, 0.9999, narrow},
	} {
		v := verdict{proved: true, posterior: float32(test.posterior), second: float32(test.second)}
		for range 2 {
			v.coarsen(test.least)
			if !v.clear() || math.Abs(float64(v.posterior)-test.wantPosterior) > 1e-7 || math.Abs(float64(v.second)-test.wantSecond) > 1e-10 {
				t.Errorf("%v, %v: got %v, %v, clear %v; want %v, %v", test.posterior, test.second, v.posterior, v.second, v.clear(), test.wantPosterior, test.wantSecond)
			}
		}
	}
}
