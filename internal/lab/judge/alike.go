package judge

import (
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// inTurn is the capture where, of packets that are the same bit for bit, the first that
// it has is the first of the truth, and so on: recorded in another order they make the
// same file, so which of them was made by the network, or sent again, is told by their
// places alone. A capture that has a packet twice stays as it is.
func inTurn(degraded []lab.Packet) []lab.Packet {
	places, seen := map[string][]int{}, make(map[int]bool, len(degraded))
	for i, p := range degraded {
		if seen[p.Index] {
			return degraded
		}
		seen[p.Index] = true
		places[string(p.Data)] = append(places[string(p.Data)], i)
	}
	turned := slices.Clone(degraded)
	for _, same := range places {
		indices := make([]int, len(same))
		for k, i := range same {
			indices[k] = degraded[i].Index
		}
		slices.Sort(indices)
		for k, i := range same {
			turned[i].Index = indices[k]
		}
	}
	return turned
}
