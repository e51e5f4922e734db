package repair

import (
	"bytes"

	"github.com/mendcap/mendcap/internal/packet"
)

// maxFlows is how many pairs of endpoints are followed. Packets of further ones
// are kept and counted, but neither analysed nor put in order.
const maxFlows = 1 << 18

// flowKey is a pair of endpoints; the lower one stands first.
type flowKey struct {
	low, high         packet.Addr
	lowPort, highPort uint16
	proto             uint8
}

// flowTable numbers pairs of endpoints densely, in the order in which they
// appear.
type flowTable struct {
	ids      map[flowKey]uint32
	keys     []flowKey
	overflow int64 // packets that found no room

	last   flowKey // most packets are of the flow of the one before
	lastID uint32
}

func newFlowTable() *flowTable { return &flowTable{ids: make(map[flowKey]uint32)} }

// of returns the number of the packet's flow, and 0 or 1 for the direction:
// 0 where the lower endpoint sends.
func (t *flowTable) of(u *unit) (id uint32, dir uint8, ok bool) {
	k := flowKey{low: u.view.Src, high: u.view.Dst, lowPort: u.sport, highPort: u.dport, proto: u.proto}
	if c := bytes.Compare(k.low[:], k.high[:]); c > 0 || c == 0 && k.lowPort > k.highPort {
		k.low, k.high, k.lowPort, k.highPort = k.high, k.low, k.highPort, k.lowPort
		dir = 1
	}
	if k == t.last && len(t.keys) > 0 {
		return t.lastID, dir, true
	}
	id, ok = t.ids[k]
	if !ok {
		if len(t.keys) >= maxFlows {
			t.overflow++
			return 0, 0, false
		}
		id = uint32(len(t.keys))
		t.ids[k] = id
		t.keys = append(t.keys, k)
	}
	t.last, t.lastID = k, id
	return id, dir, true
}

// segment completes the unit's segment with its flow; false where it can't be
// followed.
func (t *flowTable) segment(u *unit, local *vantage) bool {
	if !u.isTCP || u.view.Dst == (packet.Addr{}) {
		return false
	}
	id, dir, ok := t.of(u)
	if !ok {
		return false
	}
	u.seg.Flow, u.seg.Dir = id, dir
	u.seg.Outbound = local.side(u)
	return true
}
