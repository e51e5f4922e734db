package judge

import (
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/reorder"
)

// Moves are the packets that one law moved.
type Moves struct {
	Packets int
	Better  int // more pairs with others of its flow are right than before
	Worse   int // fewer do
	Early   int // the interval that is given for its time ends before the true one
}

// Laws says of each law what became of the packets that it moved, in memory.
func (t Trial) Laws() (map[reorder.Law]Moves, error) {
	o, err := t.direct()
	if err != nil {
		return nil, err
	}
	gained := t.Case.gained(o.degraded, o.packets)
	laws := map[reorder.Law]Moves{}
	for _, p := range o.placed {
		if !p.Moved {
			continue
		}
		m, index := laws[p.Law], o.degraded[p.Index].Index
		m.Packets++
		switch n := gained[index]; {
		case n > 0:
			m.Better++
		case n < 0:
			m.Worse++
		}
		if p.Latest < t.Case.truth[t.Case.table[index].place].Stamp {
			m.Early++
		}
		laws[p.Law] = m
	}
	return laws, nil
}

// gained says of each packet, by Index, in how many pairs with others of its flow it
// is right after repair and was not before, less those that went the other way.
func (c *Case) gained(before, after []lab.Packet) map[int]int {
	was, is := make([]int, len(c.truth)), make([]int, len(c.truth))
	for i, p := range before {
		was[c.table[p.Index].place] = i
	}
	for i, p := range after {
		is[c.table[p.Index].place] = i
	}
	gained, flows := map[int]int{}, map[lab.Flow][]int{}
	for _, p := range c.survivors(before) {
		place := c.table[p.Index].place
		flow := c.table[p.Index].flow
		for _, earlier := range flows[flow] {
			n := 0
			switch wrong, still := was[earlier] > was[place], is[earlier] > is[place]; {
			case wrong && !still:
				n = 1
			case still && !wrong:
				n = -1
			default:
				continue
			}
			gained[p.Index] += n
			gained[c.truth[earlier].Index] += n
		}
		flows[flow] = append(flows[flow], place)
	}
	return gained
}
