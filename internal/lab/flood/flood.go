// Package flood makes legal captures that mean to cost time or memory: one
// numeric field, or a few, of an otherwise quiet connection is random, jumps
// between two values, stays the same, falls or grows.
//
// It is pure and deterministic by its seed, and knows nothing of the product.
package flood

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
)

// Pattern is how a field goes on from packet to packet.
type Pattern uint8

// The patterns.
const (
	Random Pattern = iota
	Alternating
	Constant
	Falling
	Growing

	Patterns // their number
)

func (p Pattern) String() string {
	return [...]string{"random", "alternating", "constant", "falling", "growing"}[p]
}

// value is that of packet i for a field of that many bits.
func (p Pattern) value(r *rand.Rand, i, bits int) uint64 {
	const step = 7919 // a prime, so that no field returns to where it was soon
	last := uint64(1)<<bits - 1
	switch p {
	case Random:
		return r.Uint64() & last
	case Alternating:
		return [...]uint64{last / 4, last - last/4}[i%2]
	case Constant:
		return last / 3
	case Falling:
		return (last - uint64(i)*step) & last
	}
	return uint64(i) * step & last
}

// Choice is a field of Fields, by its place, with its pattern.
type Choice struct {
	Field   int
	Pattern Pattern
}

// Recipe says what a flood is made of. The zero value of all but Packets is
// quiet traffic: one IPv4 connection with data in both directions.
type Recipe struct {
	Packets    int
	Seed       uint64
	Form       Form
	Disordered bool // after a start whose order shows what a raw socket does
	OneWay     bool // one direction alone
	Jump       bool // each sender's numbers jump by 1 GiB once, in the middle
	AcksFirst  bool // all bare ACKs of one end stand before the data of the other
	Timely     int  // of so many packets one has the time of its place, whatever Choices say; 0 for none
	Choices    []Choice
}

// Form is what the packets are.
type Form uint8

// The forms.
const (
	IPv4     Form = iota
	IPv6          // with its header
	NoHeader      // IPv6 as a Windows raw socket hands it over: after a made-up header

	Forms // their number
)

func (f Form) String() string { return [...]string{"IPv4", "IPv6", "no header"}[f] }

// Kind is a flood with a name.
type Kind struct {
	Name   string
	Recipe Recipe // without Packets
}

// Quiet is the kind that disturbs nothing.
func Quiet() Kind { return Kind{Name: "quiet"} }

// Kinds lists the floods: every field with every pattern, alone and after a
// disordered start, and those of several fields.
func Kinds() []Kind {
	var all []Kind
	for n, f := range Fields() {
		for p := range Patterns {
			for _, form := range f.forms {
				r := Recipe{Seed: uint64(len(all)), Form: form, Choices: []Choice{{n, p}}}
				all = append(all, Kind{fmt.Sprintf("%s, %s, %s", form, f.Name, p), r})
			}
		}
	}
	all = append(all, mixtures()...)
	for _, k := range all[:len(all):len(all)] {
		k.Name += ", after disorder"
		k.Recipe.Disordered = true
		all = append(all, k)
	}
	ahead := Recipe{Form: NoHeader, Disordered: true, Timely: 100, Choices: choose(Growing, "pcapng.time")}
	return append(all, Kind{"one of 100 packets years ahead, after disorder", ahead})
}

