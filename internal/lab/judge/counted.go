package judge

import (
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// Counted is what the number of ACKs told of arrivals beyond a hole, without SACK, beside
// the truth.
type Counted struct {
	Unique        int // of which nothing had to be told
	InTurn, Late  int // told to have come in sequence, and late
	Open          int // that were given up
	WrongInTurn   int // told to have come in sequence, but the network delayed them
	WrongLate     int // the other way round
	DelayedOfOpen int // given up, and the network delayed them
}

// All counts the arrivals.
func (c Counted) All() int { return c.Unique + c.InTurn + c.Late + c.Open }

func (c *Counted) add(o Counted) {
	c.Unique, c.InTurn, c.Late, c.Open = c.Unique+o.Unique, c.InTurn+o.InTurn, c.Late+o.Late, c.Open+o.Open
	c.WrongInTurn, c.WrongLate = c.WrongInTurn+o.WrongInTurn, c.WrongLate+o.WrongLate
	c.DelayedOfOpen += o.DelayedOfOpen
}

// counted sets what ACKs told of the degraded packets beside the truth.
func (c *Case) counted(placed []reorder.Placement, degraded []lab.Packet) (sum Counted) {
	delayed := c.delayed(c.survivors(degraded))
	for _, p := range placed {
		late := delayed[degraded[p.Index].Index]
		switch p.Counted {
		case reorder.CountedUnique:
			sum.Unique++
		case reorder.CountedInTurn:
			sum.InTurn++
			sum.WrongInTurn += count(late)
		case reorder.CountedLate:
			sum.Late++
			sum.WrongLate += count(!late)
		case reorder.CountedOpen:
			sum.Open++
			sum.DelayedOfOpen += count(late)
		}
	}
	return sum
}

// delayed says, by Index, of which inbound segments a higher one arrived before.
func (c *Case) delayed(packets []lab.Packet) map[int]bool {
	delayed, highest := map[int]bool{}, map[lab.Flow]tcp.Seq{}
	for _, p := range packets {
		seg, flow := c.table[p.Index].known, c.table[p.Index].flow
		if !seg.ok || seg.Outbound != tcp.In || seg.Len == 0 {
			continue
		}
		end, any := highest[flow]
		if any && seg.End().Less(end) {
			delayed[p.Index] = true
			continue
		}
		highest[flow] = seg.End()
	}
	return delayed
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}
