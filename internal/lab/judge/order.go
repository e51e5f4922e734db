package judge

import "github.com/mendcap/mendcap/internal/lab"

// OrderScore counts pairs of packets of one flow that are the wrong way round.
type OrderScore struct {
	// Neighbours follow each other in their flow in the truth.
	Neighbours                    int
	InvertedBefore, InvertedAfter int
	Worsened                      int // that stood right before, and wrong after
	// Pairs are any two packets of a flow, however far apart.
	Pairs  int
	Harmed int // that stood right before, and wrong after
	// Touched are packets that have another place in the file or another time.
	Touched int
}

func (s *OrderScore) add(o OrderScore) {
	s.Neighbours += o.Neighbours
	s.InvertedBefore, s.InvertedAfter = s.InvertedBefore+o.InvertedBefore, s.InvertedAfter+o.InvertedAfter
	s.Worsened += o.Worsened
	s.Pairs, s.Harmed = s.Pairs+o.Pairs, s.Harmed+o.Harmed
	s.Touched += o.Touched
}

// judgeOrder compares the order of each flow's packets with the truth. The
// places are those in the truth, in the order of the judged files.
func judgeOrder(flows []lab.Flow, before, after []int) (s OrderScore) {
	was, is := positions(before, len(flows)), positions(after, len(flows))
	members := map[lab.Flow][]int{}
	for place, flow := range flows {
		members[flow] = append(members[flow], place)
	}
	for _, places := range members {
		s.judgeNeighbours(places, was, is)
		s.Pairs += len(places) * (len(places) - 1) / 2
		s.Harmed += harmed(places, was, is)
	}
	return s
}

// judgeNeighbours looks at each two of a flow's places that follow each other.
func (s *OrderScore) judgeNeighbours(places, was, is []int) {
	for i := 1; i < len(places); i++ {
		a, b := places[i-1], places[i]
		wrongBefore, wrongAfter := was[a] > was[b], is[a] > is[b]
		s.Neighbours++
		if wrongBefore {
			s.InvertedBefore++
		}
		if wrongAfter {
			s.InvertedAfter++
		}
		if wrongAfter && !wrongBefore {
			s.Worsened++
		}
	}
}

// harmed counts the pairs of a flow's places, which rise, that stood right
// before and are wrong after.
func harmed(places, was, is []int) (n int) {
	// least[i] is the front-most position that any place from i on has after.
	least := make([]int, len(places)+1)
	least[len(places)] = int(^uint(0) >> 1)
	for i := len(places) - 1; i >= 0; i-- {
		least[i] = min(least[i+1], is[places[i]])
	}
	for i, a := range places {
		for j := i + 1; least[j] < is[a]; j++ {
			if b := places[j]; is[b] < is[a] && was[a] < was[b] {
				n++
			}
		}
	}
	return n
}

// positions turns places by position into positions by place. A place that no
// packet has is where the one before it in the truth does.
func positions(places []int, n int) []int {
	positions := make([]int, n)
	for i := range positions {
		positions[i] = -1
	}
	for position, place := range places {
		if place >= 0 {
			positions[place] = position
		}
	}
	for i, p := range positions {
		if p < 0 && i > 0 {
			positions[i] = positions[i-1]
		}
	}
	return positions
}

// touched counts the packets of the repaired file that have another place or
// another time than in the baseline.
func touched(before, after []int, timesBefore, timesAfter []int64) (n int) {
	for i := range after {
		if i >= len(before) || before[i] != after[i] || timesBefore[i] != timesAfter[i] {
			n++
		}
	}
	return n
}
