package infer

import "hash/maphash"

// hashSeed differs from run to run, so that no capture can be made to collide;
// no answer depends on it.
var hashSeed = maphash.MakeSeed()

// flowIndex finds flows by their keys. The keys stand in the flows alone: a map
// would hold them a second time, and take a visit to memory more.
type flowIndex struct {
	slots []uint64 // upper half of the hash, then place plus one; linear probing, 0 is empty
	used  int
}

// find returns the place in list of the flow with key k; ok is false if there
// is none.
func (x *flowIndex) find(k *flowKey, list []flow) (i int32, ok bool) {
	if len(x.slots) == 0 {
		return 0, false
	}
	hash := maphash.Comparable(hashSeed, *k)
	mask := uint64(len(x.slots) - 1)
	for at := hash & mask; x.slots[at] != 0; at = (at + 1) & mask {
		if s := x.slots[at]; s>>32 == hash>>32 {
			if i = int32(uint32(s) - 1); list[i].key == *k {
				return i, true
			}
		}
	}
	return 0, false
}

// add notes the last flow of list, whose key is new.
func (x *flowIndex) add(list []flow) {
	if 4*(x.used+1) > 3*len(x.slots) {
		x.slots = make([]uint64, max(1024, 2*len(x.slots)))
		for i := range list[:len(list)-1] {
			x.put(&list[i].key, i)
		}
	}
	x.put(&list[len(list)-1].key, len(list)-1)
	x.used = len(list)
}

func (x *flowIndex) put(k *flowKey, i int) {
	hash := maphash.Comparable(hashSeed, *k)
	mask := uint64(len(x.slots) - 1)
	at := hash & mask
	for x.slots[at] != 0 {
		at = (at + 1) & mask
	}
	x.slots[at] = hash>>32<<32 | uint64(uint32(i+1))
}
