package infer

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// hashKeys differ from run to run, so that no capture can be made to collide;
// no answer depends on them.
var hashKeys = [3]uint64{rand.Uint64(), rand.Uint64(), rand.Uint64()}

// mix spreads what a and b hold over 64 bits.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	return high ^ low
}

// hashPlace hashes an address on an interface.
func hashPlace(a *packet.Addr, zone uint32) uint64 {
	return mix(binary.LittleEndian.Uint64(a[:8])^hashKeys[0], binary.LittleEndian.Uint64(a[8:])^hashKeys[1]) + uint64(zone)
}

// hash returns the hash of k.
func (k *flowKey) hash() uint64 { return hashFlow(hashPlace(&k.src, k.zone), k.ports, k.class) }

// hashFlow returns the hash of a flow whose source has the hash home.
func hashFlow(home uint64, p header.Ports, c class) uint64 {
	return mix(home^hashKeys[2], uint64(p)<<32^uint64(c)^hashKeys[0])
}

// index finds the places of records in a table by their hashes. The keys are
// in the records alone: a map would hold them a second time, and take a visit to
// memory more.
type index struct {
	slots []uint64 // upper half of the hash, then place plus one; linear probing by the upper half, 0 is empty
	used  int
}

// find returns the first of the places that a hash leads to which has what is
// looked for; none where there is none.
func (x *index) find(hash uint64, has func(at int32) bool) int32 {
	for i := int(hash >> 32); len(x.slots) > 0; i++ {
		s := x.slots[i&(len(x.slots)-1)]
		if s == 0 {
			break
		}
		if at := int32(uint32(s) - 1); s>>32 == hash>>32 && has(at) {
			return at
		}
	}
	return none
}

// add notes that a record with that hash is at a place; the record is new.
func (x *index) add(hash uint64, at int32) {
	if 4*(x.used+1) > 3*len(x.slots) {
		old := x.slots
		*x = index{slots: make([]uint64, max(1024, 2*len(old)))}
		for _, s := range old {
			if s != 0 {
				x.add(s, int32(uint32(s)-1))
			}
		}
	}
	mask := len(x.slots) - 1
	i := int(hash>>32) & mask
	for x.slots[i] != 0 {
		i = (i + 1) & mask
	}
	x.slots[i] = hash>>32<<32 | uint64(uint32(at+1))
	x.used++
}
