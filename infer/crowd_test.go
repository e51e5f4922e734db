package infer

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// crowdOf returns n addresses that have few residues.
func crowdOf(r *rand.Rand, n, few int) []netip.Addr {
	list := make([]netip.Addr, n)
	for i := range list {
		a := packet.AddrOf(randomAddr(r, "2001:db8::"))
		binary.BigEndian.PutUint16(a[14:], 0)
		rest := header.Complement(uint32(header.ResidueOf(a)) + uint32(^uint16(1+i%few)))
		binary.BigEndian.PutUint16(a[14:], uint16(rest))
		list[i] = a.Netip()
	}
	return list
}

// entries counts the explanations that deciding list takes, each cluster and each
// packet that is decided by itself once, and how many ask for them. What was
// observed has been decided, and nothing of it has retired.
func entries(e *Engine, list []*Packet) (n, asking int) {
	for j := range e.flows.clusters.n {
		c := e.flows.clusters.at(j)
		q := e.questionOf(e.flows.list.at(c.flow), c)
		n += len(e.explain(nil, &q))
		asking++
	}
	for _, p := range list {
		f := Examine(p)
		h, sole := f.only()
		if _, c := e.clusterOf(&f, h); sole && f.read.Dst.IsUnspecified() && c != nil {
			continue
		}
		for h := range header.Hypotheses {
			if f.read.Bits[h] != 0 {
				q := e.ask(&f, h)
				n += len(e.explain(nil, &q))
				asking++
			}
		}
	}
	return n, asking
}

// crowded are kinds of captures whose flows go to many addresses with few sums.
var crowded = []struct {
	name  string
	cross bool // all flows have the same ports
	alone bool // no cluster decides the packets
}{
	{name: "flows"},
	{name: "flows between the same ports", cross: true},
	{name: "packets decided by themselves", alone: true},
}

// TestCrowdsTakeBoundedSteps: without a limit, each flow weighs all addresses that
// have what it needs, 312 here, and with ten times the flows ten times as many.
func TestCrowdsTakeBoundedSteps(t *testing.T) {
	for _, k := range crowded {
		for _, n := range []int{2000, 20_000} {
			r := rand.New(rand.NewPCG(81, 82))
			list := hideAll(crossTalk(r, crowdOf(r, n, 64), k.cross))
			e := New(Options{})
			for i, p := range list {
				if k.alone {
					p.Data[len(p.Data)-1] ^= byte(i) // a sum of its own
					p.Destination = addr("2001:db8::1")
				}
				f := Examine(p)
				e.Observe(&f)
			}
			e.decide()
			steps, asking := entries(e, list)
			if most := freeFits + (fitsEach+int(header.Modes)+1)*asking; steps > most {
				t.Errorf("%s, %d packets: %d clusters and packets have %d explanations, want at most %d", k.name, len(list), asking, steps, most)
			}
			if got := e.crowds.larger; got > 0 != (n == 20_000) {
				t.Errorf("%s, %d packets: %d sums given up", k.name, len(list), got)
			}
		}
	}
}

// crossTalk returns packets between addresses of a list, both ways.
func crossTalk(r *rand.Rand, list []netip.Addr, same bool) (all []sent) {
	for i := 0; i+1 < len(list); i += 2 {
		a, b, port := list[i], list[i+1], uint16(1024+i/2)
		if same {
			port = 1024
		}
		up, down := r.Uint32()>>1, r.Uint32()>>1
		all = append(all, tcpTo(a, b, port, 443, up, down, flagPSH, bytesOf(r, 8)), tcpTo(b, a, 443, port, down, up+8, flagPSH, bytesOf(r, 8)))
	}
	return all
}

// TestCrowdsAreNotAnsweredWrongly holds that what a limit leaves out makes nothing
// proved or likely that isn't so.
func TestCrowdsAreNotAnsweredWrongly(t *testing.T) {
	for _, same := range []bool{false, true} {
		r := rand.New(rand.NewPCG(83, 84))
		list := crossTalk(r, crowdOf(r, 20_000, 64), same)
		e := New(Options{})
		c := count(list, inferAll(e, hideAll(list)))
		if c.dstWrong > 0 || c.nextWrong > 0 {
			t.Errorf("same ports %v: got %v, want none wrong", same, c)
		}
		if !same && c.dst < len(list)*9/10 {
			t.Errorf("got %v, want most destinations by who sends the other way", c)
		}
	}
}

// TestCrowdsLeaveTheHostsOwn holds that a server with more clients than are looked
// at keeps its answers: what is sent to it, by its tables, and what it sends, by
// who sends the other way.
func TestCrowdsLeaveTheHostsOwn(t *testing.T) {
	r := rand.New(rand.NewPCG(85, 86))
	server := addr("2001:db8:1::1")
	var ends []netip.Addr
	for _, client := range crowdOf(r, 20_000, 64) {
		ends = append(ends, client, server)
	}
	list := crossTalk(r, ends, false)
	e := New(Options{Snapshot: cacheOf([]netip.Addr{server})})
	all, answers := concluded(e, hideAll(list))
	c := count(list, answers)
	if all.GivenUp().Crowded == 0 {
		t.Error("no sum was given up")
	}
	if c.dstWrong > 0 || c.dst < len(list)*99/100 {
		t.Errorf("got %v, want all of %d right", c, len(list))
	}
}
