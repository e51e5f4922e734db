package infer

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

// sent is a packet as its sender made it: the truth.
type sent struct {
	src, dst netip.Addr
	next     uint8
	data     []byte
}

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// hidden returns s as a raw socket delivers it.
func (s sent) hidden() *Packet {
	return &Packet{Source: s.src, NextHeader: Unknown, Data: s.data, Length: len(s.data)}
}

// checksumAt is the place of the checksum by Next Header.
var checksumAt = map[uint8]int{packet.ProtoTCP: 16, packet.ProtoUDP: 6, packet.ProtoICMPv6: 2}

// send returns data from src to dst with its checksum in place.
func send(src, dst netip.Addr, next uint8, data []byte) sent {
	at := checksumAt[next]
	binary.BigEndian.PutUint16(data[at:], 0)
	pseudo := packet.PseudoHeader(packet.AddrOf(src), packet.AddrOf(dst), uint32(len(data)), next)
	sum := ^packet.Fold(pseudo + packet.Sum(data))
	if sum == 0 && next == packet.ProtoUDP {
		sum = 0xFFFF
	}
	binary.BigEndian.PutUint16(data[at:], sum)
	return sent{src, dst, next, data}
}

// offload returns s as it is captured at a sender whose card computes
// checksums: the field holds the pseudo-header's sum.
func offload(s sent) sent {
	data := append([]byte(nil), s.data...)
	pseudo := packet.PseudoHeader(packet.AddrOf(s.src), packet.AddrOf(s.dst), uint32(len(data)), s.next)
	binary.BigEndian.PutUint16(data[checksumAt[s.next]:], packet.Fold(pseudo))
	return sent{s.src, s.dst, s.next, data}
}

const (
	flagSYN = 0x02
	flagACK = 0x10
	flagPSH = 0x18
)

// tcpTo returns a TCP segment.
func tcpTo(src, dst netip.Addr, sport, dport uint16, seq, ack uint32, flags byte, payload []byte) sent {
	data := make([]byte, 20, 20+len(payload))
	binary.BigEndian.PutUint16(data, sport)
	binary.BigEndian.PutUint16(data[2:], dport)
	binary.BigEndian.PutUint32(data[4:], seq)
	binary.BigEndian.PutUint32(data[8:], ack)
	data[12], data[13] = 5<<4, flags
	binary.BigEndian.PutUint16(data[14:], 0xFFFF)
	return send(src, dst, packet.ProtoTCP, append(data, payload...))
}

// udpTo returns a UDP datagram.
func udpTo(src, dst netip.Addr, sport, dport uint16, payload []byte) sent {
	data := make([]byte, 8, 8+len(payload))
	binary.BigEndian.PutUint16(data, sport)
	binary.BigEndian.PutUint16(data[2:], dport)
	binary.BigEndian.PutUint16(data[4:], uint16(8+len(payload)))
	return send(src, dst, packet.ProtoUDP, append(data, payload...))
}

// icmpTo returns an ICMPv6 message; body follows the checksum.
func icmpTo(src, dst netip.Addr, kind, code uint8, body []byte) sent {
	return send(src, dst, packet.ProtoICMPv6, append([]byte{kind, code, 0, 0}, body...))
}

// bytesOf returns n random bytes.
func bytesOf(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// randomAddr returns an address whose low 64 bits are random.
func randomAddr(r *rand.Rand, prefix string) netip.Addr {
	a := addr(prefix).As16()
	binary.BigEndian.PutUint64(a[8:], r.Uint64())
	return netip.AddrFrom16(a)
}

// conversation returns a TCP exchange of two addresses, n data segments each
// way.
func conversation(r *rand.Rand, a, b netip.Addr, aport, bport uint16, n int) []sent {
	seq, ack := r.Uint32()>>1, r.Uint32()>>1
	list := []sent{
		tcpTo(a, b, aport, bport, seq, 0, flagSYN, nil),
		tcpTo(b, a, bport, aport, ack, seq+1, flagSYN|flagACK, nil),
		tcpTo(a, b, aport, bport, seq+1, ack+1, flagACK, nil),
	}
	seq, ack = seq+1, ack+1
	for range n {
		up, down := bytesOf(r, 1+r.IntN(100)), bytesOf(r, 1+r.IntN(1000))
		list = append(list, tcpTo(a, b, aport, bport, seq, ack, flagPSH, up))
		seq += uint32(len(up))
		list = append(list, tcpTo(b, a, bport, aport, ack, seq, flagPSH, down))
		ack += uint32(len(down))
	}
	return list
}

// inferAll runs both passes over list and returns the answer to each packet.
func inferAll(e *Engine, list []*Packet) []Answer {
	_, answers := concluded(e, list)
	return answers
}

// concluded is inferAll, and returns all that was concluded too.
func concluded(e *Engine, list []*Packet) (*Answers, []Answer) {
	for _, p := range list {
		f := Examine(p)
		e.Observe(&f)
	}
	all := e.Conclude()
	answers := make([]Answer, len(list))
	for i, p := range list {
		f := Examine(p)
		answers[i] = all.Infer(&f)
	}
	return all, answers
}

func hideAll(list []sent) []*Packet {
	hidden := make([]*Packet, len(list))
	for i := range list {
		hidden[i] = list[i].hidden()
	}
	return hidden
}

// tally counts how answers compare with the truth.
type tally struct{ packets, next, nextWrong, dst, dstWrong int }

func (c *tally) add(s sent, a Answer) {
	c.packets++
	switch a.NextHeader {
	case s.next:
		c.next++
	case Unknown:
	default:
		c.nextWrong++
	}
	switch a.Destination {
	case s.dst:
		c.dst++
	case netip.IPv6Unspecified():
	default:
		c.dstWrong++
	}
}

func (c tally) String() string {
	return fmt.Sprintf("%d packets: next header %d right, %d wrong; destination %d right, %d wrong",
		c.packets, c.next, c.nextWrong, c.dst, c.dstWrong)
}

func count(list []sent, answers []Answer) (c tally) {
	for i := range list {
		c.add(list[i], answers[i])
	}
	return c
}

// wantAll fails unless every answer is the truth.
func wantAll(t *testing.T, list []sent, answers []Answer) {
	t.Helper()
	failed := 0
	for i, s := range list {
		if a := answers[i]; failed < 5 && (a.NextHeader != s.next || a.Destination != s.dst) {
			failed++
			t.Errorf("packet %d (%v > %v, % x...): got next header %d, destination %v by %q, candidates %v; want %d, %v",
				i, s.src, s.dst, s.data[:min(8, len(s.data))], a.NextHeader, a.Destination, a.Evidence, a.Candidates, s.next, s.dst)
		}
	}
}

// cacheOf returns a snapshot of a host with these addresses that has sent to
// those.
func cacheOf(own []netip.Addr, to ...netip.Addr) *Snapshot {
	s := &Snapshot{Interfaces: []Interface{{Index: 2, Name: "eth0", Addresses: own}}}
	for _, a := range to {
		s.DestinationCache = append(s.DestinationCache, Destination{Destination: a})
	}
	return s
}