// mixtures are floods of several fields at once.
func mixtures() []Kind {
	all := []Kind{
		{"jump of 1 GiB, then plain ACKs", Recipe{Jump: true, OneWay: true, Choices: choose(Constant, "tcp.len")}},
		{"jump of 1 GiB both ways", Recipe{Jump: true}},
		{"random numbers one way", Recipe{OneWay: true, Choices: choose(Random, "tcp.seq", "tcp.ack", "ip.id")}},
		{"random numbers both ways", Recipe{Choices: choose(Random, "tcp.seq", "tcp.ack")}},
		{"random SACK blocks", Recipe{Choices: choose(Random, "tcp.sack")}},
		{"random SACK blocks and numbers", Recipe{Choices: choose(Random, "tcp.sack", "tcp.seq", "tcp.ack")}},
		{"alternating FINs, random numbers", Recipe{Choices: append(choose(Alternating, "tcp.flags"), choose(Random, "tcp.seq")...)}},
		{"random times and numbers", Recipe{Choices: choose(Random, "pcapng.time", "tcp.seq", "tcp.ack")}},
		{"random times within 50 ms", Recipe{Choices: choose(Random, "pcapng.jitter")}},
		{"random times within 50 ms, numbers", Recipe{Choices: choose(Random, "pcapng.jitter", "tcp.seq", "tcp.ack", "tcp.sack")}},
		{"one time, random numbers", Recipe{Choices: append(choose(Constant, "pcapng.time"), choose(Random, "tcp.seq", "tcp.ack", "tcp.sack")...)}},
		{"random connections", Recipe{Choices: choose(Random, "ip.src", "tcp.srcport")}},
		{"addresses of few sums", Recipe{Form: NoHeader, Choices: choose(Growing, "ip.src.crowd")}},
		{"addresses of few sums, random ports", Recipe{Form: NoHeader, Choices: append(choose(Growing, "ip.src.crowd"), choose(Random, "tcp.srcport")...)}},
		{"random connections, numbers", Recipe{Choices: choose(Random, "tcp.srcport", "tcp.seq", "tcp.ack")}},
		{"ACKs before all data", Recipe{AcksFirst: true}},
		{"ACKs before all data, one time", Recipe{AcksFirst: true, Choices: choose(Constant, "pcapng.time")}},
		{"random of all", Recipe{}},
	}
	last := &all[len(all)-1].Recipe
	for n := range Fields() {
		last.Choices = append(last.Choices, Choice{n, Random})
	}
	return all
}

// choose lists fields by their names, all with one pattern.
func choose(p Pattern, names ...string) []Choice {
	var list []Choice
	for n, f := range Fields() {
		for _, name := range names {
			if f.Name == name {
				list = append(list, Choice{n, p})
			}
		}
	}
	if len(list) != len(names) {
		panic(fmt.Sprintf("flood: no such field among %q", names))
	}
	return list
}

// Opens reports whether addresses or ports differ from packet to packet, so that
// there are many connections.
func (r Recipe) Opens() bool {
	for _, c := range r.Choices {
		switch Fields()[c.Field].Name {
		case "ip.src", "ip.src.crowd", "ip.dst", "tcp.srcport", "tcp.dstport":
			return c.Pattern != Constant && c.Pattern != Alternating
		}
	}
	return false
}

// disorderly is how many packets a disordered start has.
const disorderly = 600

// Write writes the capture, pcapng.
func (r Recipe) Write(to io.Writer) error {
	out := newWriter(bufio.NewWriterSize(to, 1<<18), r.Form)
	rng := rand.New(rand.NewPCG(r.Seed, 1))
	fields := Fields()
	t := traffic{form: r.Form, oneWay: r.OneWay}
	if r.AcksFirst {
		t.acksFirst = r.Packets / 2
	}
	start := 0
	if r.Disordered {
		start = min(disorderly, r.Packets)
		for _, p := range t.disorder(rng, start) {
			out.packet(&p)
		}
	}
	var p packet
	for i := range r.Packets - start {
		p = t.next()
		time := p.time
		if r.Jump && i == (r.Packets-start)/2 {
			t.jump(1 << 30)
		}
		for _, c := range r.Choices {
			f := &fields[c.Field]
			f.set(&p, c.Pattern.value(rng, i, f.bits))
		}
		if r.Timely > 0 && i%r.Timely == 0 {
			p.time = time
		}
		out.packet(&p)
	}
	return out.flush()
}
