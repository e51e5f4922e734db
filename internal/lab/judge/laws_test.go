package judge

import (
	"maps"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

func TestPairsGained(t *testing.T) {
	c := &Case{table: map[int]fact{}}
	for place, index := range []int{10, 11, 12, 13} {
		c.truth = append(c.truth, lab.Packet{Index: index})
		c.table[index] = fact{place: place}
	}
	c.table[13] = fact{place: 3, flow: lab.FlowOf([]byte{0x45, 19: 1})} // another flow
	order := func(indices ...int) (packets []lab.Packet) {
		for _, i := range indices {
			packets = append(packets, lab.Packet{Index: i})
		}
		return packets
	}
	for _, test := range []struct {
		name          string
		before, after []lab.Packet
		want          map[int]int
	}{
		{"nothing moved", order(11, 10, 12, 13), order(11, 10, 12, 13), map[int]int{}},
		{"one moved to its place", order(11, 12, 10, 13), order(10, 11, 12, 13), map[int]int{10: 2, 11: 1, 12: 1}},
		{"one moved from its place", order(10, 11, 12, 13), order(12, 10, 11, 13), map[int]int{12: -2, 10: -1, 11: -1}},
		{"past another flow's", order(13, 10, 11), order(10, 13, 11), map[int]int{}},
	} {
		if got := c.gained(test.before, test.after); !maps.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}
