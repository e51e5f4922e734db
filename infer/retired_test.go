package infer

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

// Flows that retire leave the same answers and doubts as those that stay,
// whatever is lost, offloaded or cut, and where there is no room for all. So they do
// where no more is read of packets than their ports.
func TestRetiringChangesNothing(t *testing.T) {
	gone, left, glanced := 0, 0, 0
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 91))
		_, hidden, s := mixture(r)
		o := Options{Snapshot: s}
		if r.IntN(3) == 0 {
			o.MaxClusters = 1 + r.IntN(30)
		}
		facts := make([]Facts, len(hidden))
		retiring, staying := New(o), New(o)
		for i, p := range hidden {
			facts[i] = Examine(p)
			retiring.Observe(&facts[i])
			staying.Observe(&facts[i])
		}
		retired := retiring.Conclude()
		staying.decide()
		stayed := &Answers{staying}
		var sheet Sheet
		sheet.Clear(2 * len(hidden))
		gone, left = gone+retiring.retired.n, left+retiring.flows.list.len()
		for i := range facts {
			want := stayed.Infer(&facts[i])
			if got := retired.Infer(&facts[i]); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d, packet %d: got %+v, want %+v", seed, i, got, want)
			}
			for _, answers := range []*Answers{retired, stayed} {
				if got := answers.InferObserved(hidden[i], &sheet); !reflect.DeepEqual(*got, want) {
					t.Fatalf("seed %d, packet %d: by its ports got %+v, want %+v", seed, i, *got, want)
				}
			}
			if h, sole := facts[i].only(); sole {
				k := facts[i].key(h)
				if _, ok := retiring.unanimous(&k, facts[i].home); ok {
					glanced++
				}
			}
		}
		got, n := retired.Doubts(10)
		want, m := stayed.Doubts(10)
		if n != m || !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: doubts: got %d, %+v, want %d, %+v", seed, n, got, m, want)
		}
	}
	if gone == 0 || left == 0 || glanced == 0 {
		t.Errorf("got %d clusters retired, %d flows left, %d packets answered by their ports, want some of each", gone, left, glanced)
	}
}

// Of a capture in which every connection is new, next to nothing but answers is
// kept. A packet that comes after Conclude still has its other direction.
func TestFlowsRetire(t *testing.T) {
	r := rand.New(rand.NewPCG(92, 93))
	e := New(Options{Snapshot: cacheOf([]netip.Addr{host})})
	const connections = 3000
	peer := func(i int) netip.Addr { return addr(fmt.Sprintf("2a00:1450:4001::%x:%x", 0x8000+i*7919%0x7FFF, i+1)) }
	var list []sent
	for i := range connections {
		list = append(list, conversation(r, host, peer(i), uint16(20000+i%300), 443, 2)...)
	}
	late := tcpTo(host, peer(7), 20007, 443, 77, 1, flagACK, []byte("late"))
	conclusion, answers := concluded(e, hideAll(list))
	for i, a := range answers {
		if a.NextHeader != packet.ProtoTCP || a.Destination != list[i].dst || !a.ChecksumVerified {
			t.Fatalf("packet %d: got %+v, want TCP to %v", i, a, list[i].dst)
		}
	}
	if got := e.retired.n; got < connections*3/2 {
		t.Errorf("retired: got %d clusters, want most of %d", got, 2*connections)
	}
	if got := e.flows.list.len(); got > connections/5 {
		t.Errorf("flows left: got %d of %d", got, 2*connections)
	}
	f := Examine(late.hidden())
	if a := conclusion.Infer(&f); a.Destination != late.dst {
		t.Errorf("late packet: got %+v, want it to %v", a, late.dst)
	}
}

func TestIndexFindsEveryRecord(t *testing.T) {
	var c candidates
	c.max = 1 << 20
	r := rand.New(rand.NewPCG(94, 95))
	var known []packet.Addr
	for range 5000 {
		a := packet.AddrOf(randomAddr(r, "2001:db8::"))
		known = append(known, a)
		c.add(a, 0, isSeen)
		c.add(a, 0, isResolved)
	}
	for i := range known {
		at := c.place(&known[i], 0, hashPlace(&known[i], 0))
		if at != int32(i) {
			t.Fatalf("address %d: got place %d", i, at)
		}
		if got := c.list.at(at).roles; got != isSeen|isResolved {
			t.Fatalf("address %d: got roles %b", i, got)
		}
		known[i][3] ^= 1
		if at := c.place(&known[i], 0, hashPlace(&known[i], 0)); at != none {
			t.Fatalf("an address that is no candidate: got place %d", at)
		}
	}
}
