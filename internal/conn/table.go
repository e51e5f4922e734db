// Package conn tells connections apart, from which side of the host each packet of
// theirs was seen, and from which initial numbers they count.
package conn

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// MaxFlows is how many pairs of endpoints are followed at once. When there are
// more, the quarter that was silent longest is forgotten.
const MaxFlows = tcp.MaxFlows

// Key is a pair of endpoints: the two addresses, the lower endpoint first,
// their ports and the protocol, as bytes.
type Key [37]byte

// Places in a Key.
const (
	keyHigh  = 16
	keyPorts = 32
	keyProto = 36
)

func (k *Key) low() packet.Addr  { return packet.Addr(k[:keyHigh]) }
func (k *Key) high() packet.Addr { return packet.Addr(k[keyHigh:keyPorts]) }

// Ends returns both ends, the one that sends in direction dir first.
func (k *Key) Ends(dir uint8) (from, to netip.AddrPort) {
	ports := binary.BigEndian.Uint32(k[keyPorts:])
	from = netip.AddrPortFrom(k.low().Netip(), uint16(ports>>16))
	to = netip.AddrPortFrom(k.high().Netip(), uint16(ports))
	if dir == 1 {
		return to, from
	}
	return from, to
}

// Name names both ends, the one that sends in direction dir first, with a word
// between them.
func (k *Key) Name(dir uint8, between string) string {
	from, to := k.Ends(dir)
	return from.String() + between + to.String()
}

// Pair is a packet's flow: its endpoints, and 0 or 1 for the direction: 0 where
// the lower endpoint sends.
type Pair struct {
	Key  Key
	Dir  uint8
	Hash uint64
}

// hashSeed differs from run to run, so that no capture can be made to collide;
// nothing that is written depends on it.
var hashSeed = maphash.MakeSeed()

// Set makes p the flow and the direction of a packet between these endpoints.
func (p *Pair) Set(a, b *packet.Addr, from, to uint16, proto uint8) {
	if c := bytes.Compare(a[:], b[:]); c > 0 || c == 0 && from > to {
		a, b, from, to, p.Dir = b, a, to, from, 1
	}
	copy(p.Key[:], a[:])
	copy(p.Key[keyHigh:], b[:])
	binary.BigEndian.PutUint16(p.Key[keyPorts:], from)
	binary.BigEndian.PutUint16(p.Key[keyPorts+2:], to)
	p.Key[keyProto] = proto
	p.Hash = maphash.Bytes(hashSeed, p.Key[:]) | 1
}

// Table gives pairs of endpoints their ids, which count up in the order in which
// they appear; none is given twice, and a pair that was forgotten and comes back has
// another one. Of the pairs that are followed no two have one tcp.Place: a new one takes
// that of one that was forgotten, and so do all that keep state by connection.
type Table struct {
	slots   []uint32 // places plus one by hash, linear probing; 0 is empty
	keys    []Key    // by place, as the rest
	hashes  []uint64 // 0 where it is free
	ids     []uint64
	used    []int64 // when each was last asked for
	ends    []ends
	free    []uint32
	clock   int64
	limit   int
	added   uint64 // pairs so far
	evicted int64  // pairs that were forgotten
}

// NewTable returns a table without flows.
func NewTable() *Table { return &Table{slots: make([]uint32, 1024), limit: MaxFlows} }

// Any reports whether there is a flow.
func (t *Table) Any() bool { return len(t.keys) > 0 }

// Forgotten returns how many pairs were forgotten.
func (t *Table) Forgotten() int64 { return t.evicted }

// Of returns the id of the packet's flow.
func (t *Table) Of(p *Pair) uint64 { return t.ids[t.place(p)] }

// place returns where the packet's flow is kept, which is its id's tcp.Place.
func (t *Table) place(p *Pair) uint32 {
	t.clock++
	var place uint32
	if n := t.slots[t.slot(p)]; n == 0 {
		place = t.add(p)
	} else {
		place = n - 1
	}
	t.used[place] = t.clock
	return place
}

// slot finds where the pair is, or the empty place where it belongs.
func (t *Table) slot(p *Pair) uint64 {
	mask := uint64(len(t.slots) - 1)
	i := p.Hash >> 8 & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if n := t.slots[i] - 1; t.hashes[n] == p.Hash && t.keys[n] == p.Key {
			break
		}
	}
	return i
}

// add gives an id to a new pair, and returns its place. There are ids for 2^50 pairs.
func (t *Table) add(p *Pair) uint32 {
	if len(t.keys) >= t.limit && len(t.free) == 0 {
		t.evict()
	}
	place := uint32(len(t.keys))
	if n := len(t.free); n > 0 {
		place, t.free = t.free[n-1], t.free[:n-1]
		t.keys[place], t.hashes[place], t.ends[place] = p.Key, p.Hash, 0
	} else {
		t.keys, t.hashes, t.ids = append(t.keys, p.Key), append(t.hashes, p.Hash), append(t.ids, 0)
		t.used, t.ends = append(t.used, 0), append(t.ends, 0)
	}
	t.ids[place] = t.added*MaxFlows + uint64(place)
	t.added++
	if 2*len(t.keys) > len(t.slots) {
		t.rebuild(2 * len(t.slots))
	} else {
		t.slots[t.slot(p)] = place + 1
	}
	return place
}

// evict forgets the quarter of the pairs that was silent longest.
func (t *Table) evict() {
	order := slices.Clone(t.used)
	slices.Sort(order)
	oldest := order[len(order)/4]
	for place := range t.keys {
		if t.used[place] <= oldest {
			t.hashes[place] = 0
			t.free = append(t.free, uint32(place))
			t.evicted++
		}
	}
	t.rebuild(len(t.slots))
}

// rebuild fills a table of n slots with the pairs that are known.
func (t *Table) rebuild(n int) {
	t.slots = resized(t.slots, n)
	for place, hash := range t.hashes {
		if hash != 0 {
			t.slots[t.slot(&Pair{Key: t.keys[place], Hash: hash})] = uint32(place) + 1
		}
	}
}

func resized(s []uint32, n int) []uint32 {
	if n > len(s) {
		return make([]uint32, n)
	}
	clear(s)
	return s
}

// Complete completes a segment with the id of its flow, its direction, and the side of the host that it was seen on; heading is what its record says of that.
func (t *Table) Complete(s *tcp.Segment, p *Pair, heading tcp.Side, local *Vantage) {
	place := t.place(p)
	s.Flow, s.Dir = t.ids[place], p.Dir
	e := &t.ends[place]
	if *e == 0 {
		*e = local.endsOf(&t.keys[place])
	}
	s.Outbound = e.side(p.Dir, heading)
}
