package packet

import (
	"container/list"
	"slices"
)

// Bounds of what an Assembler keeps: bytes, with what it takes to keep them, and
// fragments of one packet, of which the smallest make up the longest packet.
const (
	maxKept      = 8 << 20
	maxPieces    = 1 << 14
	pieceSize    = 64
	datagramSize = 512
)

// Assembler puts the fragments of IP packets together, in the order in which they were
// captured and as Wireshark 4.0 does: with the fragment that completes it a packet is
// there, fragments that overlap give what the one with the lower offset says, and there
// is no time after which they are forgotten. What doesn't fit into 8 MiB makes the
// packet of which the first fragment came longest ago stay in pieces. The zero value has
// no fragments.
type Assembler struct {
	partial map[datagram]*list.Element // of the values of byAge
	byAge   list.List                  // of *pieces
	kept    int
}

// pieces are what there is of one packet.
type pieces struct {
	of     datagram
	list   []piece  // by offset, then as they came
	joined int      // the first so many have no gap
	reach  int      // up to here: bytes of what was divided
	first  fragment // the one with the offset 0, without its data; has no header where it has not come
	length int      // of what was divided, 0 as long as that is not known
	weight int      // of the fragments that came since it was last asked for
	plain  bool     // what the first fragment says is enough
	size   int      // what is kept
}

type piece struct {
	offset int
	data   []byte
}

func (p *piece) end() int { return p.offset + len(p.data) }

// Add takes in the fragment whose view is v, and keeps a copy. Once a packet is complete
// it returns that, without a link header; else nil. The fragment counts as weight packets,
// and plain says that it is a first one that has shown that the others are of no interest.
// Once that or the whole packet is known, settled is the weight of all its fragments
// that was not returned before.
func (a *Assembler) Add(v *View, data []byte, weight int, plain bool) (whole []byte, settled int) {
	f, ok := fragmentOf(v, data)
	if !ok {
		return nil, 0
	}
	e := a.partial[f.datagram]
	if e == nil {
		if a.partial == nil {
			a.partial = make(map[datagram]*list.Element)
		}
		e = a.byAge.PushBack(&pieces{of: f.datagram, size: datagramSize})
		a.partial[f.datagram] = e
		a.kept += datagramSize
	}
	p := e.Value.(*pieces)
	size := p.size
	p.weight, p.plain = p.weight+weight, p.plain || plain
	p.add(f)
	a.kept += p.size - size
	if p.complete() {
		whole = p.whole(f.proto)
		a.forget(e)
	}
	if whole != nil || p.plain {
		settled, p.weight = p.weight, 0
	}
	for a.kept > maxKept {
		a.forget(a.byAge.Front())
	}
	return whole, settled
}

func (a *Assembler) forget(e *list.Element) {
	p := a.byAge.Remove(e).(*pieces)
	delete(a.partial, p.of)
	a.kept -= p.size
}

// add keeps one fragment. What was there before is not replaced.
func (p *pieces) add(f fragment) {
	if !f.more && p.length == 0 {
		p.length = f.offset + len(f.data)
	}
	at, _ := slices.BinarySearchFunc(p.list, f.offset+1, func(have piece, offset int) int { return have.offset - offset })
	for i := at - 1; i >= 0 && p.list[i].offset == f.offset; i-- {
		if len(p.list[i].data) >= len(f.data) {
			return // it adds nothing
		}
	}
	if len(p.list) == maxPieces {
		return
	}
	p.list = slices.Insert(p.list, at, piece{f.offset, slices.Clone(f.data)})
	p.join(at)
	p.size += pieceSize + len(f.data)
	if f.offset == 0 && p.first.header == nil {
		p.first, p.first.data, p.first.header = f, nil, slices.Clone(f.header)
		p.size += len(f.header)
	}
}

// join updates what is known of gaps after a piece was inserted, without a pass over all.
func (p *pieces) join(at int) {
	if at < p.joined { // it begins before the first gap
		p.reach = max(p.reach, p.list[at].end())
		p.joined++
	}
	for ; p.joined < len(p.list) && p.list[p.joined].offset <= p.reach; p.joined++ {
		p.reach = max(p.reach, p.list[p.joined].end())
	}
}

// complete reports whether there is no gap up to the end.
func (p *pieces) complete() bool { return p.length > 0 && p.reach >= p.length }

// whole puts complete pieces together, that of a packet of the protocol.
func (p *pieces) whole(proto uint8) []byte {
	data := make([]byte, 0, p.length)
	for i := range p.list {
		if f := &p.list[i]; f.offset <= len(data) && f.end() > len(data) {
			data = append(data, f.data[len(data)-f.offset:]...)
		}
	}
	return p.first.whole(proto, data[:p.length])
}
