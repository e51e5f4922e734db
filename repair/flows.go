package repair

import (
	"bytes"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
)

// maxFlows is how many pairs of endpoints are followed at once. When there are
// more, the quarter that was silent longest is forgotten.
const maxFlows = 1 << 15

// flowKey is a pair of endpoints; the lower one stands first.
type flowKey struct {
	low, high         packet.Addr
	lowPort, highPort uint16
	proto             uint8
}

// flowTable numbers pairs of endpoints densely, in the order in which they
// appear. A number is given to another pair when its own was forgotten.
type flowTable struct {
	ids     map[flowKey]uint32
	keys    []flowKey
	used    []int64 // when each number was last asked for
	free    []uint32
	clock   int64
	limit   int
	evicted int64 // pairs that were forgotten

	last   flowKey // most packets are of the flow of the one before
	lastID uint32
}

func newFlowTable() *flowTable {
	return &flowTable{ids: make(map[flowKey]uint32), limit: maxFlows}
}

// of returns the number of the packet's flow, and 0 or 1 for the direction: 0
// where the lower endpoint sends. fresh says that the pair is new under this
// number.
func (t *flowTable) of(u *unit) (id uint32, dir uint8, fresh bool) {
	k := flowKey{low: u.view.Src, high: u.view.Dst, lowPort: u.sport, highPort: u.dport, proto: u.proto}
	if c := bytes.Compare(k.low[:], k.high[:]); c > 0 || c == 0 && k.lowPort > k.highPort {
		k.low, k.high, k.lowPort, k.highPort = k.high, k.low, k.highPort, k.lowPort
		dir = 1
	}
	t.clock++
	if k != t.last || len(t.keys) == 0 {
		var known bool
		if id, known = t.ids[k]; !known {
			id, fresh = t.add(k), true
		}
		t.last, t.lastID = k, id
	}
	t.used[t.lastID] = t.clock
	return t.lastID, dir, fresh
}

// add gives a number to a new pair.
func (t *flowTable) add(k flowKey) uint32 {
	if len(t.keys) >= t.limit && len(t.free) == 0 {
		t.evict()
	}
	id := uint32(len(t.keys))
	if n := len(t.free); n > 0 {
		id, t.free = t.free[n-1], t.free[:n-1]
		t.keys[id] = k
	} else {
		t.keys, t.used = append(t.keys, k), append(t.used, 0)
	}
	t.ids[k] = id
	return id
}

// evict forgets the quarter of the pairs that was silent longest.
func (t *flowTable) evict() {
	order := slices.Clone(t.used)
	slices.Sort(order)
	oldest := order[len(order)/4]
	for id := range t.keys {
		if t.used[id] <= oldest {
			delete(t.ids, t.keys[id])
			t.free = append(t.free, uint32(id))
			t.evicted++
		}
	}
}

// segment completes the unit's segment with its flow; false where it has none.
func (t *flowTable) segment(u *unit, local *vantage) bool {
	if !u.isTCP || u.view.Dst == (packet.Addr{}) {
		return false
	}
	u.seg.Flow, u.seg.Dir, u.seg.Fresh = t.of(u)
	u.seg.Outbound = local.side(u)
	return true
}
