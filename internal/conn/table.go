// Package conn tells connections apart, from which side of the host each packet of
// theirs was seen, and from which initial numbers they count.
package conn

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
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

// hashKeys differ from run to run, so that no capture can be made to collide;
// nothing that is written depends on them.
var hashKeys = [5]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64(), rand.Uint64()}

// Set makes p the flow and the direction of a packet between these endpoints.
func (p *Pair) Set(a, b *packet.Addr, from, to uint16, proto uint8) {
	// In words: what was just written in eight bytes is read in eight bytes, else the
	// processor waits until it is in the cache.
	low0, low1 := binary.BigEndian.Uint64(a[:8]), binary.BigEndian.Uint64(a[8:])
	high0, high1 := binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
	if low0 > high0 || low0 == high0 && (low1 > high1 || low1 == high1 && from > to) {
		low0, low1, high0, high1, from, to, p.Dir = high0, high1, low0, low1, to, from, 1
	}
	binary.BigEndian.PutUint64(p.Key[:], low0)
	binary.BigEndian.PutUint64(p.Key[8:], low1)
	binary.BigEndian.PutUint64(p.Key[keyHigh:], high0)
	binary.BigEndian.PutUint64(p.Key[keyHigh+8:], high1)
	binary.BigEndian.PutUint16(p.Key[keyPorts:], from)
	binary.BigEndian.PutUint16(p.Key[keyPorts+2:], to)
	p.Key[keyProto] = proto
	ends := mixed(low0^hashKeys[0], low1^hashKeys[1]) ^ mixed(high0^hashKeys[2], high1^hashKeys[3])
	p.Hash = mixed(ends, (uint64(from)<<24|uint64(to)<<8|uint64(proto))^hashKeys[4]) | 1
}

// mixed spreads what two words hold over 64 bits.
func mixed(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// Table gives pairs of endpoints their ids, which count up in the order in which
// they appear; none is given twice, and a pair that was forgotten and comes back has
// another one. Of the pairs that are followed no two have one tcp.Place: a new one takes
// that of one that was forgotten, and so do all that keep state by connection.
type Table struct {
	slots   []uint32 // places plus one by hash, linear probing; 0 is empty
	pairs   []pair   // by place
	free    []uint32 // places
	clock   int64
	limit   int
	added   uint64 // pairs so far
	evicted int64  // pairs that were forgotten
}

// pair is one of the pairs of endpoints that are followed.
type pair struct {
	key      Key
	hash, id uint64 // hash is 0 where the pair was forgotten
	used     int64  // when it was last asked for
	ends     ends
}

// NewTable returns a table without flows.
func NewTable() *Table { return &Table{slots: make([]uint32, 1024), limit: MaxFlows} }

// Any reports whether there is a flow.
func (t *Table) Any() bool { return len(t.pairs) > 0 }

// Forgotten returns how many pairs were forgotten.
func (t *Table) Forgotten() int64 { return t.evicted }

// Of returns the id of the packet's flow.
func (t *Table) Of(p *Pair) uint64 { return t.pairs[t.place(p)].id }

// place returns where the packet's flow is kept, which is its id's tcp.Place.
func (t *Table) place(p *Pair) uint32 {
	t.clock++
	var place uint32
	if n := t.slots[t.slot(p)]; n == 0 {
		place = t.add(p)
	} else {
		place = n - 1
	}
	t.pairs[place].used = t.clock
	return place
}

// slot finds where the pair is, or the empty place where it belongs.
func (t *Table) slot(p *Pair) uint64 {
	mask := uint64(len(t.slots) - 1)
	i := p.Hash >> 8 & mask
	for ; t.slots[i] != 0; i = (i + 1) & mask {
		if n := t.slots[i] - 1; t.pairs[n].hash == p.Hash && t.pairs[n].key == p.Key {
			break
		}
	}
	return i
}

// add gives an id to a new pair, and returns its place. There are ids for 2^50 pairs.
func (t *Table) add(p *Pair) uint32 {
	if len(t.pairs) >= t.limit && len(t.free) == 0 {
		t.evict()
	}
	place := uint32(len(t.pairs))
	if n := len(t.free); n > 0 {
		place, t.free = t.free[n-1], t.free[:n-1]
	} else {
		t.pairs = append(t.pairs, pair{})
	}
	t.pairs[place] = pair{key: p.Key, hash: p.Hash, id: t.added*MaxFlows + uint64(place)}
	t.added++
	if 2*len(t.pairs) > len(t.slots) {
		t.rebuild(2 * len(t.slots))
	} else {
		t.slots[t.slot(p)] = place + 1
	}
	return place
}

// evict forgets the quarter of the pairs that was silent longest.
func (t *Table) evict() {
	var used []int64
	for i := range t.pairs {
		used = append(used, t.pairs[i].used)
	}
	slices.Sort(used)
	for place := range t.pairs {
		if p := &t.pairs[place]; p.used <= used[len(used)/4] {
			p.hash = 0
			t.free = append(t.free, uint32(place))
			t.evicted++
		}
	}
	t.rebuild(len(t.slots))
}

// rebuild fills a table of n slots with the pairs that are known.
func (t *Table) rebuild(n int) {
	if n > len(t.slots) {
		t.slots = make([]uint32, n)
	}
	clear(t.slots)
	for place := range t.pairs {
		if p := &t.pairs[place]; p.hash != 0 {
			t.slots[t.slot(&Pair{Key: p.key, Hash: p.hash})] = uint32(place) + 1
		}
	}
}

// Complete completes a segment with the id of its flow, its direction, and the side of the
// host that it was seen on; heading is what its record says of that.
func (t *Table) Complete(s *tcp.Segment, p *Pair, heading tcp.Side, local *Vantage) {
	of := &t.pairs[t.place(p)]
	if of.ends == 0 {
		of.ends = local.endsOf(&of.key)
	}
	s.Flow, s.Dir, s.Outbound = of.id, p.Dir, of.ends.side(p.Dir, heading)
}
