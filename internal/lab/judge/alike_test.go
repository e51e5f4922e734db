package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

// Of packets that are the same bit for bit the first in the capture counts as the first
// of the truth; others keep their names, and so do all where a packet is there twice.
func TestInTurn(t *testing.T) {
	of := func(indices ...int) (list []lab.Packet) {
		data := map[int]string{1: "a", 2: "b", 3: "a", 4: "c", 5: "a"}
		for _, n := range indices {
			list = append(list, lab.Packet{Index: n, Stamp: int64(len(list)), Data: []byte(data[n])})
		}
		return list
	}
	for _, c := range []struct{ got, want []int }{
		{[]int{3, 2, 1, 4, 5}, []int{1, 2, 3, 4, 5}},
		{[]int{2, 5, 4, 3}, []int{2, 3, 4, 5}},
		{[]int{4, 2, 1}, []int{4, 2, 1}},
		{[]int{3, 1, 3, 1}, []int{3, 1, 3, 1}},
	} {
		list := of(c.got...)
		turned := inTurn(list)
		for i, p := range turned {
			if p.Index != c.want[i] || p.Stamp != int64(i) || list[i].Index != c.got[i] {
				t.Errorf("%v, place %d: got packet %d, want %d, and what was given unchanged", c.got, i, p.Index, c.want[i])
			}
		}
	}
}
