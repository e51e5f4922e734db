package witness

import (
	"iter"
	"slices"
)

// list lists the events of each claim. Some have a claim that there was no room for.
func (g *group) list() {
	g.of = make([][]int32, len(g.claims))
	for i := range g.events {
		if claim := g.events[i].claim; claim >= 0 {
			g.of[claim] = append(g.of[claim], int32(i))
		}
	}
}

// within is which of the events of a claim are between two times.
func (g *group) within(claim int32, from, to int64) (first, end int) {
	search := func(time int64) int {
		at, _ := slices.BinarySearchFunc(g.of[claim], time, func(e int32, time int64) int { return g.events[e].compare(time) })
		return at
	}
	return search(from), search(to + 1)
}

// fit gives the claims that fit the packet.
func (s *seen) fit() iter.Seq[int32] {
	return func(yield func(int32) bool) {
		for _, claim := range s.fitting {
			if claim < 0 || !yield(claim) {
				return
			}
		}
	}
}

// cover counts of each place of a list in how many ranges it is: differences from one to
// the next.
type cover []int32

func newCover(n int) cover { return make(cover, n+1) }

func (c cover) add(first, end int) {
	c[first]++
	c[end]--
}

// counts gives the counts. Nothing may be added any more.
func (c cover) counts() []int32 {
	for i := 1; i < len(c); i++ {
		c[i] += c[i-1]
	}
	return c[:len(c)-1]
}
